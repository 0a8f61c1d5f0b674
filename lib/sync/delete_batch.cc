#include "lib/sync/delete_batch.h"

#include <utility>

#include "lib/base/retry_policy.h"
#include "lib/sync/failure_rules.h"

namespace godwit {

DeleteBatch::DeleteBatch(RunCore& core, std::vector<SpooledDelete> rows,
                         const std::set<std::string>& kept_folders, std::function<void()> done)
    : core_(core), rows_(std::move(rows)), kept_folders_(kept_folders), done_(std::move(done)) {}

void DeleteBatch::Start() {
  Rows all(rows_.size());
  for (std::size_t row = 0; row < all.size(); ++row) all[row] = row;
  if (unconditional() || core_.endpoints().target.condition_on_delete) return Send(std::move(all));
  core_.Notice("no-delete-conditions",
               core_.endpoints().target.service +
                   " cannot make a delete conditional on what it removes: godwit looks right "
                   "before it deletes, but another writer may still come in between");
  Look(std::move(all), Status::Ok());
}

void DeleteBatch::Send(Rows open) {
  if (open.empty()) return Settle();
  const bool conditional = !unconditional() && core_.endpoints().target.condition_on_delete;
  DeleteCommand command;
  command.requests.reserve(open.size());
  for (const std::size_t row : open) {
    command.requests.push_back({rows_[row].key, conditional ? rows_[row].version : Version()});
  }
  core_.Call<DeleteStatuses>(
      {}, std::move(command),
      [self = shared_from_this(), open = std::move(open)](Answer<DeleteStatuses> answer) {
        self->OnStatuses(open, std::move(answer));
      });
}

void DeleteBatch::OnStatuses(const Rows& open, Answer<DeleteStatuses> answer) {
  if (answer.dropped) {
    for (const std::size_t row : open) EndBlocked(row);
    return Settle();
  }
  ++attempts_;
  if (!answer.ok()) {
    if (answer.status.maybe_applied()) return Look(open, std::move(answer.status));
    return Repeat(open, answer.status);
  }
  const std::vector<Status>& statuses = answer.value->statuses;
  Rows again;
  Status cause;
  bool lost = false;
  for (std::size_t i = 0; i < open.size(); ++i) {
    const std::size_t row = open[i];
    const Status status = i < statuses.size()
                              ? statuses[i]
                              : Status(ErrorKind::kInternal, "a delete was not answered");
    if (status.ok() || status.Is(ErrorKind::kNotFound)) {
      EndDeleted(row);
    } else if (IsRetryable(status)) {
      again.push_back(row);
      lost = lost || status.maybe_applied();
      if (cause.ok()) cause = status;
    } else if (status.Is(ErrorKind::kPreconditionFailed)) {
      EndTargetChanged(row);
    } else {
      EndFailed(row, status);
    }
  }
  if (again.empty()) return Settle();
  lost ? Look(std::move(again), std::move(cause)) : Repeat(std::move(again), cause);
}

void DeleteBatch::Repeat(Rows open, const Status& cause) {
  const auto delay = core_.RetryDelay(cause, attempts_);
  if (!delay) {
    for (const std::size_t row : open) EndFailed(row, cause);
    return Settle();
  }
  core_.After(*delay, [self = shared_from_this(), open = std::move(open), cause] {
    if (self->core_.stopping()) {
      for (const std::size_t row : open) self->EndFailed(row, cause);
      return self->Settle();
    }
    const bool blind =
        !self->unconditional() && !self->core_.endpoints().target.condition_on_delete;
    blind ? self->Look(open, Status::Ok()) : self->Send(open);
  });
}

// Asks for each key whether it still is what is to go. `cause`: why an earlier delete is in doubt;
// success if none was sent.
void DeleteBatch::Look(Rows open, Status cause) {
  cause_ = std::move(cause);
  looked_.clear();
  looks_ = static_cast<std::uint32_t>(open.size());
  for (const std::size_t row : open) {
    HeadCommand head;
    head.side = Side::kTarget;
    head.key = rows_[row].key;
    core_.Ask<ObjectMeta>({}, std::move(head),
                          [self = shared_from_this(), row](Answer<ObjectMeta> answer) {
                            self->OnLooked(row, answer);
                          });
  }
}

void DeleteBatch::OnLooked(std::size_t row, const Answer<ObjectMeta>& answer) {
  --looks_;
  if (answer.ok()) {
    const bool same = unconditional() || answer.value->entry.version == rows_[row].version;
    same ? looked_.push_back(row) : EndTargetChanged(row);
  } else if (answer.status.Is(ErrorKind::kNotFound)) {
    EndDeleted(row);
  } else if (answer.dropped && cause_.ok()) {
    EndBlocked(row);
  } else {
    EndFailed(row, cause_.ok() ? answer.status : cause_);
  }
  if (looks_ > 0) return;
  Rows open = std::exchange(looked_, {});
  if (open.empty()) return Settle();
  cause_.ok() ? Send(std::move(open)) : Repeat(std::move(open), cause_);
}

void DeleteBatch::End(std::size_t row, Reason reason, ActionStatus status) {
  ++ended_;
  ActionReport report;
  report.action = ActionKind::kDelete;
  report.key = rows_[row].key;
  report.bytes = rows_[row].size_bytes;
  report.reason = reason;
  report.status = status;
  report.attempts = attempts_;
  core_.End(report);
}

void DeleteBatch::EndDeleted(std::size_t row) {
  const std::string& key = rows_[row].key;
  if (core_.keeps_state()) core_.Keep(DropStateRecord{key});
  for (std::size_t at = key.find('/'); at != std::string::npos; at = key.find('/', at + 1)) {
    emptied_.insert(key.substr(0, at + 1));
  }
  End(row, DeleteReason(core_.options(), rows_[row].excluded), ActionStatus::kDone);
}

void DeleteBatch::EndTargetChanged(std::size_t row) {
  core_.ledger().NoteExit(10);
  End(row, Reason::kTargetChanged, ActionStatus::kFailed);
  core_.ReportError(rows_[row].key,
                    Status(ErrorKind::kPreconditionFailed,
                           "the target was changed by somebody else during the run; run again")
                        .WithObject(rows_[row].key));
}

void DeleteBatch::EndFailed(std::size_t row, const Status& status) {
  const int code = ExitCodeOf(status, Side::kTarget, core_.endpoints(), false);
  if (!status.Is(ErrorKind::kCancelled)) {
    EndsRun(status) ? core_.Halt(code) : core_.ledger().NoteExit(code);
  } else if (!core_.stopping()) {
    core_.ledger().NoteExit(1);
  }
  End(row, DeleteReason(core_.options(), rows_[row].excluded), ActionStatus::kFailed);
  Status named = status;
  core_.ReportError(rows_[row].key, std::move(named).WithObject(rows_[row].key));
}

void DeleteBatch::EndBlocked(std::size_t row) {
  End(row, Reason::kDeleteBlocked, ActionStatus::kSkipped);
}

void DeleteBatch::Settle() {
  if (ended_ < rows_.size()) return;
  Prune();
}

void DeleteBatch::Prune() {
  for (const std::string& kept : kept_folders_) emptied_.erase(kept);
  if (!core_.endpoints().target.is_local || emptied_.empty() || core_.stopping()) return done_();
  // A folder sorts before what lies in it.
  PruneFoldersCommand prune{{emptied_.rbegin(), emptied_.rend()}};
  core_.Call<Finished>({}, std::move(prune), [self = shared_from_this()](Answer<Finished> answer) {
    if (!answer.ok() && !answer.dropped) {
      self->core_.Notice("prune", "an emptied folder stays: " + answer.status.ToString());
    }
    self->done_();
  });
}

}  // namespace godwit

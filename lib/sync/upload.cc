#include "lib/sync/upload.h"

#include <algorithm>
#include <string>
#include <utility>

#include "lib/plan/attributes.h"
#include "lib/sync/upload_cleanup.h"

namespace godwit {

CopyEnd Upload::MakeEnd(CopyEnd::Kind kind, Status status, Side side) const {
  CopyEnd end;
  end.kind = kind;
  const bool unheard = finish_lost_ || (stage_ == Stage::kFinishing && status.maybe_applied());
  end.unproven = kind != CopyEnd::Kind::kDone && (unheard || job_.damaged);
  end.status = std::move(status).WithAttempts(attempts_);
  end.side = side;
  end.attempts = attempts_;
  if (job_.damaged) end.after_damage = job_.condition;
  return end;
}

void Upload::Start() {
  stage_ = Stage::kBeginning;
  auto left = core_.unfinished_uploads().Take(job_.target_key);
  left ? TakeOver(std::move(*left)) : Announce();
}

UploadOptions Upload::BeginOptions() const {
  UploadOptions options;
  options.attributes = TargetAttributes(*job_.rules, job_.SourceMeta(), job_.target_key);
  options.size_bytes = job_.source.size_bytes;
  options.part_size_bytes = job_.plan.part_size_bytes;
  options.by_copy = job_.server_copy;
  options.in_order = job_.by_md5;
  if (core_.endpoints().target.condition_on_finish == ConditionSupport::kAtBegin) {
    options.condition = job_.condition;
  }
  return options;
}

void Upload::Announce() {
  recorded_ = false;
  UploadIntentRecord intent;
  intent.key = job_.target_key;
  intent.source_version = job_.source.version;
  intent.size_bytes = job_.source.size_bytes;
  intent.part_size_bytes = job_.plan.part_size_bytes;
  intent.form = FormOf(BeginOptions());
  intent.intended = intended_ = core_.WallNow();
  core_.KeepDurably(std::move(intent), [self = shared_from_this()](Status status) {
    if (!status.ok()) return self->Close(self->MakeEnd(CopyEnd::Kind::kFailed, std::move(status)));
    self->first_begin_ = self->core_.now();
    self->Begin();
  });
}

void Upload::Begin() {
  if (core_.stopping()) return Close(MakeEnd(CopyEnd::Kind::kCancelled));
  BeginUploadCommand begin;
  begin.target_key = job_.target_key;
  begin.options = BeginOptions();
  core_.Call<UploadBegan>({}, std::move(begin),
                          [self = shared_from_this()](Answer<UploadBegan> answer) {
                            self->OnBegan(std::move(answer));
                          });
}

void Upload::OnBegan(Answer<UploadBegan> answer) {
  if (answer.dropped) return Close(MakeEnd(CopyEnd::Kind::kCancelled, std::move(answer.status)));
  if (!answer.ok()) {
    begin_lost_ = begin_lost_ || answer.status.maybe_applied();
    const FailureClass what = ClassifyFailure(answer.status, Side::kTarget);
    if (what != FailureClass::kRetry)
      return CloseFor(what, std::move(answer.status), Side::kTarget);
    const auto delay = core_.RetryDelay(answer.status, ++begin_attempts_);
    if (!delay) return Fail(std::move(answer.status), Side::kTarget);
    ++attempts_;
    return core_.After(*delay, [self = shared_from_this()] { self->Begin(); });
  }
  upload_id_ = std::move(answer.value->upload_id);
  // No part before a crash could not forget whose it is.
  core_.KeepDurably(UploadBegunRecord{job_.target_key, upload_id_},
                    [self = shared_from_this()](Status status) {
                      if (!status.ok()) return self->Fail(std::move(status), Side::kTarget);
                      self->recorded_ = true;
                      self->begin_lost_ ? self->AbortOrphans() : self->StartParts();
                    });
  if (begin_lost_) core_.Keep(UploadAbandonedRecord{job_.target_key, Secret(), intended_});
}

void Upload::StartParts() {
  stage_ = Stage::kParts;
  parts_.assign(job_.plan.part_count, Part{});
  next_part_ = 0;
  parts_there_ = 0;
  if (core_.stopping()) return Stop();
  SendParts();
}

// A begin whose answer was lost may have left an upload that nobody knows. It is told from other
// writers' by its start: after our first attempt and before the one that succeeded. Only times of
// the service's own clock are compared, so this comes before the parts: once ours has ended its
// start is no longer told.
void Upload::AbortOrphans() {
  begin_lost_ = false;
  const std::chrono::nanoseconds span = core_.now() - first_begin_ + std::chrono::seconds(1);
  const auto lost = [own = upload_id_, span](std::vector<UploadEntry>& uploads) {
    const auto ours = std::find_if(uploads.begin(), uploads.end(),
                                   [&own](const UploadEntry& e) { return e.upload_id == own; });
    if (ours == uploads.end()) return uploads.clear();
    const Timestamp last = ours->started.time;
    std::erase_if(uploads, [&own, last, span](const UploadEntry& e) {
      return e.upload_id == own || e.started.time > last || e.started.time < last - span;
    });
  };
  AbortEmptyUploads(core_, job_.target_key, lost,
                    [self = shared_from_this()](const Status& status) {
                      if (!self->MayBeFoundLater(status)) {
                        self->core_.Keep(AbandonedEndedRecord{self->job_.target_key, Secret()});
                      }
                      self->StartParts();
                    });
}

void Upload::Stop() {
  if (ended_ || closing_) return;
  if (stage_ == Stage::kParts) Close(MakeEnd(CopyEnd::Kind::kCancelled));
}

void Upload::CloseFor(FailureClass what, Status status, Side side) {
  CopyEnd::Kind kind = CopyEnd::Kind::kFailed;
  switch (what) {
    case FailureClass::kSourceChanged:
      kind = CopyEnd::Kind::kSourceChanged;
      break;
    case FailureClass::kSourceGone:
      kind = CopyEnd::Kind::kSourceGone;
      break;
    case FailureClass::kArchived:
      kind = CopyEnd::Kind::kArchived;
      break;
    case FailureClass::kTargetChanged:
      kind = CopyEnd::Kind::kTargetChanged;
      break;
    case FailureClass::kBlocked:
      kind = CopyEnd::Kind::kBlocked;
      break;
    case FailureClass::kCancelled:
      kind = CopyEnd::Kind::kCancelled;
      break;
    case FailureClass::kRetry:
    case FailureClass::kFinal:
      break;
  }
  Close(MakeEnd(kind, std::move(status), side));
}

void Upload::Fail(Status status, Side side) {
  const CopyEnd::Kind kind = core_.stopping() ? CopyEnd::Kind::kCancelled : CopyEnd::Kind::kFailed;
  Close(MakeEnd(kind, std::move(status), side));
}

// Ends the upload with `end` once its parts have ended: an abort while parts are under way can
// leave parts behind.
void Upload::Close(CopyEnd end) {
  if (ended_ || closing_) return;
  stage_ = Stage::kClosing;
  // A stop lets parts in flight end by themselves for a while; other ends have no use for them.
  if (end.kind != CopyEnd::Kind::kCancelled) {
    const std::set<CommandId> in_flight = in_flight_;
    for (const CommandId id : in_flight) core_.Cancel(id);
  }
  closing_ = std::move(end);
  CloseIfQuiet();
}

// The whole object begins again after `status`, if the policy allows.
void Upload::Restart(const Status& status, Side side) {
  if (ended_ || closing_) return;
  restarting_ = status;
  Close(MakeEnd(CopyEnd::Kind::kFailed, status, side));
}

void Upload::CloseIfQuiet() {
  if (ended_ || !closing_ || open_parts_ > 0) return;
  ended_ = true;
  if (StaysForLater()) {
    core_.ledger().NoteResumable();
    return done_(*std::exchange(closing_, std::nullopt));
  }
  Abort([self = shared_from_this()] {
    const std::optional<Status> cause = std::exchange(self->restarting_, std::nullopt);
    if (cause) {
      if (const auto delay = self->core_.RetryDelay(*cause, self->object_attempts_)) {
        ++self->object_attempts_;
        ++self->attempts_;
        self->closing_.reset();
        self->ended_ = false;
        self->finish_attempts_ = 0;
        return self->core_.After(*delay, [self] { self->Start(); });
      }
    }
    self->done_(*std::exchange(self->closing_, std::nullopt));
  });
}

// What cannot be aborted stays in the journal, for the next run or `jobs clean`; the object may
// begin anew all the same.
void Upload::Abort(std::function<void()> then) {
  if (upload_id_.empty()) {
    // A begin that was lost for good may have left something.
    if (!begin_lost_) core_.Keep(UploadEndedRecord{job_.target_key});
    return then();
  }
  AbortUploadCommand abort{job_.target_key, std::exchange(upload_id_, Secret())};
  core_.Ask<Finished>({.cleanup = true}, abort,
                      [self = shared_from_this(), id = abort.upload_id,
                       then = std::move(then)](const Answer<Finished>& answer) {
                        if (answer.ok()) {
                          self->core_.Keep(UploadEndedRecord{self->job_.target_key});
                        } else {
                          self->KeepAbandoned(id);
                        }
                        then();
                      });
}

void Upload::KeepAbandoned(const Secret& upload_id) {
  core_.Keep(UploadAbandonedRecord{job_.target_key, upload_id, intended_});
}

}  // namespace godwit

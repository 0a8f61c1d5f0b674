#include "lib/sync/delete_phase.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace godwit {
namespace {

constexpr std::uint32_t kRowsRead = 1000;
// Batches side by side: each keeps its rows in memory.
constexpr std::uint32_t kBatchesMax = 4;

}  // namespace

void DeletePhase::Start(DeleteFacts facts) {
  facts_ = std::move(facts);
  const SyncOptions& options = core_.options();
  facts_.target_keys = core_.ledger().listed(Side::kTarget);
  facts_.candidates = spool_.count();
  facts_.failed_copies = core_.ledger().failed_copies();
  facts_.allow_empty_source = options.allow_empty_source;
  facts_.interrupted = core_.stopping();
  facts_.limit = options.max_delete;
  facts_.target = core_.endpoints().target_name;
  if (options.mode == JobMode::kRemove) {
    facts_.allow_empty_source = true;
    // The floor and the percentage are meant for a mirror; rm names what goes.
    if (facts_.limit.kind == DeleteLimit::Kind::kDefault) {
      facts_.limit = {DeleteLimit::Kind::kAll, 0};
    }
  }
}

bool DeletePhase::Advance() {
  switch (stage_) {
    case Stage::kSettling:
      if (!spool_.settled()) return false;
      Judge();
      return true;
    case Stage::kProving:
      return proof_->Advance();
    case Stage::kDeleting:
      return DeleteMore();
    case Stage::kAsking:
    case Stage::kBlocking:
    case Stage::kDone:
      break;
  }
  return false;
}

void DeletePhase::Judge() {
  facts_.interrupted = core_.stopping();
  const DeletePermission permission = JudgeDeletes(facts_);
  // What ended the run has noted its own exit code; that the listings are cut short follows from
  // it.
  if (core_.halted()) return Block(0, "deleting nothing: the run ended early");
  if (!permission.allowed) return Block(permission.exit_code, permission.message);
  if (!spool_.failure().ok()) return Block(8, spool_.failure().ToString());
  if (core_.options().dry_run || spool_.count() == 0) {
    stage_ = Stage::kDone;
  } else if (core_.options().mode == JobMode::kRemove) {
    Confirm();
  } else {
    Prove();
  }
}

void DeletePhase::Confirm() {
  stage_ = Stage::kAsking;
  core_.Control<Confirmed>(ConfirmCommand{spool_.count(), spool_.bytes()},
                           [this](const Answer<Confirmed>& answer) {
                             if (answer.ok() && answer.value->yes && !core_.halted()) {
                               stage_ = Stage::kDeleting;
                             } else {
                               Block(1, "deleting nothing: it was not confirmed");
                             }
                           });
}

void DeletePhase::Prove() {
  stage_ = Stage::kProving;
  proof_.emplace(core_, spool_, [this](const std::string& key, const Status& status) {
    if (status.ok()) {
      stage_ = Stage::kDeleting;
      return;
    }
    if (core_.stopping()) return Block(0, "deleting nothing: the run was stopped");
    Status named = status;
    core_.ReportError(key, key.empty() ? status : std::move(named).WithObject(key));
    Block(status.Is(ErrorKind::kUnauthenticated) ? 3 : 7,
          "deleting nothing: the source could not be proven to lack what the target has more");
  });
  proof_->Start();
}

bool DeletePhase::DeleteMore() {
  if (reading_) return false;
  if (core_.halted() || next_row_ == spool_.count()) {
    if (batches_ > 0) return false;
    if (next_row_ < spool_.count()) {
      Block(0, "deleting no more: the run ended early");
    } else {
      stage_ = Stage::kDone;
    }
    return true;
  }
  if (batches_ >= kBatchesMax) return false;
  const std::uint32_t rows_max =
      std::max(1U, std::min(core_.endpoints().target.delete_keys_max, kRowsRead));
  reading_ = true;
  spool_.Read(next_row_, rows_max, [this](std::vector<SpooledDelete> rows, Status status) {
    reading_ = false;
    if (!status.ok()) return core_.Halt(8);
    next_row_ += rows.size();
    ++batches_;
    std::make_shared<DeleteBatch>(core_, std::move(rows), kept_folders_, [this] {
      --batches_;
    })->Start();
  });
  return true;
}

// The candidates from next_row_ on stay; `message` says why.
void DeletePhase::Block(int exit_code, const std::string& message) {
  if (exit_code != 0) core_.ledger().NoteExit(exit_code);
  const std::uint64_t left = spool_.count() - next_row_;
  if (exit_code == 6) {
    core_.ReportError("", Status(ErrorKind::kBlocked, message));
  } else if (left > 0) {
    core_.Notice("delete-blocked", message);
  }
  stage_ = Stage::kDone;
  if (core_.options().dry_run) return core_.ledger().MoveDeletesToSkipped();
  // Who stops a run does not wait for a line a key.
  if (core_.stopping() || !spool_.failure().ok()) return core_.ledger().CountSkipped(left);
  if (left > 0) ReportBlocked();
}

void DeletePhase::ReportBlocked() {
  stage_ = Stage::kBlocking;
  spool_.Read(next_row_, kRowsRead,
              [this](const std::vector<SpooledDelete>& rows, const Status& status) {
                OnBlockedRows(rows, status);
              });
}

void DeletePhase::OnBlockedRows(std::vector<SpooledDelete> rows, const Status& status) {
  stage_ = Stage::kDone;
  if (!status.ok() || core_.stopping()) {
    return core_.ledger().CountSkipped(spool_.count() - next_row_);
  }
  for (const SpooledDelete& row : rows) {
    ActionReport report;
    report.action = ActionKind::kDelete;
    report.key = row.key;
    report.bytes = row.size_bytes;
    report.reason = Reason::kDeleteBlocked;
    report.status = ActionStatus::kSkipped;
    report.attempts = 0;
    core_.End(report);
  }
  next_row_ += rows.size();
  if (next_row_ < spool_.count()) ReportBlocked();
}

}  // namespace godwit

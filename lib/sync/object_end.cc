// How one object ends.

#include <utility>

#include "lib/sync/object_task.h"

namespace godwit {

ActionReport ObjectTask::MakeReport(ActionStatus status) const {
  ActionReport report;
  report.action = action_;
  report.key = spec_.target_key;
  report.bytes = spec_.source.size_bytes;
  report.reason = reason_;
  report.status = status;
  report.attempts = attempts_;
  return report;
}

void ObjectTask::Finish(Outcome outcome) {
  if (ended_) return;
  ended_ = true;
  if (unproven_) KeepUnproven();
  std::exchange(done_, nullptr)(std::move(outcome));
}

// What has not begun is not planned: nothing is said of it. A deferred copy was planned.
void ObjectTask::EndSilently() {
  if (spec_.decided == Reason::kNone || core_.stopping()) return Finish({});
  core_.ledger().NoteExit(1);
  EndWithError(Reason::kKeyNotRepresentable, spec_.blocked_by);
}

void ObjectTask::EndUnchanged(Evidence evidence) {
  core_.EndUnchanged(spec_.target_key, spec_.source.size_bytes, evidence);
  const bool remembered = spec_.state && spec_.state->source_version == spec_.source.version &&
                          spec_.state->target_version == spec_.target->version;
  // What the listings prove by themselves they will prove again.
  const bool worth = remembered ? asked_ : asked_ || spec_.state.has_value();
  if (worth) KeepEqual(spec_.target->version, ProvenDigests(input_), evidence);
  Finish({});
}

void ObjectTask::KeepEqual(const Version& target_version, const DigestSet& digests,
                           Evidence evidence) {
  const bool weak = evidence == Evidence::kSize || evidence == Evidence::kSizeMtime;
  if (!core_.keeps_state() || weak || target_version.empty() || spec_.source.version.empty()) {
    return;
  }
  StateRow row;
  row.key = spec_.target_key;
  row.size_bytes = spec_.source.size_bytes;
  row.source_version = spec_.source.version;
  row.target_version = target_version;
  row.source_modified = spec_.source.modified;
  if (input_.source.head && input_.source.head->attributes.mtime) {
    row.source_modified = *input_.source.head->attributes.mtime;
  }
  row.digests = digests;
  row.evidence = evidence;
  core_.Keep(KeepStateRecord{std::move(row)});
}

// What nobody could prove bears the time of the source all the same: the next run is not to take it
// for equal by that.
void ObjectTask::KeepUnproven() {
  if (!core_.keeps_state()) return;
  StateRow row;
  row.key = spec_.target_key;
  row.size_bytes = spec_.source.size_bytes;
  core_.Keep(KeepStateRecord{std::move(row)});
}

void ObjectTask::EndPlanned() {
  core_.End(MakeReport(ActionStatus::kPlanned));
  Finish({});
}

void ObjectTask::EndDone(WriteProof proof, std::vector<std::string> dropped) {
  ActionReport report = MakeReport(ActionStatus::kDone);
  report.proof = proof;
  report.dropped = std::move(dropped);
  core_.End(report);
  Finish({});
}

void ObjectTask::EndSkipped(Reason reason, int exit_code) {
  action_ = ActionKind::kSkip;
  reason_ = reason;
  if (exit_code != 0) core_.ledger().NoteExit(exit_code);
  core_.End(MakeReport(ActionStatus::kSkipped));
  Finish({});
}

void ObjectTask::EndWithError(Reason reason, Status status) {
  reason_ = reason;
  core_.End(MakeReport(ActionStatus::kFailed));
  core_.ReportError(spec_.target_key, std::move(status).WithObject(spec_.target_key));
  Finish({});
}

// The source has gone while it was copied.
void ObjectTask::EndGone() {
  if (after_damage_) return EndDamaged("the source has gone since");
  EndSkipped(Reason::kGoneFromSource, 0);
}

// What the target held is gone with a damaged version of ours, and nothing takes its place.
void ObjectTask::EndDamaged(const std::string& since) {
  EndFailed(Status(ErrorKind::kCorrupted,
                   "what the target stored was not what was sent; it was removed, and " + since)
                .WithObject(spec_.target_key),
            Side::kTarget, true);
}

void ObjectTask::EndTargetChanged(Status status) {
  core_.ledger().CountFailedCopy();
  core_.ledger().NoteExit(10);
  if (status.ok()) {
    status = Status(ErrorKind::kPreconditionFailed,
                    "the target was changed by somebody else during the run; run again");
  }
  EndWithError(Reason::kTargetChanged, std::move(status));
}

void ObjectTask::EndBlocked(Status status) {
  if (may_defer_ && !core_.halted()) {
    Outcome outcome;
    outcome.blocked = spec_;
    outcome.blocked->decided = reason_;
    outcome.blocked->blocked_by = std::move(status);
    return Finish(std::move(outcome));
  }
  core_.ledger().NoteExit(1);
  EndWithError(Reason::kKeyNotRepresentable, std::move(status));
}

// A stop is no failure: what it left unfinished is neither copied nor failed, and the next run's.
void ObjectTask::EndStopped() {
  if (after_damage_) return EndDamaged("the run was stopped before it was sent again");
  core_.ledger().CountFailedCopy();
  Finish({});
}

void ObjectTask::EndFailed(Status status, Side side, bool of_data) {
  const bool untouched = status.Is(ErrorKind::kCancelled) && !status.maybe_applied();
  if (core_.stopping() && untouched) return EndStopped();
  core_.ledger().CountFailedCopy();
  if (status.Is(ErrorKind::kCancelled)) {
    core_.ledger().NoteExit(1);
  } else {
    const int code = ExitCodeOf(status, side, core_.endpoints(), of_data);
    EndsRun(status) ? core_.Halt(code) : core_.ledger().NoteExit(code);
  }
  EndWithError(reason_, std::move(status));
}

}  // namespace godwit

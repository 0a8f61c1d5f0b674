// What the planner does with one judged key.

#include <utility>

#include "lib/sync/planner.h"

namespace godwit {

void Planner::Act(MergeItem item) {
  NoteMarker(item);
  const KeyVerdict verdict = judge_.Judge(item);
  switch (verdict.what) {
    case KeyVerdict::What::kNothing:
      return;
    case KeyVerdict::What::kForgotten:
      if (core_.keeps_state()) core_.Keep(DropStateRecord{item.key});
      return;
    case KeyVerdict::What::kExtra:
      return Extra(item, false);
    case KeyVerdict::What::kExcluded:
      return Extra(item, true);
    case KeyVerdict::What::kSkipped:
      return ReportSkipped(item, verdict.reason);
    case KeyVerdict::What::kFailed:
      core_.ledger().CountFailedCopy();
      return ReportConflict(item.key, item.source->size_bytes, verdict);
    case KeyVerdict::What::kConflict:
      return ReportConflict(item.key, item.source->size_bytes, verdict);
    case KeyVerdict::What::kEqual:
      return core_.EndUnchanged(item.key, 0, Evidence::kDigest);
    case KeyVerdict::What::kObject:
      break;
  }
  const SyncOptions& options = core_.options();
  ObjectSpec spec;
  spec.source_key = item.key;
  spec.target_key = std::move(item.key);
  spec.source = *std::move(item.source);
  spec.target = std::move(item.target);
  spec.state = std::move(item.state);
  spec.target_known =
      options.mode != JobMode::kCopy || options.conflict != ConflictMode::kOverwrite;
  const bool may_defer = options.delete_extra && options.mode == JobMode::kSync;
  OpenObject(std::move(spec), may_defer);
}

void Planner::Extra(const MergeItem& item, bool excluded) {
  SpooledDelete row;
  row.key = item.key;
  row.version = item.target->version;
  row.size_bytes = item.target->size_bytes;
  row.excluded = excluded;
  row.is_folder = item.key.ends_with('/');
  for (const std::string& marker : open_markers_) kept_folders_.insert(marker);
  if (core_.options().dry_run) {
    ActionReport report;
    report.action = ActionKind::kDelete;
    report.key = item.key;
    report.bytes = row.size_bytes;
    report.reason = DeleteReason(core_.options(), excluded);
    report.attempts = 0;
    core_.End(report);
  }
  spool_.Add(std::move(row));
}

void Planner::ReportSkipped(const MergeItem& item, Reason reason) {
  ActionReport report;
  report.action = ActionKind::kSkip;
  report.key = item.key;
  report.bytes = item.source ? item.source->size_bytes : 0;
  report.reason = reason;
  report.status = ActionStatus::kSkipped;
  report.attempts = 0;
  core_.End(report);
}

void Planner::ReportConflict(const std::string& key, std::uint64_t bytes,
                             const KeyVerdict& verdict) {
  ActionReport report;
  report.key = key;
  report.bytes = bytes;
  report.reason = verdict.reason;
  report.status = ActionStatus::kFailed;
  report.attempts = 0;
  core_.ledger().NoteExit(1);
  core_.End(report);
  Status status = verdict.status;
  core_.ReportError(key, std::move(status).WithObject(key));
}

// A marker of the source is a folder of a local target, and stays one when deletes empty it.
void Planner::NoteMarker(const MergeItem& item) {
  if (!core_.endpoints().target.is_local || !core_.options().delete_extra) return;
  while (!open_markers_.empty() && !item.key.starts_with(open_markers_.back())) {
    open_markers_.pop_back();
  }
  const bool marker =
      item.source && item.source->type == EntryType::kObject && item.key.ends_with('/');
  if (marker) open_markers_.push_back(item.key);
}

}  // namespace godwit

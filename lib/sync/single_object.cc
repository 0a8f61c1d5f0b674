#include "lib/sync/single_object.h"

#include <utility>

#include "lib/sync/failure_rules.h"
#include "lib/sync/key_judge.h"

namespace godwit {
namespace {

HeadCommand HeadOf(Side side, const std::string& key) {
  HeadCommand head;
  head.side = side;
  head.key = key;
  return head;
}

}  // namespace

void SingleObject::Start() {
  spec_.source_key = core_.options().single->source_key;
  spec_.target_key = core_.options().single->target_key;
  core_.Ask<ObjectMeta>({.starts = true}, HeadOf(Side::kSource, spec_.source_key),
                        [this](Answer<ObjectMeta> answer) { OnSource(std::move(answer)); });
}

void SingleObject::Stop() {
  if (task_) task_->Stop();
}

void SingleObject::Fail(Status status, Side side) {
  done_ = true;
  if (core_.stopping() && status.Is(ErrorKind::kCancelled)) return;
  const int code =
      status.Is(ErrorKind::kNotFound) ? 7 : ExitCodeOf(status, side, core_.endpoints(), false);
  core_.ledger().NoteExit(code);
  ActionReport report;
  report.key = spec_.target_key;
  report.reason = Reason::kAlways;
  report.status = ActionStatus::kFailed;
  core_.End(report);
  core_.ReportError(spec_.source_key, std::move(status).WithObject(spec_.source_key));
}

void SingleObject::OnSource(Answer<ObjectMeta> answer) {
  if (answer.dropped) {
    done_ = true;
    return;
  }
  if (answer.status.Is(ErrorKind::kBlocked) && core_.options().symlinks != SymlinkMode::kFollow) {
    answer.status = Status(ErrorKind::kBlocked,
                           answer.status.message() + "; --symlinks follow copies what it leads to")
                        .WithOperation(answer.status.operation());
  }
  if (!answer.ok()) return Fail(std::move(answer.status), Side::kSource);
  spec_.source = std::move(answer.value->entry);
  spec_.source.key = spec_.source_key;
  if (IsListed(spec_.source)) core_.ledger().CountListed(Side::kSource);
  if (core_.options().conflict == ConflictMode::kOverwrite) {
    spec_.target_known = false;
    return Judge();
  }
  core_.Ask<ObjectMeta>({.starts = true}, HeadOf(Side::kTarget, spec_.target_key),
                        [this](Answer<ObjectMeta> target) { OnTarget(std::move(target)); });
}

void SingleObject::OnTarget(Answer<ObjectMeta> answer) {
  if (answer.dropped) {
    done_ = true;
    return;
  }
  const bool missing =
      answer.status.Is(ErrorKind::kNotFound) ||
      (core_.endpoints().target.is_local && answer.status.Is(ErrorKind::kContainerNotFound));
  if (!answer.ok() && !missing) return Fail(std::move(answer.status), Side::kTarget);
  if (answer.ok()) {
    spec_.target = std::move(answer.value->entry);
    spec_.target->key = spec_.target_key;
    core_.ledger().CountListed(Side::kTarget);
  }
  Judge();
}

void SingleObject::Judge() {
  MergeItem item;
  item.key = spec_.target_key;
  item.source = spec_.source;
  item.target = spec_.target;
  KeyJudge judge(core_.options(), core_.endpoints());
  const KeyVerdict verdict = judge.Judge(item);
  ActionReport report;
  report.key = spec_.target_key;
  report.bytes = spec_.source.size_bytes;
  report.reason = verdict.reason;
  report.attempts = 0;
  switch (verdict.what) {
    case KeyVerdict::What::kObject:
      task_ = std::make_shared<ObjectTask>(core_, spec_, false,
                                           [this](const ObjectTask::Outcome&) { done_ = true; });
      return task_->Start();
    case KeyVerdict::What::kConflict:
    case KeyVerdict::What::kFailed:
      done_ = true;
      core_.ledger().NoteExit(1);
      report.status = ActionStatus::kFailed;
      core_.End(report);
      core_.ReportError(spec_.target_key, verdict.status);
      return;
    case KeyVerdict::What::kSkipped:
      done_ = true;
      report.action = ActionKind::kSkip;
      report.status = ActionStatus::kSkipped;
      return core_.End(report);
    default:
      break;
  }
  // A folder, or an object that a filter leaves out.
  done_ = true;
  if (spec_.source.type != EntryType::kFolder) return;
  done_ = false;
  Fail(Status(ErrorKind::kInvalidArgument, "it is a folder; --recursive copies folders"),
       Side::kSource);
}

}  // namespace godwit

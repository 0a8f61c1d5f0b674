// Deciding about one object.

#include "lib/sync/object_task.h"

#include <utility>

namespace godwit {
namespace {

constexpr int kRestartsMax = 3;

}  // namespace

ObjectTask::ObjectTask(RunCore& core, ObjectSpec spec, bool may_defer, TaskDone done)
    : core_(core), spec_(std::move(spec)), may_defer_(may_defer), done_(std::move(done)) {
  input_.source.entry = &spec_.source;
  input_.source.is_local = core_.endpoints().source.is_local;
  input_.target.is_local = core_.endpoints().target.is_local;
  input_.mode = core_.options().compare;
  input_.rules = core_.attribute_rules().get();
  input_.check_tags = core_.options().check_tags;
  input_.unsettled_since = core_.unsettled_since();
}

void ObjectTask::Start() { Decide(); }

void ObjectTask::Stop() {
  if (const std::shared_ptr<Upload> upload = upload_.lock()) upload->Stop();
}

void ObjectTask::Decide() {
  if (spec_.decided != Reason::kNone) return Act(spec_.decided);
  const bool copy_all = core_.options().mode == JobMode::kCopy;
  if (!spec_.target) return Act(spec_.target_known ? Reason::kMissingAtTarget : Reason::kAlways);
  if (copy_all) return Act(Reason::kAlways);

  input_.target.entry = &*spec_.target;
  input_.state = spec_.state ? &*spec_.state : nullptr;
  const Verdict verdict = Compare(input_);
  switch (verdict.next) {
    case Verdict::Next::kUnchanged:
      return EndUnchanged(verdict.evidence);
    case Verdict::Next::kCopy:
      return Act(verdict.reason);
    case Verdict::Next::kMetadata:
      reason_ = verdict.reason;
      evidence_ = verdict.evidence;
      return SetMetadata();
    case Verdict::Next::kAskTarget:
      return AskHead(Side::kTarget);
    case Verdict::Next::kAskSource:
      return AskHead(Side::kSource);
    case Verdict::Next::kHashSource:
      return AskHash(verdict, Side::kSource);
    case Verdict::Next::kHashTarget:
      return AskHash(verdict, Side::kTarget);
  }
}

void ObjectTask::AskHead(Side side) {
  asked_ = true;
  HeadCommand head;
  head.side = side;
  head.key = side == Side::kSource ? spec_.source_key : spec_.target_key;
  core_.Ask<ObjectMeta>({.starts = true}, std::move(head),
                        [self = shared_from_this(), side](Answer<ObjectMeta> answer) {
                          self->OnHead(side, std::move(answer));
                        });
}

void ObjectTask::OnHead(Side side, Answer<ObjectMeta> answer) {
  if (answer.dropped) return EndSilently();
  if (answer.ok()) {
    return side == Side::kSource ? OnSourceHead(std::move(*answer.value))
                                 : OnTargetHead(std::move(*answer.value));
  }
  if (answer.status.Is(ErrorKind::kNotFound)) {
    if (side == Side::kSource) return EndSkipped(Reason::kGoneFromSource, 0);
    spec_.target.reset();
    return Decide();
  }
  // Who may list but not look can still be copied to; without evidence, that is.
  if (answer.status.Is(ErrorKind::kPermissionDenied)) {
    (side == Side::kSource ? input_.source : input_.target).head_useful = false;
    return Decide();
  }
  EndFailed(std::move(answer.status), side, false);
}

void ObjectTask::OnSourceHead(ObjectMeta meta) {
  if (meta.entry.version != spec_.source.version) {
    if (++restarts_ > kRestartsMax) return RestartWithHead();
    if (!TakeSource(std::move(meta))) return;
  } else {
    input_.source.head = std::move(meta);
  }
  Decide();
}

void ObjectTask::OnTargetHead(ObjectMeta meta) {
  if (meta.entry.version != spec_.target->version) {
    target_moved_ = true;
    spec_.target = meta.entry;
    spec_.target->key = spec_.target_key;
  }
  input_.target.head = std::move(meta);
  Decide();
}

// The source is another one now. False if it is nothing that could be copied; that was reported.
bool ObjectTask::TakeSource(ObjectMeta meta) {
  if (meta.entry.type != EntryType::kObject) {
    EndFailed(Status(ErrorKind::kBlocked, "the source is no longer a plain file"), Side::kSource,
              false);
    return false;
  }
  spec_.source = meta.entry;
  spec_.source.key = spec_.source_key;
  input_.source.hashed.reset();
  input_.source.head = std::move(meta);
  return true;
}

void ObjectTask::AskHash(const Verdict& verdict, Side side) {
  asked_ = true;
  const bool of_source = side == Side::kSource;
  if (of_source && spec_.source.archived) return EndSkipped(Reason::kArchived, 1);
  const ObjectEntry& entry = of_source ? spec_.source : *spec_.target;
  HashCommand hash;
  hash.side = side;
  hash.key = of_source ? spec_.source_key : spec_.target_key;
  hash.version = entry.version;
  hash.size_bytes = entry.size_bytes;
  hash.want_md5 = verdict.want_md5;
  hash.want_sha256 = verdict.want_sha256;
  core_.CountRead();
  core_.Ask<Hashed>({.lane = Lane::kPart, .moved_bytes = entry.size_bytes, .starts = true},
                    std::move(hash), [self = shared_from_this(), side](Answer<Hashed> answer) {
                      self->OnHash(side, std::move(answer));
                    });
}

void ObjectTask::OnHash(Side side, Answer<Hashed> answer) {
  if (answer.dropped) return EndSilently();
  if (answer.ok()) {
    (side == Side::kSource ? input_.source : input_.target).hashed = answer.value->digests;
    return Decide();
  }
  const Status& status = answer.status;
  if (side == Side::kTarget) {
    const bool moved = status.Is(ErrorKind::kPreconditionFailed) || status.Is(ErrorKind::kNotFound);
    if (moved) return EndTargetChanged({});
    return EndFailed(status, side, true);
  }
  switch (ClassifyFailure(status, side)) {
    case FailureClass::kSourceChanged:
      ++restarts_;
      return RestartWithHead();
    case FailureClass::kSourceGone:
      return EndSkipped(Reason::kGoneFromSource, 0);
    case FailureClass::kArchived:
      return EndSkipped(Reason::kArchived, 1);
    default:
      return EndFailed(status, side, true);
  }
}

void ObjectTask::Act(Reason reason) {
  reason_ = reason;
  action_ = ActionKind::kCopy;
  const ConflictMode conflict = core_.options().conflict;
  if (spec_.target && conflict == ConflictMode::kSkip) {
    return EndSkipped(Reason::kExistsAtTarget, 0);
  }
  if (spec_.target && conflict == ConflictMode::kFail) {
    core_.ledger().CountFailedCopy();
    core_.ledger().NoteExit(1);
    return EndWithError(Reason::kExistsAtTarget,
                        Status(ErrorKind::kAlreadyExists,
                               "the target holds another object of this name, which "
                               "--conflict fail keeps"));
  }
  if (spec_.source.archived) return EndSkipped(Reason::kArchived, 1);
  if (target_moved_) return EndTargetChanged({});
  if (reason == Reason::kNoEvidence) core_.CountNoEvidence(spec_.source.size_bytes);
  if (core_.options().dry_run) return EndPlanned();
  if (core_.halted() && !begun_) return EndSilently();
  Copy();
}

void ObjectTask::RestartWithHead() {
  if (restarts_ > kRestartsMax) {
    return EndFailed(Status(ErrorKind::kPreconditionFailed,
                            "the source changed again each time that it was read; run again"),
                     Side::kSource, false);
  }
  HeadCommand head;
  head.side = Side::kSource;
  head.key = spec_.source_key;
  core_.Ask<ObjectMeta>({}, std::move(head),
                        [self = shared_from_this()](Answer<ObjectMeta> answer) {
                          if (answer.status.Is(ErrorKind::kNotFound)) {
                            return self->EndGone();
                          }
                          if (!answer.ok())
                            return self->EndFailed(std::move(answer.status), Side::kSource, false);
                          if (!self->TakeSource(std::move(*answer.value))) return;
                          self->begun_ ? self->Copy() : self->Decide();
                        });
}

}  // namespace godwit

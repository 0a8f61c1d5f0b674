// Doing what was decided about one object.

#include <utility>

#include "lib/base/retry_policy.h"
#include "lib/plan/attributes.h"
#include "lib/sync/object_task.h"
#include "lib/sync/upload_cleanup.h"
#include "lib/sync/whole_copy.h"

namespace godwit {
namespace {

// True if MD5 is all that the source tells of its content: unlike CRCs, those of parts do not
// combine.
bool OnlyMd5(const DigestSet& digests) {
  return digests.Find(DigestKind::kMd5) != nullptr &&
         digests.Find(DigestKind::kCrc64Nvme) == nullptr &&
         digests.Find(DigestKind::kCrc32c) == nullptr;
}

// What a HEAD shows of attributes that were set; a local file has only its time.
bool ShowsAttributes(const ObjectAttributes& found, const ObjectAttributes& wanted, bool is_local) {
  const bool same_time = found.mtime.has_value() == wanted.mtime.has_value() &&
                         (!found.mtime || PreciseTime::Same(*found.mtime, *wanted.mtime));
  if (is_local) return same_time;
  return same_time && found.content_type == wanted.content_type &&
         found.cache_control == wanted.cache_control &&
         found.content_encoding == wanted.content_encoding &&
         found.content_disposition == wanted.content_disposition &&
         found.content_language == wanted.content_language &&
         found.user_metadata == wanted.user_metadata;
}

}  // namespace

WriteCondition ObjectTask::Condition() const {
  const bool overwrites = core_.options().mode == JobMode::kCopy &&
                          core_.options().conflict == ConflictMode::kOverwrite;
  if (overwrites) return WriteCondition::None();
  if (after_damage_) return *after_damage_;
  return spec_.target ? WriteCondition::IfVersion(spec_.target->version)
                      : WriteCondition::CreateOnly();
}

// Attributes do not come with a listing, and a copy inside the service or in parts does not read
// them with the bytes.
void ObjectTask::WithSourceHead(void (ObjectTask::*then)()) {
  HeadCommand head;
  head.side = Side::kSource;
  head.key = spec_.source_key;
  core_.Ask<ObjectMeta>({.starts = !begun_}, std::move(head),
                        [self = shared_from_this(), then](Answer<ObjectMeta> answer) {
                          if (answer.dropped && !self->begun_) return self->EndSilently();
                          if (answer.status.Is(ErrorKind::kNotFound)) {
                            return self->EndGone();
                          }
                          if (!answer.ok()) {
                            return self->EndFailed(std::move(answer.status), Side::kSource, false);
                          }
                          if (answer.value->entry.version != self->spec_.source.version) {
                            ++self->restarts_;
                            return self->RestartWithHead();
                          }
                          self->input_.source.head = std::move(*answer.value);
                          (*self.*then)();
                        });
}

CopyJob ObjectTask::MakeJob(const PartPlan& plan) const {
  CopyJob job;
  job.source_key = spec_.source_key;
  job.target_key = spec_.target_key;
  job.source = spec_.source;
  job.source_head = input_.source.head;
  if (!after_damage_) job.target = spec_.target;
  job.target_known = spec_.target_known;
  job.condition = Condition();
  job.rules = core_.attribute_rules();
  job.plan = plan;
  job.server_copy = core_.server_copies();
  return job;
}

void ObjectTask::Copy() {
  const Capabilities& target = core_.endpoints().target;
  const std::uint64_t size_bytes = spec_.source.size_bytes;
  const Result<PartPlan> plan = MakePlan();
  if (!plan.ok()) return EndFailed(plan.status(), Side::kTarget, false);
  const bool inside = core_.server_copies();
  if ((inside || plan->multipart) && !input_.source.is_local && !input_.source.head) {
    return WithSourceHead(&ObjectTask::Copy);
  }
  if (input_.source.head && input_.source.head->entry.archived) {
    return EndSkipped(Reason::kArchived, 1);
  }
  CopyJob job = MakeJob(*plan);
  if (inside) {
    if (size_bytes <= target.copy_bytes_max) return CopyWhole(std::move(job));
    return CopyInParts(std::move(job));
  }
  if (!plan->multipart) return CopyWhole(std::move(job));
  // A folder reads its file once more before it gets its name.
  job.by_md5 = OnlyMd5(job.SourceDigests()) && !target.is_local;
  CopyInParts(std::move(job));
}

// What is begun keeps its part size to the end, however the user would cut it today.
Result<PartPlan> ObjectTask::MakePlan() const {
  const Capabilities& target = core_.endpoints().target;
  const std::uint64_t size_bytes = spec_.source.size_bytes;
  const JournaledUpload* left = core_.unfinished_uploads().Find(spec_.target_key);
  const bool goes_on = left != nullptr && core_.options().resume && !left->upload_id.empty() &&
                       left->source_version == spec_.source.version &&
                       left->size_bytes == size_bytes;
  if (goes_on) {
    const Result<PartPlan> plan = PlanParts(size_bytes, left->part_size_bytes, target);
    if (plan.ok() && plan->part_size_bytes == left->part_size_bytes) return plan;
  }
  return PlanParts(size_bytes, core_.options().part_size_bytes, target);
}

void ObjectTask::CopyWhole(CopyJob job) {
  const auto left = core_.unfinished_uploads().Take(job.target_key);
  auto copy = std::make_shared<WholeCopy>(
      core_, std::move(job),
      [self = shared_from_this()](CopyEnd end) { self->OnCopied(std::move(end)); });
  if (!left) return copy->Start();
  // A finish of it that is still under way must not come after this copy.
  EndUnwanted(core_, *left, [copy] { copy->Start(); });
}

void ObjectTask::CopyInParts(CopyJob job) {
  upload_parts_ = job.plan.part_count;
  core_.upload_places().Ask(
      upload_parts_, [self = shared_from_this(), job = std::move(job)](bool granted) {
        if (!granted) {
          if (!self->begun_) return self->EndSilently();
          return self->EndFailed(Status(ErrorKind::kCancelled, "the run has ended"), Side::kTarget,
                                 true);
        }
        self->begun_ = true;
        auto upload = std::make_shared<Upload>(self->core_, job, [self](CopyEnd end) {
          self->core_.upload_places().Give(self->upload_parts_);
          self->OnCopied(std::move(end));
        });
        self->upload_ = upload;
        upload->Start();
      });
}

void ObjectTask::OnCopied(CopyEnd end) {
  if (end.kind == CopyEnd::Kind::kDropped && !begun_) return EndSilently();
  begun_ = true;
  attempts_ += end.attempts;
  if (end.after_damage) after_damage_ = end.after_damage;
  unproven_ = end.kind != CopyEnd::Kind::kDone && (unproven_ || end.unproven);
  switch (end.kind) {
    case CopyEnd::Kind::kDone:
      return OnCopyDone(end);
    case CopyEnd::Kind::kSourceChanged:
      ++restarts_;
      if (core_.stopping()) return EndStopped();
      return RestartWithHead();
    case CopyEnd::Kind::kSourceGone:
      return EndGone();
    case CopyEnd::Kind::kArchived:
      return EndSkipped(Reason::kArchived, 1);
    case CopyEnd::Kind::kTargetChanged:
      return EndTargetChanged(std::move(end.status));
    case CopyEnd::Kind::kBlocked:
      return EndBlocked(std::move(end.status));
    case CopyEnd::Kind::kCopyRefused:
      core_.ForgoServerCopies();
      core_.Notice("server-copy-refused", "the service refuses to copy inside (" +
                                              end.status.ToString() +
                                              "); the bytes pass through this machine instead");
      if (core_.stopping()) return EndStopped();
      return Copy();
    case CopyEnd::Kind::kCancelled:
    case CopyEnd::Kind::kDropped:
      // What may have reached the target is not passed over in silence.
      if (core_.stopping() && !end.status.maybe_applied()) return EndStopped();
      break;
    case CopyEnd::Kind::kFailed:
      break;
  }
  if (end.status.ok()) end.status = Status(ErrorKind::kCancelled, "the run has ended");
  EndFailed(std::move(end.status), end.side, true);
}

void ObjectTask::OnCopyDone(const CopyEnd& end) {
  if (end.source_mtime && input_.source.head) {
    input_.source.head->attributes.mtime = end.source_mtime;
  } else if (end.source_mtime) {
    input_.source.head = ObjectMeta{spec_.source, ObjectAttributes{}};
    input_.source.head->attributes.mtime = end.source_mtime;
  }
  KeepEqual(end.receipt.version, end.digests, Evidence::kDigest);
  EndDone(end.receipt.proof, end.dropped);
}

ObjectAttributes ObjectTask::WantedAttributes() const {
  const ObjectMeta source =
      input_.source.head ? *input_.source.head : ObjectMeta{spec_.source, ObjectAttributes{}};
  return TargetAttributes(*core_.attribute_rules(), source, spec_.target_key);
}

void ObjectTask::SetMetadata() {
  action_ = ActionKind::kMetadata;
  // The bytes are equal, and an immutable target keeps what it has.
  if (core_.options().conflict != ConflictMode::kOverwrite) return EndUnchanged(evidence_);
  if (!core_.endpoints().target.set_metadata) return Act(Reason::kMetadataDiffers);
  if (target_moved_) return EndTargetChanged({});
  if (core_.options().dry_run) return EndPlanned();
  if (core_.halted()) return EndSilently();
  if (!input_.source.is_local && !input_.source.head) {
    return WithSourceHead(&ObjectTask::SendMetadata);
  }
  SendMetadata();
}

void ObjectTask::SendMetadata() {
  SetMetadataCommand set;
  set.target_key = spec_.target_key;
  set.version = spec_.target->version;
  set.attributes = WantedAttributes();
  core_.Call<PutReceipt>({.starts = !begun_}, std::move(set),
                         [self = shared_from_this()](Answer<PutReceipt> answer) {
                           self->OnMetadata(std::move(answer));
                         });
}

void ObjectTask::OnMetadata(Answer<PutReceipt> answer) {
  if (answer.dropped && !begun_) return EndSilently();
  begun_ = true;
  ++attempts_;
  if (answer.ok()) {
    KeepEqual(answer.value->version, ProvenDigests(input_), evidence_);
    return EndDone(WriteProof::kNone);
  }
  const Status& status = answer.status;
  if (status.Is(ErrorKind::kUnsupported)) return Act(Reason::kMetadataDiffers);
  const bool condition_lost =
      ClassifyFailure(status, Side::kTarget) == FailureClass::kTargetChanged;
  const bool gone = status.Is(ErrorKind::kNotFound);
  if (status.maybe_applied() || (metadata_lost_ && condition_lost)) {
    metadata_lost_ = true;
    return LookUpMetadata(status);
  }
  if (condition_lost || gone) return EndTargetChanged(status);
  RepeatMetadata(status);
}

void ObjectTask::RepeatMetadata(const Status& status) {
  if (core_.stopping()) return EndStopped();
  const auto delay = core_.RetryDelay(status, ++metadata_attempts_);
  if (!delay) return EndFailed(status, Side::kTarget, false);
  core_.After(*delay, [self = shared_from_this()] {
    if (self->core_.stopping()) return self->EndStopped();
    self->SendMetadata();
  });
}

void ObjectTask::LookUpMetadata(const Status& status) {
  HeadCommand head;
  head.side = Side::kTarget;
  head.key = spec_.target_key;
  core_.Ask<ObjectMeta>(
      {}, std::move(head), [self = shared_from_this(), status](Answer<ObjectMeta> answer) {
        if (answer.status.Is(ErrorKind::kNotFound)) return self->EndTargetChanged({});
        if (!answer.ok()) return self->EndFailed(status, Side::kTarget, false);
        const ObjectMeta& found = *answer.value;
        const bool is_local = self->core_.endpoints().target.is_local;
        const bool shows = ShowsAttributes(found.attributes, self->WantedAttributes(), is_local);
        if (found.entry.version != self->spec_.target->version) {
          const bool same_size = found.entry.size_bytes == self->spec_.source.size_bytes;
          // The first of several requests may have been ours: only the store knows.
          const bool open = same_size && IsRetryable(status);
          if (!shows && open) return self->RepeatMetadata(status);
          if (!shows || !same_size) return self->EndTargetChanged({});
          self->KeepEqual(found.entry.version, ProvenDigests(self->input_), self->evidence_);
          return self->EndDone(WriteProof::kNone);
        }
        // An ETag does not change with the metadata.
        if (shows) {
          self->KeepEqual(found.entry.version, ProvenDigests(self->input_), self->evidence_);
          return self->EndDone(WriteProof::kNone);
        }
        self->RepeatMetadata(status);
      });
}

}  // namespace godwit

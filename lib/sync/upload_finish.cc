// The end of an upload whose parts are all there.

#include <utility>

#include "lib/crypto/running_md5.h"
#include "lib/plan/attributes.h"
#include "lib/sync/upload.h"

namespace godwit {

// The digests of the whole object, combined from its parts in index order; none if the parts do
// not add up to it.
std::optional<DigestSet> Upload::WholeDigests() const {
  ContentSum whole;
  std::uint64_t size_bytes = 0;
  bool summed = true;
  for (const Part& part : parts_) {
    if (part.state != Part::State::kThere) return std::nullopt;
    size_bytes += part.receipt.size_bytes;
    summed = summed && part.summed;
    if (summed) whole = whole.Then(part.sum);
  }
  if (size_bytes != job_.source.size_bytes) return std::nullopt;
  DigestSet digests = summed ? whole.digests() : job_.SourceDigests();
  const auto md5 = RunningMd5::After(parts_.back().receipt.running_md5);
  if (md5) digests.Set(Digest(DigestKind::kMd5, md5->Hash()));
  return digests;
}

void Upload::PrepareFinish() {
  stage_ = Stage::kFinishing;
  const std::optional<DigestSet> whole = WholeDigests();
  if (!whole) {
    return Fail(Status(ErrorKind::kInternal, "the parts do not add up to the object"),
                Side::kTarget);
  }
  digests_ = *whole;
  if (job_.by_md5 && digests_.Find(DigestKind::kMd5) == nullptr) {
    return Fail(Status(ErrorKind::kInternal, "the MD5 of what was sent is not known"),
                Side::kTarget);
  }
  const DigestSet told = DigestsToMeet(job_.SourceDigests(), job_.SourceMeta().attributes);
  if (const std::optional<DigestKind> common = DigestSet::Common(digests_, told)) {
    if (*digests_.Find(*common) != *told.Find(*common)) {
      return Restart(Status(ErrorKind::kCorrupted,
                            "the bytes that were read are not those that the source stores")
                         .WithObject(job_.source_key),
                     Side::kSource);
    }
  }
  Finish();
}

// All that the source tells of its bytes may be what parts do not add up to. A folder can read
// them once more before the file gets its name.
std::optional<Digest> Upload::Md5ToCheck() const {
  const DigestSet told = job_.SourceDigests();
  const Digest* md5 = told.Find(DigestKind::kMd5);
  const bool wanted = md5 != nullptr && core_.endpoints().target.is_local &&
                      !DigestSet::Common(digests_, told).has_value();
  return wanted ? std::optional<Digest>(*md5) : std::nullopt;
}

void Upload::Finish() {
  if (core_.stopping()) return Close(MakeEnd(CopyEnd::Kind::kCancelled));
  FinishUploadCommand finish;
  finish.target_key = job_.target_key;
  finish.upload_id = upload_id_;
  finish.parts.reserve(parts_.size());
  for (const Part& part : parts_) finish.parts.push_back(part.receipt);
  if (core_.endpoints().target.condition_on_finish != ConditionSupport::kAtBegin) {
    finish.options.condition = job_.condition;
  }
  finish.options.size_bytes = job_.source.size_bytes;
  finish.options.digests = digests_;
  if (const std::optional<Digest> md5 = Md5ToCheck()) finish.options.digests.Set(*md5);
  finish.options.attributes = TargetAttributes(*job_.rules, job_.SourceMeta(), job_.target_key);

  auto send = [self = shared_from_this(), finish = std::move(finish)]() mutable {
    self->core_.Call<PutReceipt>({}, std::move(finish), [self](Answer<PutReceipt> answer) {
      self->OnFinished(std::move(answer));
    });
  };
  const bool look = core_.endpoints().target.condition_on_finish == ConditionSupport::kNone &&
                    job_.condition.kind != WriteCondition::Kind::kNone;
  if (!look) return send();
  LookBefore(core_, job_, false,
             [self = shared_from_this(), send](Look seen, Status status) mutable {
               if (seen == Look::kAsExpected) return send();
               if (seen == Look::kChanged) {
                 return self->Close(self->MakeEnd(CopyEnd::Kind::kTargetChanged));
               }
               self->Fail(std::move(status), Side::kTarget);
             });
}

void Upload::OnFinished(Answer<PutReceipt> answer) {
  if (answer.dropped) return Close(MakeEnd(CopyEnd::Kind::kCancelled, std::move(answer.status)));
  ++finish_attempts_;
  if (answer.ok()) return Prove(std::move(*answer.value));
  Status status = std::move(answer.status);
  // An upload that is not known any more may be one that was finished.
  const bool unknown = status.Is(ErrorKind::kNotFound);
  const FailureClass what = ClassifyFailure(status, Side::kTarget);
  // A condition may be lost to our own finish whose answer was lost before.
  const bool own_doing = finish_lost_ && what == FailureClass::kTargetChanged;
  finish_lost_ = finish_lost_ || status.maybe_applied();
  if (status.maybe_applied() || unknown || own_doing) return LookUpFinish(std::move(status));
  if (status.Is(ErrorKind::kCorrupted)) return Restart(status, Side::kTarget);
  if (what == FailureClass::kRetry) return RepeatFinish(status);
  CloseFor(what, std::move(status), Side::kTarget);
}

void Upload::RepeatFinish(const Status& status) {
  const auto delay = core_.RetryDelay(status, finish_attempts_);
  if (!delay) return Fail(status, Side::kTarget);
  ++attempts_;
  core_.After(*delay, [self = shared_from_this()] { self->Finish(); });
}

void Upload::LookUpFinish(Status status) {
  if (core_.stopping()) return Close(MakeEnd(CopyEnd::Kind::kCancelled, std::move(status)));
  LookUpWrite(core_, job_, digests_,
              [self = shared_from_this(), status = std::move(status)](Found found) {
                switch (found.what) {
                  case Found::What::kOurs:
                    return self->ProveFound(std::move(found.receipt));
                  case Found::What::kNotApplied:
                    if (ClassifyFailure(status, Side::kTarget) == FailureClass::kTargetChanged) {
                      return self->Close(self->MakeEnd(CopyEnd::Kind::kTargetChanged, status));
                    }
                    return self->LookUpParts(status);
                  case Found::What::kForeign:
                    return self->Close(self->MakeEnd(CopyEnd::Kind::kTargetChanged));
                  case Found::What::kUnclear:
                    return self->Fail(status, Side::kTarget);
                }
              });
}

// The object did not appear. If the upload is still there its finish can be repeated, otherwise
// all begins again.
void Upload::LookUpParts(const Status& status) {
  ListPartsCommand list{job_.target_key, upload_id_};
  core_.Ask<UploadedParts>(
      {}, std::move(list), [self = shared_from_this(), status](Answer<UploadedParts> answer) {
        if (answer.ok() && !status.Is(ErrorKind::kNotFound)) {
          return self->RepeatFinish(status);
        }
        if (!answer.ok() && !answer.status.Is(ErrorKind::kNotFound)) {
          return self->Fail(std::move(answer.status), Side::kTarget);
        }
        self->Restart(Status(ErrorKind::kUnavailable, "the service no longer knows the upload")
                          .WithObject(self->job_.target_key),
                      Side::kTarget);
      });
}

// What is there is what was to be there. Where nobody saw the target before (cp) it may have been
// there all along, and our upload still be open.
void Upload::ProveFound(PutReceipt receipt) {
  if (job_.target_known) return Prove(std::move(receipt));
  AbortUploadCommand abort{job_.target_key, upload_id_};
  core_.Ask<Finished>({.cleanup = true}, abort,
                      [self = shared_from_this(), id = abort.upload_id,
                       receipt = std::move(receipt)](const Answer<Finished>& answer) {
                        if (!answer.ok()) self->KeepAbandoned(id);
                        self->Prove(receipt);
                      });
}

void Upload::Prove(PutReceipt receipt) {
  // Finished: there is nothing left to abort.
  upload_id_ = Secret();
  ProveWrite(core_, job_, std::move(receipt), digests_,
             [self = shared_from_this()](Proven proven) { self->OnProven(std::move(proven)); });
}

void Upload::OnProven(Proven proven) {
  switch (proven.what) {
    case Proven::What::kAgrees: {
      CopyEnd end = MakeEnd(CopyEnd::Kind::kDone);
      end.receipt = std::move(proven.receipt);
      end.digests = digests_;
      end.source_mtime = job_.SourceMeta().attributes.mtime;
      end.dropped = DroppedAttributes(*job_.rules, job_.SourceMeta(), job_.target_key);
      return Close(std::move(end));
    }
    case Proven::What::kReplaced:
      return Close(MakeEnd(CopyEnd::Kind::kTargetChanged));
    case Proven::What::kUnclear:
      return Fail(std::move(proven.status), Side::kTarget);
    case Proven::What::kDamaged:
      break;
  }
  job_.target.reset();
  job_.damaged = true;
  job_.condition = AfterDamage(job_.condition, proven);
  Restart(Status(ErrorKind::kCorrupted, "what the target stored is not what was sent")
              .WithObject(job_.target_key),
          Side::kTarget);
}

}  // namespace godwit

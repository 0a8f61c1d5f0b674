// What an upload does with one that an earlier run left behind, and when it stays behind itself.

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/sync/unfinished_uploads.h"
#include "lib/sync/upload.h"

namespace godwit {
namespace {

// Who may write need not be allowed to list parts, and not every service can.
bool IsRefused(const Status& status) {
  return status.Is(ErrorKind::kPermissionDenied) || status.Is(ErrorKind::kUnsupported) ||
         status.Is(ErrorKind::kInvalidArgument);
}

}  // namespace

void Upload::TakeOver(JournaledUpload left) {
  // The earlier run never heard of its begin, and so has sent no part: what there may be is empty,
  // and cannot be told from one that somebody else is just beginning.
  if (left.upload_id.empty()) return Announce();
  if (!core_.options().resume || !CanGoOn(left, job_, FormOf(BeginOptions())))
    return AbortLeft(left);
  GoOn(std::move(left));
}

void Upload::GoOn(JournaledUpload left) {
  upload_id_ = left.upload_id;
  recorded_ = true;
  ListPartsCommand list{job_.target_key, upload_id_};
  core_.Ask<UploadedParts>(
      {}, std::move(list),
      [self = shared_from_this(), left = std::move(left)](Answer<UploadedParts> answer) {
        if (answer.ok()) {
          return self->Adopt(PartsStillThere(left, *answer.value, self->job_), *answer.value);
        }
        if (answer.dropped) {
          return self->Close(self->MakeEnd(CopyEnd::Kind::kCancelled, std::move(answer.status)));
        }
        // It could be read neither now nor by the next run.
        if (IsRefused(answer.status)) {
          self->upload_id_ = Secret();
          return self->AbortLeft(left);
        }
        if (!answer.status.Is(ErrorKind::kNotFound)) {
          return self->CloseFor(ClassifyFailure(answer.status, Side::kTarget),
                                std::move(answer.status), Side::kTarget);
        }
        // The service has forgotten it.
        self->upload_id_ = Secret();
        self->Announce();
      });
}

void Upload::Adopt(const std::vector<PartReceipt>& parts, const UploadedParts& kept) {
  parts_.assign(job_.plan.part_count, Part{});
  next_part_ = 0;
  parts_there_ = 0;
  std::uint64_t bytes = 0;
  for (const PartReceipt& receipt : parts) {
    Part& part = parts_[receipt.index];
    part.state = Part::State::kThere;
    const Digest* crc64 = receipt.digests.Find(DigestKind::kCrc64Nvme);
    const Digest* crc32 = receipt.digests.Find(DigestKind::kCrc32c);
    part.summed = crc64 != nullptr && crc32 != nullptr;
    if (part.summed) {
      part.sum = ContentSum{receipt.size_bytes, crc64->crc64nvme(), crc32->crc32c()};
    }
    part.receipt = receipt;
    ++parts_there_;
    bytes += receipt.size_bytes;
  }
  // A stream goes on in the middle of a part.
  core_.ledger().CountReused(std::max(bytes, kept.contiguous_bytes.value_or(0)));
  stage_ = Stage::kParts;
  if (core_.stopping()) return Stop();
  SendParts();
}

// The source has changed since, or is to be cut in another way or stored in another form.
void Upload::AbortLeft(const JournaledUpload& left) {
  AbortUploadCommand abort{job_.target_key, left.upload_id};
  core_.Ask<Finished>({.cleanup = true}, std::move(abort),
                      [self = shared_from_this()](const Answer<Finished>& answer) {
                        if (!answer.ok()) self->TellLeftOpen(answer.status);
                        self->Announce();
                      });
}

// Who may write need not be allowed to abort; without the object's copy nothing would be won.
void Upload::TellLeftOpen(const Status& status) {
  core_.Notice("upload-left-open",
               "an unfinished upload of '" + EscapeForDisplay(job_.target_key) +
                   "' cannot be aborted (" + status.ToString() +
                   "); it takes up room until the service's own rules remove it");
}

// The next run of the same job goes on with what was stopped, and with what may pass by then. An
// object that begins again has no use for this upload.
bool Upload::StaysForLater() const {
  if (!core_.options().resume || upload_id_.empty() || !recorded_ || restarting_) return false;
  switch (closing_->kind) {
    case CopyEnd::Kind::kCancelled:
      return core_.stopping();
    case CopyEnd::Kind::kFailed:
      return !closing_->status.ok() && MayPassLater(closing_->status);
    default:
      return false;
  }
}

}  // namespace godwit

// What an upload does with one that an earlier run left behind, and when it stays behind itself.

#include <algorithm>
#include <string>
#include <utility>

#include "lib/base/text.h"
#include "lib/crypto/running_md5.h"
#include "lib/sync/unfinished_uploads.h"
#include "lib/sync/upload.h"
#include "lib/sync/upload_cleanup.h"

namespace godwit {

void Upload::TakeOver(JournaledUpload left) {
  if (left.upload_id.empty()) return AbortUnheard(left.intended);
  if (!core_.options().resume || !CanGoOn(left, job_, FormOf(BeginOptions())))
    return AbortLeft(left);
  GoOn(std::move(left));
}

void Upload::GoOn(JournaledUpload left) {
  upload_id_ = left.upload_id;
  intended_ = left.intended;
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
        self->OnUnknown(left);
      });
}

// The service does not know it any more. The earlier run may have finished it without hearing so;
// then all its parts are in the journal, and the target holds what they add up to.
void Upload::OnUnknown(const JournaledUpload& left) {
  upload_id_ = Secret();
  TakeParts(left.parts);
  const std::optional<DigestSet> whole = WholeDigests();
  if (!whole || whole->empty()) return Announce();
  digests_ = *whole;
  LookUpWrite(core_, job_, digests_, [self = shared_from_this()](Found found) {
    if (found.what != Found::What::kOurs) return self->Announce();
    self->core_.ledger().CountReused(self->job_.source.size_bytes);
    self->Prove(std::move(found.receipt));
  });
}

// As if they had been sent now. Returns their bytes.
std::uint64_t Upload::TakeParts(const std::vector<PartReceipt>& parts) {
  parts_.assign(job_.plan.part_count, Part{});
  next_part_ = 0;
  parts_there_ = 0;
  std::uint64_t bytes = 0;
  for (const PartReceipt& receipt : parts) {
    if (receipt.index >= parts_.size()) continue;
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
  return bytes;
}

// Behind a part that must be sent again the hash of what was there is that of other readings.
void Upload::KeepHashedOnly(std::vector<PartReceipt>& parts) const {
  std::uint64_t end = 0;
  const auto breaks = [&](const PartReceipt& part) {
    const std::optional<RunningMd5> md5 = RunningMd5::After(part.running_md5);
    const bool follows = job_.plan.OffsetOf(part.index) == end;
    end += part.size_bytes;
    return !follows || !md5 || md5->size_bytes() != end;
  };
  parts.erase(std::find_if(parts.begin(), parts.end(), breaks), parts.end());
}

void Upload::Adopt(std::vector<PartReceipt> parts, const UploadedParts& kept) {
  if (job_.by_md5) KeepHashedOnly(parts);
  const std::uint64_t bytes = TakeParts(parts);
  // A stream goes on in the middle of a part.
  core_.ledger().CountReused(std::max(bytes, kept.contiguous_bytes.value_or(0)));
  stage_ = Stage::kParts;
  if (core_.stopping()) return Stop();
  SendParts();
}

// The source has changed since, or is to be cut in another way or stored in another form.
void Upload::AbortLeft(const JournaledUpload& left) {
  AbortUploadCommand abort{job_.target_key, left.upload_id};
  core_.Ask<Finished>(
      {.cleanup = true}, std::move(abort),
      [self = shared_from_this(), left](const Answer<Finished>& answer) {
        if (!answer.ok()) {
          self->TellLeftOpen(answer.status);
          self->core_.Keep(UploadAbandonedRecord{left.key, left.upload_id, left.intended});
        }
        self->Announce();
      });
}

// The earlier run never heard of its begin, and so has sent no part.
void Upload::AbortUnheard(Timestamp intended) {
  if (intended == Timestamp{}) return Announce();
  const auto since = [intended](std::vector<UploadEntry>& uploads) {
    std::erase_if(uploads, [intended](const auto& entry) { return !BegunSince(entry, intended); });
  };
  AbortEmptyUploads(core_, job_.target_key, since,
                    [self = shared_from_this(), intended](const Status& status) {
                      if (self->MayBeFoundLater(status)) {
                        const std::string& key = self->job_.target_key;
                        self->core_.Keep(UploadAbandonedRecord{key, Secret(), intended});
                      }
                      self->Announce();
                    });
}

// Whether a later run may find what this one could not look for. Tells of what nobody can.
bool Upload::MayBeFoundLater(const Status& status) const {
  if (status.ok() || status.Is(ErrorKind::kUnsupported)) return false;
  if (!IsRefused(status)) return true;
  TellLeftOpen(status);
  return false;
}

// Who may write need not be allowed to abort; without the object's copy nothing would be won.
void Upload::TellLeftOpen(const Status& status) const {
  core_.Notice("upload-left-open",
               "an unfinished upload of '" + EscapeForDisplay(job_.target_key) +
                   "' cannot be aborted (" + status.ToString() +
                   "); it takes up room until a later run can, or the service's own rules do");
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

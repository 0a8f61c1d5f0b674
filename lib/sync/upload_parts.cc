// The parts of an upload, while it is open.

#include <algorithm>
#include <utility>

#include "lib/sync/upload.h"

namespace godwit {

std::uint64_t Upload::LengthOf(std::uint32_t index) const {
  const std::uint64_t offset = job_.plan.OffsetOf(index);
  return std::min(job_.plan.part_size_bytes, job_.source.size_bytes - offset);
}

// As many parts wait as could go at once; the rest would only fill the queue.
void Upload::SendParts() {
  if (stage_ != Stage::kParts) return;
  const Capabilities& target = core_.endpoints().target;
  const bool any_order = !job_.by_md5 && target.TakesPartsInAnyOrder(job_.source.size_bytes,
                                                                     job_.plan.part_size_bytes);
  const std::uint32_t open_max = any_order ? core_.options().jobs_max : 1;
  while (open_parts_ < std::max(open_max, 1U) && next_part_ < parts_.size()) {
    const std::uint32_t index = next_part_++;
    if (parts_[index].state == Part::State::kWaiting) SendPart(index);
  }
  if (parts_there_ == parts_.size()) PrepareFinish();
}

void Upload::SendPart(std::uint32_t index) {
  ++open_parts_;
  parts_[index].state = Part::State::kUnderWay;
  job_.server_copy ? SendCopyRange(index) : SendRange(index);
}

// The state of the hash after all bytes before a part; none if nobody knows it, or wants to.
std::optional<std::string> Upload::Md5Before(std::uint32_t index) const {
  if (!job_.by_md5) return std::nullopt;
  if (index == 0) return std::string();
  const std::string& state = parts_[index - 1].receipt.running_md5;
  return state.empty() ? std::nullopt : std::optional(state);
}

// Where the service takes one part at a time, it is sent while it is read.
bool Upload::Streams(std::uint32_t index) const {
  return LengthOf(index) > core_.buffered_part_bytes_max() ||
         !core_.endpoints().target.parts_in_any_order;
}

void Upload::SendRange(std::uint32_t index) {
  TransferPartCommand part;
  part.source_key = job_.source_key;
  part.target_key = job_.target_key;
  part.source_version = job_.source.version;
  part.upload_id = upload_id_;
  part.index = index;
  part.offset = job_.plan.OffsetOf(index);
  part.length = LengthOf(index);
  part.md5_before = Md5Before(index);
  part.stream = Streams(index);
  const CallOptions options{.lane = Lane::kPart,
                            .body_bytes = part.stream ? kPipeBytes : part.length,
                            .moved_bytes = part.length};
  const CommandId id = core_.Call<PartTransferred>(
      options, std::move(part), [self = shared_from_this(), index](Answer<PartTransferred> answer) {
        self->OnPart(index, std::move(answer));
      });
  parts_[index].command = id;
  in_flight_.insert(id);
}

void Upload::SendCopyRange(std::uint32_t index) {
  ServerCopyPartCommand part;
  part.source_key = job_.source_key;
  part.target_key = job_.target_key;
  part.source_version = job_.source.version;
  part.upload_id = upload_id_;
  part.index = index;
  part.offset = job_.plan.OffsetOf(index);
  part.length = LengthOf(index);
  const CallOptions options{.lane = Lane::kPart, .moved_bytes = part.length};
  const CommandId id = core_.Call<PartTransferred>(
      options, std::move(part), [self = shared_from_this(), index](Answer<PartTransferred> answer) {
        self->OnPart(index, std::move(answer));
      });
  parts_[index].command = id;
  in_flight_.insert(id);
}

void Upload::OnPart(std::uint32_t index, Answer<PartTransferred> answer) {
  in_flight_.erase(parts_[index].command);
  ++parts_[index].attempts;
  if (closing_ || answer.dropped) {
    --open_parts_;
    // The next run need not send it again.
    if (answer.ok()) RecordPart(index, *answer.value);
    if (!closing_) return Close(MakeEnd(CopyEnd::Kind::kCancelled, std::move(answer.status)));
    return CloseIfQuiet();
  }
  if (!answer.ok()) return OnPartFailed(index, std::move(answer));
  RecordPart(index, *answer.value);
  PartIsThere();
}

void Upload::PartIsThere() {
  --open_parts_;
  SendParts();
}

void Upload::RecordPart(std::uint32_t index, const PartTransferred& sent) {
  Part& part = parts_[index];
  part.summed = sent.has_sum;
  part.sum = ContentSum{LengthOf(index), sent.crc64nvme, sent.crc32c};
  PartReceipt receipt = sent.receipt;
  receipt.index = index;
  receipt.size_bytes = LengthOf(index);
  part.receipt = std::move(receipt);
  if (part.summed) {
    const DigestSet sums = part.sum.digests();
    for (const Digest& digest : sums.all()) part.receipt.digests.Set(digest);
  }
  part.state = Part::State::kThere;
  ++parts_there_;
  // At once: what a crash forgets is sent again.
  core_.KeepDurably(UploadPartRecord{job_.target_key, part.receipt}, [](const Status&) {});
}

void Upload::OnPartFailed(std::uint32_t index, Answer<PartTransferred> answer) {
  const Status status = answer.status;
  const Side side = answer.side;
  const bool refused =
      status.Is(ErrorKind::kPermissionDenied) || status.Is(ErrorKind::kUnsupported);
  if (job_.server_copy && side == Side::kTarget && refused) {
    --open_parts_;
    return Close(MakeEnd(CopyEnd::Kind::kCopyRefused, status));
  }
  // The service has forgotten the upload: all its parts are gone.
  if (side == Side::kTarget && status.Is(ErrorKind::kNotFound)) {
    --open_parts_;
    return Restart(Status(ErrorKind::kUnavailable, "the service no longer knows the upload")
                       .WithObject(job_.target_key),
                   side);
  }
  const FailureClass what = ClassifyFailure(status, side);
  if (side == Side::kTarget && status.maybe_applied() && what == FailureClass::kRetry) {
    return LookUpPart(index, std::move(answer));
  }
  if (what == FailureClass::kRetry) return RepeatPart(index, status, side);
  --open_parts_;
  CloseFor(what, status, side);
}

void Upload::LookUpPart(std::uint32_t index, Answer<PartTransferred> lost) {
  ListPartsCommand list{job_.target_key, upload_id_};
  core_.Ask<UploadedParts>(
      {}, std::move(list),
      [self = shared_from_this(), index, lost = std::move(lost)](Answer<UploadedParts> answer) {
        if (self->closing_) {
          --self->open_parts_;
          return self->CloseIfQuiet();
        }
        if (answer.ok() && self->TakeListed(index, *answer.value, lost)) return;
        self->RepeatPart(index, lost.status, Side::kTarget);
      });
}

std::optional<PartReceipt> Upload::FindListed(std::uint32_t index,
                                              const UploadedParts& kept) const {
  for (const PartReceipt& part : kept.parts) {
    if (part.index == index) return part;
  }
  const std::uint64_t end = job_.plan.OffsetOf(index) + LengthOf(index);
  if (kept.contiguous_bytes.value_or(0) < end) return std::nullopt;
  return PartReceipt{index, LengthOf(index), {}, {}};
}

// True if the service has kept the part whose answer was lost. Without the sums of its bytes it
// cannot be counted into the digest of the whole, and without a digest that the service checks,
// of the part or in the end of the whole, its size alone would have to be believed. A part that
// streams goes without, and so does the end of parts in any order.
bool Upload::TakeListed(std::uint32_t index, const UploadedParts& kept,
                        const Answer<PartTransferred>& lost) {
  const DigestSet& sent = lost.sent;
  const std::optional<PartReceipt> found = FindListed(index, kept);
  if (!found || found->size_bytes != LengthOf(index)) return false;
  PartTransferred taken{*found};
  const Digest* crc64 = sent.Find(DigestKind::kCrc64Nvme);
  const Digest* crc32 = sent.Find(DigestKind::kCrc32c);
  if (!job_.server_copy) {
    if (crc64 == nullptr || crc32 == nullptr) return false;
    const std::optional<DigestKind> common = DigestSet::Common(found->digests, sent);
    if (common && *found->digests.Find(*common) != *sent.Find(*common)) return false;
    const Capabilities& target = core_.endpoints().target;
    const bool unchecked = Streams(index) && target.parts_in_any_order;
    if (!common && (unchecked || target.digests_stored.empty())) return false;
    taken.has_sum = true;
    taken.crc64nvme = crc64->crc64nvme();
    taken.crc32c = crc32->crc32c();
  }
  for (const Digest& digest : sent.all()) taken.receipt.digests.Set(digest);
  taken.receipt.running_md5 = lost.running_md5;
  RecordPart(index, taken);
  PartIsThere();
  return true;
}

void Upload::RepeatPart(std::uint32_t index, const Status& status, Side side) {
  const auto delay = core_.RetryDelay(status, parts_[index].attempts);
  if (!delay) {
    --open_parts_;
    return Fail(status, side);
  }
  ++attempts_;
  core_.After(*delay, [self = shared_from_this(), index] {
    --self->open_parts_;
    if (self->closing_) return self->CloseIfQuiet();
    if (self->core_.stopping()) return self->Stop();
    self->SendPart(index);
  });
}

}  // namespace godwit

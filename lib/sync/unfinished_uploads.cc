#include "lib/sync/unfinished_uploads.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/clock_skew.h"
#include "lib/checksum/crc.h"

namespace godwit {
namespace {

std::uint64_t LengthOf(const CopyJob& job, std::uint32_t index) {
  return std::min(job.plan.part_size_bytes, job.source.size_bytes - job.plan.OffsetOf(index));
}

bool HasBothCrcs(const PartReceipt& part) {
  return part.digests.Find(DigestKind::kCrc64Nvme) != nullptr &&
         part.digests.Find(DigestKind::kCrc32c) != nullptr;
}

// A store may note behind a token what it knows of the part.
std::string_view WithoutNote(std::string_view token) { return token.substr(0, token.find(' ')); }

bool Agree(const PartReceipt& ours, const PartReceipt& theirs) {
  if (ours.size_bytes != theirs.size_bytes) return false;
  if (const auto common = DigestSet::Common(ours.digests, theirs.digests)) {
    return *ours.digests.Find(*common) == *theirs.digests.Find(*common);
  }
  return !ours.token.empty() && WithoutNote(ours.token) == WithoutNote(theirs.token);
}

// A service that keeps one stream of bytes has every part that ends within it.
bool InStream(const UploadedParts& kept, const CopyJob& job, const PartReceipt& ours) {
  return kept.contiguous_bytes.has_value() &&
         job.plan.OffsetOf(ours.index) + ours.size_bytes <= *kept.contiguous_bytes;
}

// Our receipt, by the token that the service knows the part by now: the same bytes may have been
// sent once more, by a request that was still under way when its sender died.
std::optional<PartReceipt> FindKept(const UploadedParts& kept, const CopyJob& job,
                                    const PartReceipt& ours) {
  const auto found =
      std::find_if(kept.parts.begin(), kept.parts.end(),
                   [&ours](const PartReceipt& part) { return part.index == ours.index; });
  if (found == kept.parts.end()) {
    return InStream(kept, job, ours) ? std::optional(ours) : std::nullopt;
  }
  if (!Agree(ours, *found)) return std::nullopt;
  PartReceipt receipt = ours;
  const bool renamed = WithoutNote(found->token) != WithoutNote(ours.token);
  if (renamed && !found->token.empty()) receipt.token = found->token;
  return receipt;
}

}  // namespace

void UnfinishedUploads::Load(std::vector<JournaledUpload> uploads) {
  for (JournaledUpload& upload : uploads) {
    std::string key = upload.key;
    uploads_.emplace(std::move(key), std::move(upload));
  }
}

UnfinishedUploads::ByKey::const_iterator UnfinishedUploads::Seek(
    const std::string& target_key) const {
  const auto [first, last] = uploads_.equal_range(target_key);
  const auto found = std::find_if(first, last, [](const auto& u) { return !u.second.abandoned; });
  return found == last ? uploads_.end() : found;
}

const JournaledUpload* UnfinishedUploads::Find(const std::string& target_key) const {
  const auto found = Seek(target_key);
  return found == uploads_.end() ? nullptr : &found->second;
}

std::optional<JournaledUpload> UnfinishedUploads::Take(const std::string& target_key) {
  const auto found = Seek(target_key);
  if (found == uploads_.end()) return std::nullopt;
  return std::move(uploads_.extract(found).mapped());
}

bool UnfinishedUploads::KeepBack(const std::string& target_key) {
  const bool goes_on = Find(target_key) != nullptr;
  uploads_.erase(target_key);
  return goes_on;
}

std::vector<JournaledUpload> UnfinishedUploads::TakeRest() {
  std::vector<JournaledUpload> rest;
  for (auto& [key, upload] : uploads_) {
    if (upload.of_this_job) rest.push_back(std::move(upload));
  }
  uploads_.clear();
  return rest;
}

bool BegunSince(const UploadEntry& upload, Timestamp intended) {
  return upload.started.time >= intended - kClockSkewMax;
}

std::uint64_t FormOf(const UploadOptions& options) {
  const ObjectAttributes& attributes = options.attributes;
  std::uint64_t sum = 0;
  // Each text with its end, so that no two lists of texts look alike.
  const auto add = [&sum](std::string_view text) {
    const std::string sized = std::to_string(text.size()) + ":" + std::string(text);
    sum = Crc64Nvme(sum, std::as_bytes(std::span(sized)));
  };
  for (const std::string* text :
       {&attributes.content_type, &attributes.cache_control, &attributes.content_encoding,
        &attributes.content_disposition, &attributes.content_language, &attributes.storage_class}) {
    add(*text);
  }
  for (const auto* table : {&attributes.user_metadata, &attributes.tags}) {
    add(std::to_string(table->size()));
    for (const auto& [name, value] : *table) {
      add(name);
      add(value);
    }
  }
  const auto mtime = attributes.mtime ? attributes.mtime->time.time_since_epoch().count() : -1;
  add(std::to_string(mtime));
  add(options.by_copy ? "copied" : "sent");
  add(std::to_string(static_cast<int>(options.condition.kind)));
  add(options.condition.version);
  return sum;
}

bool CanGoOn(const JournaledUpload& upload, const CopyJob& job, std::uint64_t form) {
  return !upload.upload_id.empty() && !job.source.version.empty() &&
         upload.source_version == job.source.version &&
         upload.size_bytes == job.source.size_bytes &&
         upload.part_size_bytes == job.plan.part_size_bytes && upload.form == form;
}

std::vector<PartReceipt> PartsStillThere(const JournaledUpload& journaled,
                                         const UploadedParts& kept, const CopyJob& job) {
  std::vector<PartReceipt> there;
  for (const PartReceipt& part : journaled.parts) {
    if (part.index >= job.plan.part_count || part.size_bytes != LengthOf(job, part.index)) continue;
    const bool countable = job.server_copy || HasBothCrcs(part);
    if (!countable) continue;
    if (std::optional<PartReceipt> receipt = FindKept(kept, job, part)) {
      there.push_back(*std::move(receipt));
    }
  }
  return there;
}

}  // namespace godwit

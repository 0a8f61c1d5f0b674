#include "lib/run/read_sinks.h"

#include <algorithm>
#include <cstring>

#include "lib/plan/attributes.h"

namespace godwit {

namespace {

Status OutOfOrder() { return Status(ErrorKind::kCorrupted, "the source sent bytes out of order"); }

}  // namespace

Status BufferSink::Write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (offset == first_) hasher_ = ContentHasher();
  const std::uint64_t filled = hasher_.sum().size_bytes;
  if (offset != first_ + filled) return OutOfOrder();
  if (bytes.size() > buffer_.size() - filled) {
    return Status(ErrorKind::kCorrupted, "the source sent more bytes than it announced");
  }
  if (bytes.empty()) return Status::Ok();
  std::byte* const place = buffer_.data() + filled;
  if (bytes.data() != place) std::memcpy(place, bytes.data(), bytes.size());
  hasher_.Update(bytes);
  return Status::Ok();
}

std::span<std::byte> BufferSink::Room(std::uint64_t offset, std::size_t size_bytes) {
  if (offset < first_ || offset - first_ > buffer_.size()) return {};
  const std::span<std::byte> rest = buffer_.subspan(offset - first_);
  return rest.first(std::min(rest.size(), size_bytes));
}

PartMd5::PartMd5(std::uint64_t first, const std::optional<std::string>& before) : first_(first) {
  if (!before) return;
  before_ = before->empty() ? RunningMd5() : RunningMd5::After(*before);
  md5_ = before_;
}

void PartMd5::Write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (!md5_) return;
  if (offset == first_) md5_ = before_;
  md5_->Update(bytes);
}

std::string PartMd5::State() const { return md5_ ? md5_->State() : std::string(); }

HashSink::HashSink(std::uint64_t first, bool want_md5, bool want_sha256)
    : first_(first), want_md5_(want_md5), want_sha256_(want_sha256) {
  Restart();
}

Status HashSink::Write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (offset == first_ && hasher_.sum().size_bytes != 0) Restart();
  if (offset != first_ + hasher_.sum().size_bytes) return OutOfOrder();
  hasher_.Update(bytes);
  if (md5_) md5_->Update(bytes);
  if (sha256_) sha256_->Update(bytes);
  return Status::Ok();
}

void HashSink::Restart() {
  hasher_ = ContentHasher();
  if (want_md5_) md5_ = std::make_unique<Md5Hasher>();
  if (want_sha256_) sha256_ = std::make_unique<Sha256Hasher>();
}

DigestSet HashSink::Finish() {
  DigestSet digests = hasher_.sum().digests();
  if (md5_) digests.Set(Digest(DigestKind::kMd5, md5_->Finish()));
  if (sha256_) digests.Set(Digest(DigestKind::kSha256, sha256_->Finish()));
  return digests;
}

Status CheckSource(const DigestSet& read, const DigestSet& told, bool& checked) {
  for (const Digest& digest : told.all()) {
    const Digest* same_kind = read.Find(digest.kind());
    if (same_kind == nullptr) continue;
    if (*same_kind != digest) {
      return Status(ErrorKind::kCorrupted,
                    std::string("the bytes read do not match the source's own ") +
                        std::string(DigestName(digest.kind())) + " (" + same_kind->hex() +
                        " read, " + digest.hex() + " stored)")
          .WithOperation("read");
    }
    checked = true;
  }
  return Status::Ok();
}

DigestSet ToldDigests(const DigestSet& listed, const ObjectMeta& read) {
  DigestSet told = listed;
  for (const Digest& digest : read.entry.digests.all()) told.Set(digest);
  return DigestsToMeet(told, read.attributes);
}

bool NeedsMd5(const DigestSet& told) {
  return told.Find(DigestKind::kMd5) != nullptr && told.Find(DigestKind::kCrc64Nvme) == nullptr &&
         told.Find(DigestKind::kCrc32c) == nullptr;
}

}  // namespace godwit

#include "lib/store/s3/s3_body.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/checksum/crc.h"
#include "lib/crypto/md5.h"
#include "lib/crypto/sha256.h"

namespace godwit {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;
// As large as that of AWS's own tools.
constexpr std::uint64_t kChunkBytes = 1 << 20;

std::string ChunkHead(std::uint64_t length) {
  std::string hex;
  for (std::uint64_t rest = length; rest != 0; rest >>= 4) hex += "0123456789abcdef"[rest & 15];
  std::reverse(hex.begin(), hex.end());
  return hex + "\r\n";
}

// Framing of a whole chunk: its head and the line end behind its data.
std::uint64_t FrameBytes(std::uint64_t length) { return ChunkHead(length).size() + 2; }

Status EndedEarly() { return Status(ErrorKind::kCorrupted, "the source ended early"); }

// Whatever of the four a body needs, in one pass.
class Hashers {
 public:
  explicit Hashers(std::span<const DigestKind> kinds) : kinds_(kinds) {}

  void Update(std::span<const std::byte> bytes) {
    for (const DigestKind kind : kinds_) {
      switch (kind) {
        case DigestKind::kCrc64Nvme:
          crc64nvme_ = Crc64Nvme(crc64nvme_, bytes);
          break;
        case DigestKind::kCrc32c:
          crc32c_ = Crc32c(crc32c_, bytes);
          break;
        case DigestKind::kMd5:
          md5_.Update(bytes);
          break;
        case DigestKind::kSha256:
          sha256_.Update(bytes);
          break;
        case DigestKind::kXxh3:
          break;
      }
    }
  }

  void AddTo(DigestSet& digests) {
    for (const DigestKind kind : kinds_) {
      switch (kind) {
        case DigestKind::kCrc64Nvme:
          digests.Set(Digest::Crc64Nvme(crc64nvme_));
          break;
        case DigestKind::kCrc32c:
          digests.Set(Digest::Crc32c(crc32c_));
          break;
        case DigestKind::kMd5:
          digests.Set(Digest(kind, md5_.Finish()));
          break;
        case DigestKind::kSha256:
          digests.Set(Digest(kind, sha256_.Finish()));
          break;
        case DigestKind::kXxh3:
          break;
      }
    }
  }

 private:
  std::span<const DigestKind> kinds_;
  std::uint64_t crc64nvme_ = 0;
  std::uint32_t crc32c_ = 0;
  Md5Hasher md5_;
  Sha256Hasher sha256_;
};

Status ReadThrough(ByteSource& body, Hashers& hashers) {
  if (const auto* memory = dynamic_cast<const MemorySource*>(&body)) {
    hashers.Update(memory->bytes());
    return Status::Ok();
  }
  const std::uint64_t size = body.size_bytes();
  std::vector<std::byte> buffer(std::min<std::uint64_t>(kReadBytes, size));
  for (std::uint64_t offset = 0; offset < size;) {
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), size - offset);
    const Result<std::size_t> count = body.Read(offset, std::span(buffer).first(wanted));
    if (!count.ok()) return count.status();
    if (*count == 0) return EndedEarly();
    hashers.Update(std::span(buffer).first(*count));
    offset += *count;
  }
  return Status::Ok();
}

}  // namespace

Result<DigestSet> CompleteDigests(DigestSet known, std::span<const DigestKind> kinds,
                                  ByteSource& body) {
  std::vector<DigestKind> missing;
  for (const DigestKind kind : kinds) {
    if (known.Find(kind) == nullptr) missing.push_back(kind);
  }
  if (missing.empty()) return known;
  Hashers hashers(missing);
  GODWIT_RETURN_IF_ERROR(ReadThrough(body, hashers));
  hashers.AddTo(known);
  return known;
}

TrailerSource::TrailerSource(ByteSource& body, DigestKind kind)
    : body_(body), kind_(kind), data_bytes_(body.size_bytes()) {
  tail_bytes_ = TailText().size();
  const std::uint64_t whole = data_bytes_ / kChunkBytes;
  const std::uint64_t rest = data_bytes_ % kChunkBytes;
  size_bytes_ = data_bytes_ + whole * FrameBytes(kChunkBytes) + tail_bytes_;
  if (rest != 0) size_bytes_ += FrameBytes(rest);
}

Digest TrailerSource::Current() const {
  return kind_ == DigestKind::kCrc64Nvme ? Digest::Crc64Nvme(crc64nvme_) : Digest::Crc32c(crc32c_);
}

std::string TrailerSource::TailText() const {
  std::string text = "0\r\n";
  return text.append(ChecksumHeader(kind_)).append(":").append(Base64Of(Current())) + "\r\n\r\n";
}

std::optional<Digest> TrailerSource::digest() const {
  if (hashed_bytes_ != data_bytes_) return std::nullopt;
  return Current();
}

void TrailerSource::Hash(std::span<const std::byte> bytes) {
  if (kind_ == DigestKind::kCrc64Nvme) {
    crc64nvme_ = Crc64Nvme(crc64nvme_, bytes);
  } else {
    crc32c_ = Crc32c(crc32c_, bytes);
  }
  hashed_bytes_ += bytes.size();
}

// Reads what was skipped, so that the checksum is of all bytes.
Status TrailerSource::HashUpTo(std::uint64_t end) {
  std::vector<std::byte> buffer(hashed_bytes_ < end ? kReadBytes : 0);
  while (hashed_bytes_ < end) {
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), end - hashed_bytes_);
    const Result<std::size_t> count = body_.Read(hashed_bytes_, std::span(buffer).first(wanted));
    if (!count.ok()) return count.status();
    if (*count == 0) return EndedEarly();
    Hash(std::span(buffer).first(*count));
  }
  return Status::Ok();
}

Result<std::size_t> TrailerSource::ReadData(std::uint64_t offset, std::span<std::byte> buffer) {
  GODWIT_RETURN_IF_ERROR(HashUpTo(offset));
  Result<std::size_t> count = body_.Read(offset, buffer);
  if (!count.ok()) return count;
  if (*count == 0) return EndedEarly();
  // Bytes that are read again are hashed already.
  const std::uint64_t known = std::min<std::uint64_t>(hashed_bytes_ - offset, *count);
  Hash(buffer.first(*count).subspan(known));
  return count;
}

Result<std::size_t> TrailerSource::Read(std::uint64_t offset, std::span<std::byte> buffer) {
  if (offset >= size_bytes_ || buffer.empty()) return std::size_t{0};
  std::string text;  // What stands at `offset`, unless it is data.
  if (offset >= size_bytes_ - tail_bytes_) {
    GODWIT_RETURN_IF_ERROR(HashUpTo(data_bytes_));
    text = TailText().substr(offset - (size_bytes_ - tail_bytes_));
  } else {
    const std::uint64_t frame = kChunkBytes + FrameBytes(kChunkBytes);
    const std::uint64_t begin = offset / frame * kChunkBytes;
    const std::uint64_t length = std::min(kChunkBytes, data_bytes_ - begin);
    const std::string head = ChunkHead(length);
    const std::uint64_t within = offset % frame;
    if (within < head.size()) {
      text = head.substr(within);
    } else if (within < head.size() + length) {
      const std::uint64_t at = within - head.size();
      const std::size_t count = std::min<std::uint64_t>(buffer.size(), length - at);
      return ReadData(begin + at, buffer.first(count));
    } else {
      text = std::string("\r\n").substr(within - head.size() - length);
    }
  }
  const std::size_t count = std::min(buffer.size(), text.size());
  std::memcpy(buffer.data(), text.data(), count);
  return count;
}

std::optional<DigestKind> KindOfChecksum(S3Checksum checksum) {
  switch (checksum) {
    case S3Checksum::kCrc64Nvme:
      return DigestKind::kCrc64Nvme;
    case S3Checksum::kCrc32c:
      return DigestKind::kCrc32c;
    case S3Checksum::kMd5:
      return DigestKind::kMd5;
    case S3Checksum::kAuto:
    case S3Checksum::kNone:
      break;
  }
  return std::nullopt;
}

Result<S3Body> S3Body::Prepare(ByteSource& source, const DigestSet& known,
                               const S3Protection& protection) {
  S3Body body;
  body.source_ = &source;
  body.protection_ = protection;
  body.kind_ = KindOfChecksum(protection.checksum);
  const bool is_crc = body.kind_.has_value() && *body.kind_ != DigestKind::kMd5;
  const bool streams = dynamic_cast<const MemorySource*>(&source) == nullptr;
  if (is_crc && streams && known.Find(*body.kind_) == nullptr && protection.trailer_allowed &&
      !protection.sign_payload && !protection.anonymous) {
    body.digests_ = known;
    body.trailer_ = std::make_unique<TrailerSource>(source, *body.kind_);
    return body;
  }
  std::vector<DigestKind> needed;
  if (body.kind_.has_value()) needed.push_back(*body.kind_);
  if (protection.sign_payload && !protection.anonymous) needed.push_back(DigestKind::kSha256);
  Result<DigestSet> digests = CompleteDigests(known, needed, source);
  if (!digests.ok()) return digests.status();
  body.digests_ = std::move(*digests);
  return body;
}

void S3Body::AttachTo(S3Request& request) const {
  request.object_bytes = source_->size_bytes();
  request.body = source_;
  if (trailer_ != nullptr) {
    request.body = trailer_.get();
    request.payload_hash = kUnsignedTrailerPayload;
    request.headers.Add("x-amz-trailer", ChecksumHeader(*kind_));
    request.headers.Add("x-amz-decoded-content-length", std::to_string(source_->size_bytes()));
    const std::string encoding(request.headers.Find("content-encoding").value_or(""));
    request.headers.Set("content-encoding",
                        encoding.empty() ? "aws-chunked" : encoding + ",aws-chunked");
    return;
  }
  const Digest* sha256 = digests_.Find(DigestKind::kSha256);
  request.payload_hash =
      protection_.sign_payload && sha256 != nullptr ? sha256->hex() : std::string(kUnsignedPayload);
  if (!kind_.has_value()) return;
  const std::string value = Base64Of(*digests_.Find(*kind_));
  request.headers.Add(*kind_ == DigestKind::kMd5 ? "content-md5" : ChecksumHeader(*kind_), value);
}

std::optional<Digest> S3Body::sent() const {
  if (trailer_ != nullptr) return trailer_->digest();
  if (!kind_.has_value()) return std::nullopt;
  return *digests_.Find(*kind_);
}

DigestSet S3Body::known() const {
  DigestSet all = digests_;
  if (const std::optional<Digest> trailing = trailer_ ? trailer_->digest() : std::nullopt) {
    all.Set(*trailing);
  }
  return all;
}

}  // namespace godwit

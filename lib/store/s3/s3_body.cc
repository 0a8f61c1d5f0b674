#include "lib/store/s3/s3_body.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/checksum/crc.h"
#include "lib/crypto/md5.h"
#include "lib/crypto/sha256.h"
#include "lib/store/s3/s3_framing.h"

namespace godwit {
namespace {

Digest DigestOf(DigestKind kind, std::span<const std::byte> bytes) {
  switch (kind) {
    case DigestKind::kCrc32c:
      return Digest::Crc32c(Crc32c(0, bytes));
    case DigestKind::kMd5:
      return Digest(kind, Md5(bytes));
    case DigestKind::kSha256:
      return Digest(kind, Sha256(bytes));
    case DigestKind::kCrc64Nvme:
    case DigestKind::kXxh3:
      break;
  }
  return Digest::Crc64Nvme(Crc64Nvme(0, bytes));
}

}  // namespace

DigestSet CompleteDigests(DigestSet known, std::span<const DigestKind> kinds,
                          std::span<const std::byte> bytes) {
  for (const DigestKind kind : kinds) {
    if (known.Find(kind) == nullptr) known.Set(DigestOf(kind, bytes));
  }
  return known;
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

S3Body::S3Body() = default;
S3Body::S3Body(S3Body&&) noexcept = default;
S3Body::~S3Body() = default;

S3Body S3Body::Prepare(ByteSource& source, const DigestSet& known, const S3Protection& protection) {
  S3Body body;
  body.source_ = &source;
  body.memory_ = dynamic_cast<const MemorySource*>(&source);
  body.protection_ = protection;
  body.kind_ = KindOfChecksum(protection.checksum);
  body.digests_ = known;
  const bool signs = protection.sign_payload && !protection.anonymous;
  if (body.memory_ != nullptr) {
    std::vector<DigestKind> needed;
    if (body.kind_.has_value()) needed.push_back(*body.kind_);
    if (signs) needed.push_back(DigestKind::kSha256);
    body.digests_ = CompleteDigests(known, needed, body.memory_->bytes());
    return body;
  }
  if (!body.kind_.has_value()) return body;
  if (known.Find(*body.kind_) == nullptr) {
    const bool is_crc = *body.kind_ != DigestKind::kMd5;
    if (is_crc && protection.trailer_allowed && !signs && !protection.anonymous) {
      body.trailer_ = std::make_unique<TrailerSource>(source, *body.kind_);
      body.kind_.reset();
      return body;
    }
    body.kind_.reset();
  }
  const bool is_bare = !body.kind_.has_value();
  if ((is_bare || protection.may_need_md5) && known.Find(DigestKind::kMd5) == nullptr) {
    body.md5_ = std::make_unique<Md5Source>(source);
  }
  return body;
}

void S3Body::AttachTo(S3Request& request) const {
  const std::uint64_t size = source_->size_bytes();
  const auto add_framing = [&](std::string_view payload_hash) {
    request.payload_hash = payload_hash;
    request.headers.Add("x-amz-decoded-content-length", std::to_string(size));
    const std::string encoding(request.headers.Find("content-encoding").value_or(""));
    request.headers.Set("content-encoding",
                        encoding.empty() ? "aws-chunked" : encoding + ",aws-chunked");
  };
  request.object_bytes = size;
  request.body = source_;
  if (trailer_ != nullptr) {
    request.body = trailer_.get();
    request.headers.Add("x-amz-trailer", ChecksumHeader(trailer_->kind()));
    add_framing(kUnsignedTrailerPayload);
    return;
  }
  if (md5_ != nullptr) request.body = md5_.get();
  const Digest* sha256 = digests_.Find(DigestKind::kSha256);
  request.payload_hash = kUnsignedPayload;
  if (protection_.sign_payload && sha256 != nullptr) {
    request.payload_hash = sha256->hex();
  } else if (protection_.sign_payload && !protection_.anonymous) {
    add_framing(kSignedChunksPayload);
  }
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
  const std::optional<Digest> trailing = trailer_ ? trailer_->digest() : std::nullopt;
  const std::optional<Digest> md5 = md5_ ? md5_->digest() : std::nullopt;
  if (trailing.has_value()) all.Set(*trailing);
  if (md5.has_value()) all.Set(*md5);
  return all;
}

}  // namespace godwit

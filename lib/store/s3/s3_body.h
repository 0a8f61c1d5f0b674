#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "godwit/byte_stream.h"
#include "godwit/digest.h"
#include "godwit/result.h"
#include "lib/store/s3/s3_config.h"
#include "lib/store/s3/s3_wire.h"

namespace godwit {

// Reads `body` once and adds the digests of `kinds` that `known` lacks.
Result<DigestSet> CompleteDigests(DigestSet known, std::span<const DigestKind> kinds,
                                  ByteSource& body);

// A body framed as aws-chunked, with its checksum behind it, computed while it is read. Can be read
// again from any offset, as its source can.
class TrailerSource final : public ByteSource {
 public:
  // `kind` is kCrc64Nvme or kCrc32c. Borrows `body`.
  TrailerSource(ByteSource& body, DigestKind kind);
  std::uint64_t size_bytes() const override { return size_bytes_; }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override;
  // Of the whole body; only once the end was read.
  std::optional<Digest> digest() const;

 private:
  Result<std::size_t> ReadData(std::uint64_t offset, std::span<std::byte> buffer);
  Status HashUpTo(std::uint64_t end);
  void Hash(std::span<const std::byte> bytes);
  Digest Current() const;
  std::string TailText() const;

  ByteSource& body_;
  const DigestKind kind_;
  const std::uint64_t data_bytes_;
  std::uint64_t tail_bytes_ = 0;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t hashed_bytes_ = 0;
  std::uint64_t crc64nvme_ = 0;
  std::uint32_t crc32c_ = 0;
};

// How a body is protected on its way.
struct S3Protection {
  S3Checksum checksum = S3Checksum::kCrc64Nvme;  // Never kAuto.
  bool sign_payload = false;  // Plain http to another machine: the signature covers the bytes.
  bool anonymous = false;
  bool trailer_allowed = false;  // For a body whose digest is not known yet.
};

// The body of one object or part, ready to send. Borrows the source.
class S3Body {
 public:
  // Finds or computes the digest that `protection` needs; what `known` has is believed.
  static Result<S3Body> Prepare(ByteSource& source, const DigestSet& known,
                                const S3Protection& protection);

  // Sets body, checksum headers and payload hash of a request that has none of them.
  void AttachTo(S3Request& request) const;

  // The digest that was sent; none without a checksum, or before a trailer was sent.
  std::optional<Digest> sent() const;
  // All digests of the body that are known by now.
  DigestSet known() const;

 private:
  S3Body() = default;

  ByteSource* source_ = nullptr;
  S3Protection protection_;
  std::optional<DigestKind> kind_;
  DigestSet digests_;
  std::unique_ptr<TrailerSource> trailer_;
};

// The digest kind that a checksum setting sends; none for kAuto and kNone.
std::optional<DigestKind> KindOfChecksum(S3Checksum checksum);

}  // namespace godwit

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "godwit/byte_stream.h"
#include "godwit/digest.h"
#include "godwit/result.h"
#include "lib/store/s3/s3_config.h"
#include "lib/store/s3/s3_wire.h"

namespace godwit {

// `known`, and the digests of `kinds` that it lacks, of `bytes`.
DigestSet CompleteDigests(DigestSet known, std::span<const DigestKind> kinds,
                          std::span<const std::byte> bytes);

// How a body is protected on its way.
struct S3Protection {
  S3Checksum checksum = S3Checksum::kCrc64Nvme;  // Never kAuto.
  bool sign_payload = false;  // Plain http to another machine: the signature covers the bytes.
  bool anonymous = false;
  bool trailer_allowed = false;  // A checksum may follow the body.
  bool may_need_md5 = false;     // The service may turn out to know nothing but MD5.
};

// The body of one object or part, ready to send. Borrows the source.
//
// Bodies in memory are hashed before they are sent, and can be sent again. Others are taken to be
// readable once, from the first byte to the last: they are sent with the digest that is known,
// with one behind them, or, where the service takes neither, with none, and are hashed as they
// pass, so that the answer can be compared.
class S3Body {
 public:
  // `known` is believed.
  static S3Body Prepare(ByteSource& source, const DigestSet& known, const S3Protection& protection);
  S3Body(S3Body&&) noexcept;
  ~S3Body();

  // Sets body, checksum headers and payload hash of a request that has none of them.
  void AttachTo(S3Request& request) const;

  // Whether it can be sent a second time.
  bool resendable() const { return memory_ != nullptr; }
  // The bytes; only if it is resendable.
  std::span<const std::byte> bytes() const { return memory_->bytes(); }

  // The digest that the service was given; none without a checksum, or if the body was not read to
  // its end.
  std::optional<Digest> sent() const;
  // All digests of the body that are known by now.
  DigestSet known() const;

 private:
  S3Body();

  ByteSource* source_ = nullptr;
  const MemorySource* memory_ = nullptr;
  S3Protection protection_;
  std::optional<DigestKind> kind_;  // Sent as a header.
  DigestSet digests_;
  std::unique_ptr<class TrailerSource> trailer_;
  std::unique_ptr<class Md5Source> md5_;
};

// The digest kind that a checksum setting sends; none for kAuto and kNone.
std::optional<DigestKind> KindOfChecksum(S3Checksum checksum);

}  // namespace godwit

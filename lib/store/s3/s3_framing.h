#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "godwit/byte_stream.h"
#include "godwit/digest.h"
#include "godwit/result.h"
#include "lib/auth/sigv4.h"
#include "lib/crypto/md5.h"

// Bodies that change, or watch, what passes through them. All read their source once, from the
// first byte to the last, for a reader that does the same; a reader that begins again at 0 makes
// them begin again. One thread at a time; they borrow their source.

namespace godwit {

// Reads a source in order, and says so when it cannot go back.
class OrderedReader {
 public:
  explicit OrderedReader(ByteSource& source) : source_(source) {}
  std::uint64_t offset() const { return offset_; }
  void Restart() { offset_ = 0; }
  // Fills a prefix of `buffer`; 0 only at the end. A source that ends early is kCorrupted.
  Result<std::size_t> Read(std::span<std::byte> buffer);

 private:
  ByteSource& source_;
  std::uint64_t offset_ = 0;
};

// Passes the bytes on and computes their MD5.
class Md5Source final : public ByteSource {
 public:
  explicit Md5Source(ByteSource& source) : source_(source), reader_(source) {}
  std::uint64_t size_bytes() const override { return source_.size_bytes(); }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override;
  // Of the whole body; only once the end was read.
  std::optional<Digest> digest() const { return digest_; }

 private:
  ByteSource& source_;
  OrderedReader reader_;
  Md5Hasher hasher_;
  std::optional<Digest> digest_;
};

// A body framed as aws-chunked: pieces with a head each, and an end.
class FramedSource : public ByteSource {
 public:
  std::uint64_t size_bytes() const final { return size_bytes_; }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) final;

 protected:
  // `head_extra_bytes`: what Head adds to "HEX\r\n"; `tail_bytes`: the size of the tail.
  FramedSource(ByteSource& body, std::size_t head_extra_bytes, std::size_t tail_bytes);
  std::uint64_t data_bytes() const { return data_bytes_; }

 private:
  // The body begins, perhaps again.
  virtual void OnRestart() = 0;
  // The bytes of a piece are known; returns what stands between its length and the line end.
  virtual std::string OnPiece(std::span<const std::byte> piece) = 0;
  // All pieces were read; returns what ends the body.
  virtual std::string OnEnd() = 0;

  Status NextFrame();

  const std::uint64_t data_bytes_;
  std::uint64_t size_bytes_ = 0;
  OrderedReader reader_;
  std::vector<std::byte> piece_;
  std::string frame_;              // The piece being sent, with all around it.
  std::uint64_t frame_begin_ = 0;  // Its offset in the framed body.
  bool ended_ = false;
};

// With a checksum (kCrc64Nvme or kCrc32c) behind it, unsigned.
class TrailerSource final : public FramedSource {
 public:
  TrailerSource(ByteSource& body, DigestKind kind);
  DigestKind kind() const { return kind_; }
  // Of the whole body; only once the end was read.
  std::optional<Digest> digest() const { return digest_; }

 private:
  void OnRestart() override;
  std::string OnPiece(std::span<const std::byte> piece) override;
  std::string OnEnd() override;

  const DigestKind kind_;
  std::uint64_t crc64nvme_ = 0;
  std::uint32_t crc32c_ = 0;
  std::optional<Digest> digest_;
};

// With a signature for each piece, which continues that of the request.
class SignedSource final : public FramedSource {
 public:
  SignedSource(ByteSource& body, SigV4ChunkSigner signer);
  // The size of such a body with so many bytes of data.
  static std::uint64_t FramedBytes(std::uint64_t data_bytes);

 private:
  void OnRestart() override;
  std::string OnPiece(std::span<const std::byte> piece) override;
  std::string OnEnd() override;

  const SigV4ChunkSigner first_;
  SigV4ChunkSigner signer_;
};

}  // namespace godwit

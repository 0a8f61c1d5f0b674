#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "godwit/byte_stream.h"
#include "godwit/digest.h"

// Bodies made of other bodies. One thread at a time; they borrow their source. A source that can
// be read only once is read once, from its first byte to its last.

namespace godwit {

// Bytes [begin, begin + length) of a source.
class SourceRange final : public ByteSource {
 public:
  SourceRange(ByteSource& source, std::uint64_t begin, std::uint64_t length)
      : source_(source), begin_(begin), length_(length) {}
  std::uint64_t size_bytes() const override { return length_; }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override;

 private:
  ByteSource& source_;
  const std::uint64_t begin_;
  const std::uint64_t length_;
};

// A source that is hashed as its bytes pass in order for the first time.
class HashedSource final : public ByteSource {
 public:
  explicit HashedSource(ByteSource& source) : source_(source) {}
  std::uint64_t size_bytes() const override { return source_.size_bytes(); }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override;
  // Of the whole source, once it was read to its end.
  std::optional<Digest> crc32c() const;

 private:
  ByteSource& source_;
  std::uint64_t hashed_bytes_ = 0;
  std::uint32_t crc_ = 0;
};

// A source with text before and behind it.
class FramedText final : public ByteSource {
 public:
  FramedText(std::string head, ByteSource& source, std::string tail)
      : head_(std::move(head)), source_(source), tail_(std::move(tail)) {}
  std::uint64_t size_bytes() const override {
    return head_.size() + source_.size_bytes() + tail_.size();
  }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override;

 private:
  const std::string head_;
  ByteSource& source_;
  const std::string tail_;
};

}  // namespace godwit

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "godwit/byte_stream.h"
#include "godwit/digest.h"

namespace godwit {

inline std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// `size` bytes that look random and are the same each time.
std::string PatternBytes(std::size_t size, std::uint64_t seed = 1);

// Both CRCs of `text`, as callers give them to a write.
DigestSet CrcsOf(std::string_view text);

// Collects what it gets; fails, or calls `at_write`, where it is told to.
class CollectSink final : public ByteSink {
 public:
  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override;

  std::string bytes;
  std::uint64_t first_offset = 0;
  int restarts = 0;  // How often it began again at the first offset.
  Status failure;    // Every Write answers this.
  std::function<void()> at_write;

 private:
  bool begun_ = false;
};

// A body that is not what it promises, or that calls `at_read`.
class TestSource final : public ByteSource {
 public:
  explicit TestSource(std::string_view bytes) : bytes_(bytes), claimed_size_(bytes.size()) {}

  std::uint64_t size_bytes() const override { return claimed_size_; }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override;

  void ClaimSize(std::uint64_t size) { claimed_size_ = size; }
  void FailAt(std::uint64_t offset, Status status) {
    fail_offset_ = offset;
    failure_ = std::move(status);
  }

  std::function<void()> at_read;
  int reads = 0;

 private:
  std::string_view bytes_;
  std::uint64_t claimed_size_;
  std::uint64_t fail_offset_ = 0;
  Status failure_;
};

}  // namespace godwit

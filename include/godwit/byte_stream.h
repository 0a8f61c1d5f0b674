#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "godwit/result.h"

namespace godwit {

// Takes the bytes of a read, by offset within the object.
//
// Calls come from one thread, in ascending order without gaps. A read that is attempted again
// begins again at its first offset; whoever passes a sink to something that repeats must accept
// that. A failed Write ends the read, which then returns the sink's Status.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Status Write(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  // Saves a copy: memory of the sink into which the reader may put the bytes from `offset`, up to
  // `size_bytes` of them, before it gives that same memory to Write. Empty: there is none.
  virtual std::span<std::byte> Room(std::uint64_t offset, std::size_t size_bytes);
};

// Provides the body of a write. The store may read it from any offset, and any part of it again,
// as often as a resend needs; the bytes must be the same each time. One thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size_bytes() const = 0;
  // Fills a prefix of `buffer` from `offset` and returns how many bytes; 0 only at the end.
  virtual Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) = 0;
};

// A ByteSource over memory that the caller keeps alive.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t size_bytes() const override { return bytes_.size(); }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override;
  // The whole body, for stores that can send it without a copy.
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace godwit

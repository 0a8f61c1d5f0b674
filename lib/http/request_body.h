#pragma once

#include <cstdint>
#include <span>

#include "godwit/byte_stream.h"

namespace godwit {

// The body of one request on its way to libcurl: a cursor over a ByteSource that keeps the first
// failure. One thread at a time.
class RequestBody {
 public:
  explicit RequestBody(ByteSource* source);  // Null: no body.

  bool present() const { return source_ != nullptr; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  // The body itself, where it lies in memory.
  const MemorySource* memory() const { return memory_; }

  // Fills a prefix of `buffer` and moves on; 0 only at the end. A source that ends before its size
  // fails with kCorrupted: its bytes changed while they were sent.
  Result<std::size_t> ReadNext(std::span<std::byte> buffer);
  // Fills all of `buffer`, whose size must not be beyond the end.
  Status ReadAll(std::span<std::byte> buffer);
  void Seek(std::uint64_t offset) { offset_ = offset; }

 private:
  ByteSource* source_;
  const MemorySource* memory_;
  std::uint64_t size_bytes_;
  std::uint64_t offset_ = 0;
};

}  // namespace godwit

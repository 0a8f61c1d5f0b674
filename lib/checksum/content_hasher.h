#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "godwit/digest.h"

namespace godwit {

// Both CRCs and the size of a run of bytes; runs that follow each other combine.
struct ContentSum {
  std::uint64_t size_bytes = 0;
  std::uint64_t crc64nvme = 0;
  std::uint32_t crc32c = 0;

  // The sum of this run followed by `next`.
  ContentSum Then(const ContentSum& next) const;
  DigestSet digests() const;
  bool operator==(const ContentSum& other) const = default;
};

// Hashes bytes once, as they pass. One thread at a time.
class ContentHasher {
 public:
  void Update(std::span<const std::byte> bytes);
  const ContentSum& sum() const { return sum_; }

 private:
  ContentSum sum_;
};

// XXH3-128 of one chunk, compiled for the best instruction set and chosen at run time.
Digest Xxh3(std::span<const std::byte> bytes);

}  // namespace godwit

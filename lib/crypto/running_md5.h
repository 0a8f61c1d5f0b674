#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/crypto/md5.h"

namespace godwit {

// The MD5 of input that one process begins to hash and another one goes on with. One thread at a
// time.
class RunningMd5 {
 public:
  RunningMd5() = default;
  // Goes on after what State() told; none if `state` is nothing that it tells.
  static std::optional<RunningMd5> After(std::string_view state);

  void Update(std::span<const std::byte> bytes);
  // All that later input needs: up to 87 bytes, the same on every machine.
  std::string State() const;
  std::uint64_t size_bytes() const { return size_bytes_; }
  // The hash of everything so far; more may follow.
  Md5Bytes Hash() const;

 private:
  static constexpr std::size_t kBlockBytes = 64;

  std::array<std::uint32_t, 4> chain_ = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::uint64_t size_bytes_ = 0;
  std::string pending_;  // What does not fill a block yet.
};

}  // namespace godwit

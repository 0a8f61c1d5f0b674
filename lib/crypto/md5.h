#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/crypto/digest_context.h"

namespace godwit {

// The 16 bytes of an MD5: an ETag or a Content-MD5, never protection against an adversary.
using Md5Bytes = std::array<std::uint8_t, 16>;

// The hash of the whole input. Works also where the system's policy forbids MD5 for security. Safe
// from any thread.
Md5Bytes Md5(std::span<const std::byte> bytes);
Md5Bytes Md5(std::string_view bytes);

// Hashes input that comes in pieces. Movable, not copyable; a moved-from hasher may only be
// destroyed or assigned to. One thread at a time.
class Md5Hasher {
 public:
  void Update(std::span<const std::byte> bytes) { context_.Update(bytes); }
  void Update(std::string_view bytes);
  // The hash of everything since the beginning or the last Finish; the hasher then begins anew.
  Md5Bytes Finish();

 private:
  internal::DigestContext context_{internal::HashName::kMd5};
};

}  // namespace godwit

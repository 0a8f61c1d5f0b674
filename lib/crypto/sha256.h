#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/crypto/digest_context.h"

namespace godwit {

// The 32 bytes of a SHA-256.
using Sha256Bytes = std::array<std::uint8_t, 32>;

// The hash of the whole input. Safe from any thread.
Sha256Bytes Sha256(std::span<const std::byte> bytes);
Sha256Bytes Sha256(std::string_view bytes);

// Hashes input that comes in pieces. Movable, not copyable; a moved-from hasher may only be
// destroyed or assigned to. One thread at a time.
class Sha256Hasher {
 public:
  void Update(std::span<const std::byte> bytes) { context_.Update(bytes); }
  void Update(std::string_view bytes);
  // The hash of everything since the beginning or the last Finish; the hasher then begins anew.
  Sha256Bytes Finish();

 private:
  internal::DigestContext context_{internal::HashName::kSha256};
};

}  // namespace godwit

#include "lib/crypto/sha256.h"

namespace godwit {

Sha256Bytes Sha256(std::span<const std::byte> bytes) {
  Sha256Bytes hash;
  internal::HashOnce(internal::HashName::kSha256, bytes, hash);
  return hash;
}

Sha256Bytes Sha256(std::string_view bytes) { return Sha256(std::as_bytes(std::span(bytes))); }

void Sha256Hasher::Update(std::string_view bytes) { Update(std::as_bytes(std::span(bytes))); }

Sha256Bytes Sha256Hasher::Finish() {
  Sha256Bytes hash;
  context_.Finish(hash);
  return hash;
}

}  // namespace godwit

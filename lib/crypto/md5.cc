#include "lib/crypto/md5.h"

namespace godwit {

Md5Bytes Md5(std::span<const std::byte> bytes) {
  Md5Bytes hash;
  internal::HashOnce(internal::HashName::kMd5, bytes, hash);
  return hash;
}

Md5Bytes Md5(std::string_view bytes) { return Md5(std::as_bytes(std::span(bytes))); }

void Md5Hasher::Update(std::string_view bytes) { Update(std::as_bytes(std::span(bytes))); }

Md5Bytes Md5Hasher::Finish() {
  Md5Bytes hash;
  context_.Finish(hash);
  return hash;
}

}  // namespace godwit

#include "lib/base/digest_text.h"

#include "lib/base/text.h"

namespace godwit {

std::string Base64Of(const Digest& digest) {
  return Base64Encode(
      {reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()});
}

std::optional<Digest> DigestFromBase64(DigestKind kind, std::string_view text) {
  const std::optional<std::string> bytes = Base64Decode(text);
  if (!bytes.has_value() || bytes->size() != DigestSize(kind)) return std::nullopt;
  return Digest(kind, {reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
}

}  // namespace godwit

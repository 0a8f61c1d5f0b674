#include "lib/store/crc_claim.h"

#include "lib/base/text.h"

namespace godwit {

ObjectAttributes WithClaim(const ObjectAttributes& attributes, const DigestSet& digests,
                           bool service_keeps_it) {
  ObjectAttributes claimed = attributes;
  const Digest* crc = digests.Find(DigestKind::kCrc64Nvme);
  if (!service_keeps_it && crc != nullptr && !claimed.claimed_crc64nvme.has_value()) {
    claimed.claimed_crc64nvme = crc->crc64nvme();
  }
  return claimed;
}

std::string ClaimText(std::uint64_t value) { return Digest::Crc64Nvme(value).hex(); }

std::optional<std::uint64_t> ParseClaim(std::string_view text) {
  const std::optional<std::string> bytes = text.size() == 16 ? HexDecode(text) : Base64Decode(text);
  if (!bytes.has_value() || bytes->size() != 8) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : *bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

}  // namespace godwit

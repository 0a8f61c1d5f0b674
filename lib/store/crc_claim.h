#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/digest.h"
#include "godwit/object_meta.h"

// godwit's own claim of a content's CRC64NVME, as metadata of objects in services that keep no such
// digest. Pure.

namespace godwit {

inline constexpr std::string_view kClaimName = "godwit_crc64nvme";

// The attributes, and where the service will not keep the CRC64NVME itself, the claim of it.
ObjectAttributes WithClaim(const ObjectAttributes& attributes, const DigestSet& digests,
                           bool service_keeps_it);

std::string ClaimText(std::uint64_t value);                      // 16 hex digits.
std::optional<std::uint64_t> ParseClaim(std::string_view text);  // Also base64.

}  // namespace godwit

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/secret.h"

// Block ids that tell whose block it is, which one, and what is in it, so that the service's own
// list of them is enough to go on with an upload. Pure.
//
// An id is text of a fixed width: "gw1", eight hex digits of the upload, five digits of the index,
// 16 hex digits of the CRC64NVME (dots where it was not known beforehand), and dots up to the
// width. Azure wants all ids of a blob to be of one length.

namespace godwit {

inline constexpr std::size_t kAzureBlockIdWidth = 32;     // The least, and usual, width.
inline constexpr std::size_t kAzureBlockIdWidthMax = 64;  // What Azure takes.

// An upload: nothing of it is known to the service but in the ids of its blocks.
struct AzureUpload {
  std::string identity;  // Eight hex digits.
  std::size_t width = kAzureBlockIdWidth;

  Secret ToId() const;
  static std::optional<AzureUpload> FromId(const Secret& id);
};

struct AzureBlockId {
  std::string identity;
  std::uint32_t index = 0;
  std::optional<std::uint64_t> crc64nvme;

  static std::optional<AzureBlockId> Parse(std::string_view text);
};
std::string FormatAzureBlockId(const AzureUpload& upload, std::uint32_t index,
                               std::optional<std::uint64_t> crc64nvme);

// The token of a part: its block id, and how its bytes are known to be right if the id does not
// say it.
struct AzurePartToken {
  enum class Proof : std::uint8_t {
    kNone,    // Nothing, unless the id holds the CRC.
    kEchoed,  // The service told the CRC of what came, and it was ours.
    kCopied,  // The service copied the bytes itself.
  };
  std::string block_id;
  Proof proof = Proof::kNone;

  std::string ToText() const;
  static AzurePartToken FromText(std::string_view text);
};

}  // namespace godwit

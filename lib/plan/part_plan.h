#pragma once

#include <cstdint>
#include <optional>

#include "godwit/capabilities.h"
#include "godwit/result.h"

namespace godwit {

// How one object travels: whole, or in parts of one size (the last may be smaller).
struct PartPlan {
  bool multipart = false;
  std::uint64_t part_size_bytes = 0;
  std::uint32_t part_count = 1;

  std::uint64_t OffsetOf(std::uint32_t index) const { return index * part_size_bytes; }
};

// Fails with kInvalidArgument, naming option, value and limit, if the target takes no parts of the
// size that --part-size gives, whatever the object.
Status CheckPartSize(std::uint64_t option, const Capabilities& target);

// A pure function of object size, the --part-size option and the target's capabilities (sync.md
// section 5): auto is 16 MiB, or size/9,000 rounded up to 8 MiB if that is more; never under the
// target's minimum. Fails with kInvalidArgument, naming option, value and limit, where the option
// cannot be kept, and with kUnsupported where the target cannot hold the object.
Result<PartPlan> PlanParts(std::uint64_t size_bytes, std::optional<std::uint64_t> part_size_option,
                           const Capabilities& target);

}  // namespace godwit

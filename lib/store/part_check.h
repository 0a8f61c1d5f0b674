#pragma once

#include <cstdint>
#include <span>

#include "godwit/status.h"
#include "godwit/store_messages.h"

namespace godwit {

// Fails with kInvalidArgument unless the parts of an upload come in order, without a gap, and add
// up to `size_bytes`. Pure.
Status CheckParts(std::span<const PartReceipt> parts, std::uint64_t size_bytes);

}  // namespace godwit

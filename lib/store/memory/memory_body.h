#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "godwit/byte_stream.h"
#include "godwit/call_context.h"
#include "godwit/result.h"
#include "godwit/store_messages.h"
#include "lib/base/clock.h"

namespace godwit {

// Reads the whole of `source`. Fails with kUnavailable if it ends before its own size.
Result<std::vector<std::byte>> ReadBody(const CallContext& context, const Clock& clock,
                                        ByteSource& source);

// Compares `bytes` with every digest given. Fails with kCorrupted.
Result<WriteProof> CheckBody(const DigestSet& expected, std::span<const std::byte> bytes);

// How many bytes a Get asks for of an object of `size_bytes`. Fails with kInvalidArgument if the
// range does not lie within it.
Result<std::uint64_t> RangeLength(const GetOptions& options, std::uint64_t size_bytes);

}  // namespace godwit

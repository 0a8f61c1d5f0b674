#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/result.h"

// Many small calls in one request (multipart/mixed of application/http). Pure.

namespace godwit {

// The body for calls without a body of their own: "DELETE /path?query".
std::string MakeGcsBatch(std::span<const std::string> calls, std::string_view boundary);

// The answer to one call of a batch.
struct GcsBatchAnswer {
  int status = 0;
  std::string body;
};
// One answer for each of `count` calls, in their order. Fails with kCorrupted unless each has
// exactly one.
Result<std::vector<GcsBatchAnswer>> ReadGcsBatch(std::string_view content_type,
                                                 std::string_view body, std::size_t count);

}  // namespace godwit

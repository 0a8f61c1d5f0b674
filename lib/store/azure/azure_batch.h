#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/result.h"
#include "lib/http/transport.h"

// The multipart/mixed bodies of a batch. Pure.

namespace godwit {

struct AzureBatchPart {
  std::string target;  // Path and query.
  HttpHeaders headers;
};
// DELETE requests, numbered from 0 by their Content-ID.
std::string AzureBatchBody(std::string_view boundary, const std::vector<AzureBatchPart>& parts);

// The answers of a batch of `count` requests, in the order of the requests. Fails with kCorrupted
// unless there is exactly one for each.
Result<std::vector<HttpResponse>> ReadAzureBatch(std::string_view content_type,
                                                 std::string_view body, std::size_t count);

}  // namespace godwit

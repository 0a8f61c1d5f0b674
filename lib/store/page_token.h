#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace godwit {

// Two strings as one that SplitPair takes apart again: page tokens that carry what their page must
// lie behind. Pure.
std::string JoinPair(std::string_view first, std::string_view second);
std::optional<std::pair<std::string, std::string>> SplitPair(std::string_view text);

}  // namespace godwit

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Page tokens that hold more than what the service gave out. Pure.

namespace godwit {

// Two strings as one that SplitPair takes apart again: for tokens.
std::string JoinPair(std::string_view first, std::string_view second);
std::optional<std::pair<std::string, std::string>> SplitPair(std::string_view text);

}  // namespace godwit

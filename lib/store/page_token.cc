#include "lib/store/page_token.h"

#include <cstdint>

#include "lib/base/text.h"

namespace godwit {

std::string JoinPair(std::string_view first, std::string_view second) {
  std::string joined = std::to_string(first.size());
  return joined.append(":").append(first).append(second);
}

std::optional<std::pair<std::string, std::string>> SplitPair(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint64_t> length = ParseUint64(text.substr(0, colon));
  const std::string_view rest = text.substr(colon + 1);
  if (!length.has_value() || *length > rest.size()) return std::nullopt;
  return std::pair(std::string(rest.substr(0, *length)), std::string(rest.substr(*length)));
}

}  // namespace godwit

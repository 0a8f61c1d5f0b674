#include "lib/store/azure/azure_names.h"

#include <optional>

#include "lib/base/text.h"
#include "lib/http/ascii.h"

namespace godwit {
namespace {

bool StaysItself(std::string_view name, std::size_t at) {
  const char c = name[at];
  if (c == '_') return at + 1 == name.size() || name[at + 1] != 'x';
  return IsAsciiAlpha(c) || (IsAsciiDigit(c) && at > 0);
}

// The byte of an escape at `at`, if there is one.
std::optional<char> EscapeAt(std::string_view name, std::size_t at) {
  if (name.substr(at, 2) != "_x" || at + 4 > name.size()) return std::nullopt;
  const std::optional<std::string> byte = HexDecode(name.substr(at + 2, 2));
  if (!byte.has_value()) return std::nullopt;
  return byte->front();
}

}  // namespace

std::string EncodeMetadataName(std::string_view name) {
  std::string encoded;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (StaysItself(name, i)) {
      encoded += name[i];
    } else {
      encoded.append("_x").append(HexEncode(name.substr(i, 1)));
    }
  }
  return encoded;
}

std::string DecodeMetadataName(std::string_view name) {
  if (name.find("_x") == std::string_view::npos) return std::string(name);
  std::string decoded;
  for (std::size_t i = 0; i < name.size();) {
    const std::optional<char> byte = EscapeAt(name, i);
    decoded += byte.value_or(name[i]);
    i += byte.has_value() ? 4 : 1;
  }
  const bool ours = IsValidUtf8(decoded) && EncodeMetadataName(decoded) == name;
  return ours ? decoded : std::string(name);
}

}  // namespace godwit

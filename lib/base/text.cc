#include "lib/base/text.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace godwit {
namespace {

constexpr std::string_view kHexLower = "0123456789abcdef";
constexpr std::string_view kHexUpper = "0123456789ABCDEF";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::uint8_t Byte(char c) { return static_cast<std::uint8_t>(c); }

bool IsContinuation(char c) { return (Byte(c) & 0xC0) == 0x80; }

// The length of the valid UTF-8 sequence at `at` and its code point; length 0 if there is none.
struct Sequence {
  std::size_t length = 0;
  char32_t code_point = 0;
};

Sequence DecodeUtf8(std::string_view text, std::size_t at) {
  const std::uint8_t lead = Byte(text[at]);
  if (lead < 0x80) return {1, lead};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return {};
  char32_t code_point = lead & (0xFF >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[at + i])) return {};
    code_point = code_point << 6 | (Byte(text[at + i]) & 0x3F);
  }
  static constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kLeast[length] || code_point > 0x10FFFF || surrogate) return {};
  return {length, code_point};
}

// Control characters and those that change the direction of the text around them.
bool IsHarmful(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
         c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void AppendEscaped(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    out += "\\x";
    out += kHexLower[Byte(c) >> 4];
    out += kHexLower[Byte(c) & 15];
  }
}

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array<Unit, 14> kUnits{{
    {"", 1},
    {"B", 1},
    {"kB", 1000},
    {"KB", 1000},
    {"KiB", 1ULL << 10},
    {"K", 1ULL << 10},
    {"MB", 1'000'000},
    {"MiB", 1ULL << 20},
    {"M", 1ULL << 20},
    {"GB", 1'000'000'000},
    {"GiB", 1ULL << 30},
    {"G", 1ULL << 30},
    {"TB", 1'000'000'000'000},
    {"TiB", 1ULL << 40},
}};

}  // namespace

std::string EscapeForDisplay(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const Sequence sequence = DecodeUtf8(bytes, at);
    const std::size_t length = std::max<std::size_t>(sequence.length, 1);
    const std::string_view part = bytes.substr(at, length);
    if (sequence.length == 0 || IsHarmful(sequence.code_point)) {
      AppendEscaped(out, part);
    } else {
      out += part;
    }
    at += length;
  }
  return out;
}

bool IsValidUtf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const Sequence sequence = DecodeUtf8(bytes, at);
    if (sequence.length == 0) return false;
    at += sequence.length;
  }
  return true;
}

std::optional<std::uint64_t> ParseUint64(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> ParseByteSize(std::string_view text) {
  const std::size_t number_end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, number_end);
  const std::string_view unit_name = text.substr(number_end);
  const auto* unit = std::find_if(kUnits.begin(), kUnits.end(),
                                  [&](const Unit& u) { return u.name == unit_name; });
  if (unit == kUnits.end()) return std::nullopt;
  const std::size_t dot = number.find('.');
  const std::optional<std::uint64_t> whole = ParseUint64(number.substr(0, dot));
  if (!whole || *whole > UINT64_MAX / unit->bytes) return std::nullopt;
  std::uint64_t bytes = *whole * unit->bytes;
  if (dot == std::string_view::npos) return bytes;
  const std::string_view digits = number.substr(dot + 1);
  if (digits.empty() || unit->bytes == 1) return std::nullopt;
  // From the last digit to the first, in integers: 0.0157 MB has no exact binary fraction.
  std::uint64_t extra = 0;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    if (*digit == '.') return std::nullopt;
    extra = (extra + static_cast<std::uint64_t>(*digit - '0') * unit->bytes) / 10;
  }
  if (bytes > UINT64_MAX - extra) return std::nullopt;
  return bytes + extra;
}

std::string FormatByteSize(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> kNames{" KiB", " MiB", " GiB", " TiB", " PiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes) / 1024;
  std::size_t name = 0;
  while (value >= 1023.95 && name + 1 < kNames.size()) {
    value /= 1024;
    ++name;
  }
  const auto tenths = static_cast<std::uint64_t>(value * 10 + 0.5);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) +
         std::string(kNames[name]);
}

std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  struct DurationUnit {
    std::string_view name;
    std::int64_t milliseconds;
  };
  static constexpr std::array<DurationUnit, 6> kDurations{{{"ms", 1},
                                                           {"s", 1000},
                                                           {"m", 60'000},
                                                           {"h", 3'600'000},
                                                           {"d", 86'400'000},
                                                           {"w", 604'800'000}}};
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::uint64_t> count = ParseUint64(text.substr(0, end));
  if (!count) return std::nullopt;
  for (const DurationUnit& unit : kDurations) {
    if (unit.name != text.substr(end)) continue;
    if (*count > static_cast<std::uint64_t>(INT64_MAX / unit.milliseconds)) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*count) * unit.milliseconds);
  }
  return std::nullopt;
}

std::string HexEncode(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text += kHexLower[Byte(c) >> 4];
    text += kHexLower[Byte(c) & 15];
  }
  return text;
}

std::optional<std::string> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::string PercentEncode(std::string_view bytes, bool keep_slash) {
  std::string text;
  text.reserve(bytes.size() + 16);
  for (const char c : bytes) {
    if (IsUnreserved(c) || (keep_slash && c == '/')) {
      text += c;
    } else {
      text += '%';
      text += kHexUpper[Byte(c) >> 4];
      text += kHexUpper[Byte(c) & 15];
    }
  }
  return text;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexValue(text[i + 1]);
    const int low = HexValue(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return bytes;
}

std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace godwit

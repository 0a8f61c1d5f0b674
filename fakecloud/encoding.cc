#include "fakecloud/encoding.h"

#include <time.h>

#include <array>
#include <limits>

namespace fakecloud {
namespace {

constexpr char kUpperHex[] = "0123456789ABCDEF";
constexpr char kLowerHex[] = "0123456789abcdef";
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

unsigned Byte(char c) { return static_cast<unsigned char>(c); }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void AppendPercent(std::string& out, char c) {
  out += '%';
  out += kUpperHex[Byte(c) >> 4];
  out += kUpperHex[Byte(c) & 15];
}

int Base64Value(char c) {
  static const std::array<signed char, 256> kValues = [] {
    std::array<signed char, 256> values;
    values.fill(-1);
    for (int i = 0; i < 64; ++i) values[Byte(kBase64[i])] = static_cast<signed char>(i);
    return values;
  }();
  return kValues[Byte(c)];
}

// Number of continuation bytes after `lead`, or -1 if it cannot begin a sequence.
int Utf8Tail(unsigned lead) {
  if (lead < 0x80) return 0;
  if (lead >= 0xC2 && lead <= 0xDF) return 1;
  if (lead >= 0xE0 && lead <= 0xEF) return 2;
  if (lead >= 0xF0 && lead <= 0xF4) return 3;
  return -1;
}

bool SecondByteIsRight(unsigned lead, unsigned second) {
  if (lead == 0xE0) return second >= 0xA0;
  if (lead == 0xED) return second <= 0x9F;
  if (lead == 0xF0) return second >= 0x90;
  if (lead == 0xF4) return second <= 0x8F;
  return true;
}

}  // namespace

std::string ToHex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    out += kLowerHex[Byte(c) >> 4];
    out += kLowerHex[Byte(c) & 15];
  }
  return out;
}

std::string ToBase64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned word = Byte(bytes[i]) << 16;
    if (count > 1) word |= Byte(bytes[i + 1]) << 8;
    if (count > 2) word |= Byte(bytes[i + 2]);
    out += kBase64[word >> 18];
    out += kBase64[(word >> 12) & 63];
    out += count > 1 ? kBase64[(word >> 6) & 63] : '=';
    out += count > 2 ? kBase64[word & 63] : '=';
  }
  return out;
}

std::optional<std::string> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const int padding = !last ? 0 : (text[i + 3] != '=' ? 0 : (text[i + 2] == '=' ? 2 : 1));
    unsigned word = 0;
    for (int j = 0; j < 4; ++j) {
      const int value = j >= 4 - padding ? 0 : Base64Value(text[i + static_cast<std::size_t>(j)]);
      if (value < 0) return std::nullopt;
      word = word << 6 | static_cast<unsigned>(value);
    }
    for (int j = 0; j < 3 - padding; ++j) out += static_cast<char>((word >> (16 - 8 * j)) & 255);
  }
  return out;
}

std::optional<std::string> DecodePercent(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexValue(text[i + 1]), low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string EncodeCanonical(std::string_view bytes, bool keep_slash) {
  std::string out;
  out.reserve(bytes.size());
  for (char c : bytes) {
    const bool plain = IsAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain || (c == '/' && keep_slash)) {
      out += c;
    } else {
      AppendPercent(out, c);
    }
  }
  return out;
}

std::string EncodeForListing(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (char c : bytes) {
    if (IsAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '*' || c == '/') {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      AppendPercent(out, c);
    }
  }
  return out;
}

std::string EscapeXml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (Byte(c) >= 0x20) {
          out += c;
        } else {
          out += "&#x";
          if (Byte(c) >= 16) out += '1';
          out += kUpperHex[Byte(c) & 15];
          out += ';';
        }
    }
  }
  return out;
}

bool IsUtf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const unsigned lead = Byte(bytes[i]);
    const int tail = Utf8Tail(lead);
    if (tail < 0 || i + static_cast<std::size_t>(tail) >= bytes.size()) return false;
    for (int j = 1; j <= tail; ++j) {
      const unsigned next = Byte(bytes[i + static_cast<std::size_t>(j)]);
      if ((next & 0xC0) != 0x80) return false;
      if (j == 1 && !SecondByteIsRight(lead, next)) return false;
    }
    i += static_cast<std::size_t>(tail) + 1;
  }
  return true;
}

bool HasPrefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string LowerCase(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<std::uint64_t> ParseDecimal(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

bool GlobMatches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
      continue;
    }
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    const char want = p < pattern.size() ? pattern[p + (escaped ? 1 : 0)] : '\0';
    if (p < pattern.size() && ((want == '?' && !escaped) || want == text[t])) {
      p += escaped ? 2 : 1;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

namespace {

std::string FormatTime(std::int64_t unix_seconds, const char* format) {
  const time_t when = static_cast<time_t>(unix_seconds);
  tm parts{};
  gmtime_r(&when, &parts);
  std::array<char, 64> buffer{};
  const std::size_t size = strftime(buffer.data(), buffer.size(), format, &parts);
  return std::string(buffer.data(), size);
}

std::optional<std::int64_t> ParseTime(std::string_view text, const char* format) {
  tm parts{};
  const std::string copy(text);
  const char* end = strptime(copy.c_str(), format, &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<std::int64_t>(timegm(&parts));
}

}  // namespace

std::string FormatIsoTime(std::int64_t unix_seconds) {
  return FormatTime(unix_seconds, "%Y-%m-%dT%H:%M:%S.000Z");
}

std::string FormatHttpTime(std::int64_t unix_seconds) {
  return FormatTime(unix_seconds, "%a, %d %b %Y %H:%M:%S GMT");
}

std::optional<std::int64_t> ParseHttpTime(std::string_view text) {
  return ParseTime(text, "%a, %d %b %Y %H:%M:%S GMT");
}

std::optional<std::int64_t> ParseBasicTime(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  return ParseTime(text, "%Y%m%dT%H%M%SZ");
}

}  // namespace fakecloud

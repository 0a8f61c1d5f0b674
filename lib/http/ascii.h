#pragma once

#include <string_view>

namespace godwit {

// ASCII by itself, independent of the locale. Pure.

inline bool IsAsciiDigit(char c) { return c >= '0' && c <= '9'; }
inline bool IsAsciiAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool IsAsciiAlphanumeric(char c) { return IsAsciiDigit(c) || IsAsciiAlpha(c); }
inline char ToAsciiLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (ToAsciiLower(a[i]) != ToAsciiLower(b[i])) return false;
  }
  return true;
}

// True for the names of header fields and methods: RFC 9110 section 5.6.2.
inline bool IsHttpToken(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (IsAsciiAlphanumeric(c)) continue;
    if (std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace godwit

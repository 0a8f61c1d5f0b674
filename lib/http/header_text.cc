#include "lib/http/header_text.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/ascii.h"

namespace godwit {
namespace {

constexpr std::string_view kWordBegin = "=?UTF-8?B?";
// An encoded word has at most 75 characters: 45 bytes in base64 and its frame.
constexpr std::size_t kWordBytes = 45;

// The bytes of a code point stay in one word.
std::size_t WordLength(std::string_view text) {
  if (text.size() <= kWordBytes) return text.size();
  std::size_t length = kWordBytes;
  while (length > 1 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  return length;
}

std::string Latin1ToUtf8(std::string_view text) {
  std::string utf8;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xC0 | byte >> 6);
      utf8 += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return utf8;
}

std::optional<std::string> DecodeQuoted(std::string_view text) {
  std::string percent;
  for (const char c : text) {
    if (c == '%') {
      percent += "%25";
    } else {
      percent += c == '_' ? ' ' : c == '=' ? '%' : c;
    }
  }
  return PercentDecode(percent);
}

// The word at the beginning of `text`, decoded, and its length; none if there is none.
struct Word {
  std::string text;
  std::size_t length = 0;
};

std::optional<Word> DecodeWord(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() ||
      text[charset_end + 2] != '?') {
    return std::nullopt;
  }
  const std::size_t begin = charset_end + 3;
  const std::size_t end = text.find("?=", begin);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view charset = text.substr(2, charset_end - 2);
  const std::string_view body = text.substr(begin, end - begin);
  const char encoding = ToAsciiLower(text[charset_end + 1]);
  std::optional<std::string> bytes;
  if (encoding == 'b') bytes = Base64Decode(body);
  if (encoding == 'q') bytes = DecodeQuoted(body);
  if (!bytes.has_value()) return std::nullopt;
  if (EqualsIgnoreCase(charset, "iso-8859-1")) {
    bytes = Latin1ToUtf8(*bytes);
  } else if (!EqualsIgnoreCase(charset, "utf-8") && !EqualsIgnoreCase(charset, "us-ascii")) {
    return std::nullopt;
  }
  return Word{std::move(*bytes), end + 2};
}

}  // namespace

std::string EncodeHeaderText(std::string_view text) {
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  const bool trimmed = !text.starts_with(' ') && !text.ends_with(' ');
  // Text that looks like a word would be decoded by the reader.
  if (plain && trimmed && text.find("=?") == std::string_view::npos) return std::string(text);
  std::string encoded;
  while (!text.empty()) {
    const std::size_t length = WordLength(text);
    if (!encoded.empty()) encoded += ' ';
    encoded.append(kWordBegin).append(Base64Encode(text.substr(0, length))).append("?=");
    text.remove_prefix(length);
  }
  return encoded;
}

std::string DecodeHeaderText(std::string_view text) {
  std::string decoded;
  bool after_word = false;
  std::string_view gap;  // White space that vanishes between two words.
  while (!text.empty()) {
    if (std::optional<Word> word = DecodeWord(text)) {
      if (!after_word) decoded += gap;
      decoded += word->text;
      after_word = true;
      gap = {};
      text.remove_prefix(word->length);
      continue;
    }
    if (gap.empty() && (text[0] == ' ' || text[0] == '\t')) {
      gap = text.substr(0, std::min(text.find_first_not_of(" \t"), text.size()));
      text.remove_prefix(gap.size());
      continue;
    }
    decoded += gap;
    gap = {};
    after_word = false;
    decoded += text[0];
    text.remove_prefix(1);
  }
  return decoded.append(gap);
}

}  // namespace godwit

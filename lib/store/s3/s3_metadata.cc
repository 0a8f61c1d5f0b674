#include "lib/store/s3/s3_metadata.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "lib/auth/sigv4.h"
#include "lib/base/text.h"
#include "lib/http/ascii.h"
#include "lib/store/crc_claim.h"

namespace godwit {
namespace {

constexpr std::string_view kMetaPrefix = "x-amz-meta-";
constexpr std::string_view kMtime = "mtime";
constexpr std::string_view kWordBegin = "=?UTF-8?B?";
// An encoded word has at most 75 characters: 45 bytes in base64 and its frame.
constexpr std::size_t kWordBytes = 45;

bool IsUsableValue(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

Status BadValue(std::string_view name) {
  return Status(ErrorKind::kInvalidArgument,
                "the value of '" + std::string(name) + "' has a line break or a zero byte");
}

// The bytes of a code point stay in one word.
std::size_t WordLength(std::string_view text) {
  if (text.size() <= kWordBytes) return text.size();
  std::size_t length = kWordBytes;
  while (length > 1 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  return length;
}

Status AddContentHeader(std::string_view name, const std::string& value, HttpHeaders& headers) {
  if (value.empty()) return Status::Ok();
  if (!IsUsableValue(value)) return BadValue(name);
  headers.Add(name, value);
  return Status::Ok();
}

Status AddMetadata(const std::string& name, const std::string& value, HttpHeaders& headers) {
  if (!IsHttpToken(name)) {
    return Status(ErrorKind::kInvalidArgument,
                  "'" + EscapeForDisplay(name) + "' cannot be the name of S3 metadata");
  }
  if (!IsUsableValue(value)) return BadValue(name);
  headers.Add(std::string(kMetaPrefix) + name, EncodeHeaderText(value));
  return Status::Ok();
}

void TakeMetadata(std::string name, std::string_view raw, ObjectAttributes& attributes) {
  if (name == kMtime) {
    attributes.mtime = ParseEpochSeconds(raw);
    if (attributes.mtime.has_value()) return;
  }
  if (name == kClaimName) {
    attributes.claimed_crc64nvme = ParseClaim(raw);
    return;
  }
  std::string& value = attributes.user_metadata[std::move(name)];
  // One name in several fields is one list.
  value = value.empty() ? DecodeHeaderText(raw) : value + "," + DecodeHeaderText(raw);
}

// "gzip,aws-chunked" of servers that store the framing of the upload as if it were the object's.
std::string WithoutFraming(std::string_view encoding) {
  std::string kept;
  while (!encoding.empty()) {
    const std::size_t end = std::min(encoding.find(','), encoding.size());
    std::string_view item = encoding.substr(0, end);
    while (item.starts_with(' ')) item.remove_prefix(1);
    if (!EqualsIgnoreCase(item, "aws-chunked") && !item.empty()) {
      kept.append(kept.empty() ? "" : ",").append(item);
    }
    encoding.remove_prefix(std::min(end + 1, encoding.size()));
  }
  return kept;
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

Status AddAttributeHeaders(const ObjectAttributes& attributes, bool with_tags,
                           HttpHeaders& headers) {
  for (const auto& [name, value] :
       {std::pair<std::string_view, const std::string&>("content-type", attributes.content_type),
        {"cache-control", attributes.cache_control},
        {"content-encoding", attributes.content_encoding},
        {"content-disposition", attributes.content_disposition},
        {"content-language", attributes.content_language},
        {"x-amz-storage-class", attributes.storage_class}}) {
    GODWIT_RETURN_IF_ERROR(AddContentHeader(name, value, headers));
  }
  if (attributes.mtime.has_value()) {
    headers.Add(std::string(kMetaPrefix).append(kMtime), FormatEpochSeconds(*attributes.mtime));
  }
  if (attributes.claimed_crc64nvme.has_value()) {
    headers.Add(std::string(kMetaPrefix).append(kClaimName),
                ClaimText(*attributes.claimed_crc64nvme));
  }
  for (const auto& [name, value] : attributes.user_metadata) {
    GODWIT_RETURN_IF_ERROR(AddMetadata(name, value, headers));
  }
  if (with_tags && !attributes.tags.empty()) {
    QueryParameters tags(attributes.tags.begin(), attributes.tags.end());
    headers.Add("x-amz-tagging", CanonicalQuery(tags));
  }
  return Status::Ok();
}

ObjectAttributes AttributesFromHeaders(const HttpHeaders& headers) {
  ObjectAttributes attributes;
  for (const auto& [name, value] : headers.all()) {
    const std::string lower = AsciiLower(name);
    if (lower.starts_with(kMetaPrefix)) {
      TakeMetadata(lower.substr(kMetaPrefix.size()), value, attributes);
    } else if (lower == "content-type") {
      attributes.content_type = value;
    } else if (lower == "cache-control") {
      attributes.cache_control = value;
    } else if (lower == "content-encoding") {
      attributes.content_encoding = WithoutFraming(value);
    } else if (lower == "content-disposition") {
      attributes.content_disposition = value;
    } else if (lower == "content-language") {
      attributes.content_language = value;
    } else if (lower == "x-amz-storage-class") {
      attributes.storage_class = value;
    }
  }
  return attributes;
}

}  // namespace godwit

#include "lib/store/s3/s3_metadata.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "lib/auth/sigv4.h"
#include "lib/base/text.h"
#include "lib/http/ascii.h"
#include "lib/http/header_text.h"
#include "lib/store/crc_claim.h"

namespace godwit {
namespace {

constexpr std::string_view kMetaPrefix = "x-amz-meta-";
constexpr std::string_view kMtime = "mtime";

bool IsUsableValue(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

Status BadValue(std::string_view name) {
  return Status(ErrorKind::kInvalidArgument,
                "the value of '" + std::string(name) + "' has a line break or a zero byte");
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

}  // namespace

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

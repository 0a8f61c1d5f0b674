#include "lib/store/azure/azure_metadata.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "lib/auth/sigv4.h"
#include "lib/base/text.h"
#include "lib/http/ascii.h"
#include "lib/http/header_text.h"
#include "lib/store/azure/azure_names.h"
#include "lib/store/crc_claim.h"

namespace godwit {
namespace {

constexpr std::string_view kMetaPrefix = "x-ms-meta-";
constexpr std::string_view kMtime = "mtime";

Status CheckValue(std::string_view name, std::string_view value) {
  if (value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos) {
    return Status::Ok();
  }
  return Status(ErrorKind::kInvalidArgument,
                "the value of '" + EscapeForDisplay(name) + "' has a line break or a zero byte");
}

Status AddHeader(std::string_view name, const std::string& value, HttpHeaders& headers) {
  if (value.empty()) return Status::Ok();
  GODWIT_RETURN_IF_ERROR(CheckValue(name, value));
  headers.Add(name, value);
  return Status::Ok();
}

Status AddContent(const ObjectAttributes& attributes, HttpHeaders& headers) {
  for (const auto& [name, value] :
       {std::pair<std::string_view, const std::string&>("x-ms-blob-content-type",
                                                        attributes.content_type),
        {"x-ms-blob-cache-control", attributes.cache_control},
        {"x-ms-blob-content-encoding", attributes.content_encoding},
        {"x-ms-blob-content-disposition", attributes.content_disposition},
        {"x-ms-blob-content-language", attributes.content_language}}) {
    GODWIT_RETURN_IF_ERROR(AddHeader(name, value, headers));
  }
  return Status::Ok();
}

Status AddMetadata(const ObjectAttributes& attributes, HttpHeaders& headers) {
  std::set<std::string> names;
  const auto add = [&](std::string_view name, const std::string& value) {
    GODWIT_RETURN_IF_ERROR(CheckValue(name, value));
    std::string encoded = EncodeMetadataName(AsciiLower(name));
    headers.Add(std::string(kMetaPrefix) + encoded, EncodeHeaderText(value));
    if (!encoded.empty() && names.insert(std::move(encoded)).second) return Status::Ok();
    return Status(ErrorKind::kInvalidArgument,
                  "metadata '" + EscapeForDisplay(name) + "' is there twice, or has no name");
  };
  if (attributes.mtime.has_value()) {
    GODWIT_RETURN_IF_ERROR(
        add(kMtime, FormatRfc3339(attributes.mtime->time, attributes.mtime->fraction_digits)));
  }
  if (attributes.claimed_crc64nvme.has_value()) {
    GODWIT_RETURN_IF_ERROR(add(kClaimName, ClaimText(*attributes.claimed_crc64nvme)));
  }
  for (const auto& [name, value] : attributes.user_metadata) {
    GODWIT_RETURN_IF_ERROR(add(name, value));
  }
  return Status::Ok();
}

void TakeMetadata(std::string_view name, std::string_view value, ObjectAttributes& attributes) {
  if (name == kMtime) {
    attributes.mtime = ParseRfc3339(value);
    if (!attributes.mtime.has_value()) attributes.mtime = ParseEpochSeconds(value);
    if (attributes.mtime.has_value()) return;
  }
  if (name == kClaimName) {
    attributes.claimed_crc64nvme = ParseClaim(value);
    return;
  }
  attributes.user_metadata[AsciiLower(DecodeMetadataName(name))] = DecodeHeaderText(value);
}

}  // namespace

Status AddAzureAttributes(const ObjectAttributes& attributes, const AzureAttributeParts& parts,
                          HttpHeaders& headers) {
  if (parts.content) GODWIT_RETURN_IF_ERROR(AddContent(attributes, headers));
  if (parts.metadata) GODWIT_RETURN_IF_ERROR(AddMetadata(attributes, headers));
  if (parts.tier) {
    GODWIT_RETURN_IF_ERROR(AddHeader("x-ms-access-tier", attributes.storage_class, headers));
  }
  if (parts.tags && !attributes.tags.empty()) {
    const QueryParameters tags(attributes.tags.begin(), attributes.tags.end());
    headers.Add("x-ms-tags", CanonicalQuery(tags));
  }
  return Status::Ok();
}

ObjectAttributes AzureAttributesOf(const HttpHeaders& headers) {
  ObjectAttributes attributes;
  for (const auto& [name, value] : headers.all()) {
    const std::string lower = AsciiLower(name);
    if (lower.starts_with(kMetaPrefix)) {
      TakeMetadata(std::string_view(lower).substr(kMetaPrefix.size()), value, attributes);
    } else if (lower == "content-type") {
      attributes.content_type = value;
    } else if (lower == "cache-control") {
      attributes.cache_control = value;
    } else if (lower == "content-encoding") {
      attributes.content_encoding = value;
    } else if (lower == "content-disposition") {
      attributes.content_disposition = value;
    } else if (lower == "content-language") {
      attributes.content_language = value;
    } else if (lower == "x-ms-access-tier") {
      attributes.storage_class = value;
    }
  }
  return attributes;
}

bool IsAzureFolder(const HttpHeaders& headers) {
  if (headers.Find("x-ms-resource-type").value_or("") == "directory") return true;
  return EqualsIgnoreCase(headers.Find("x-ms-meta-hdi_isfolder").value_or(""), "true");
}

}  // namespace godwit

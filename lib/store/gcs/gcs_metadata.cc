#include "lib/store/gcs/gcs_metadata.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/ascii.h"
#include "lib/store/crc_claim.h"

namespace godwit {
namespace {

constexpr std::string_view kMtime = "mtime";
constexpr std::string_view kGsutilMtime = "goog-reserved-file-mtime";
constexpr std::string_view kMetaPrefix = "x-goog-meta-";

// A content field: its name in a resource, as a header, and where it is kept.
struct ContentField {
  const char* member;
  const char* header;
  std::string ObjectAttributes::*value;
};
constexpr std::array<ContentField, 6> kContentFields{{
    {"contentType", "content-type", &ObjectAttributes::content_type},
    {"cacheControl", "cache-control", &ObjectAttributes::cache_control},
    {"contentEncoding", "content-encoding", &ObjectAttributes::content_encoding},
    {"contentDisposition", "content-disposition", &ObjectAttributes::content_disposition},
    {"contentLanguage", "content-language", &ObjectAttributes::content_language},
    {"storageClass", "x-goog-storage-class", &ObjectAttributes::storage_class},
}};

std::map<std::string, std::string> MetadataOf(const ObjectAttributes& attributes) {
  std::map<std::string, std::string> metadata = attributes.user_metadata;
  if (attributes.mtime.has_value()) {
    metadata[std::string(kMtime)] = FormatRfc3339(attributes.mtime->time, 9);
  }
  if (attributes.claimed_crc64nvme.has_value()) {
    metadata[std::string(kClaimName)] = ClaimText(*attributes.claimed_crc64nvme);
  }
  return metadata;
}

JsonValue Text(std::string_view text) { return JsonValue(std::string(text)); }

JsonValue MetadataObject(const std::map<std::string, std::string>& metadata) {
  JsonValue::Object object;
  for (const auto& [name, value] : metadata) object.emplace_back(name, Text(value));
  return JsonValue(std::move(object));
}

bool FitsHeader(std::string_view value) {
  const bool plain =
      std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  return plain && !value.starts_with(' ') && !value.ends_with(' ');
}

void TakeMetadata(std::string_view name, std::string_view value, ObjectAttributes& attributes) {
  if (name == kMtime) {
    attributes.mtime = ParseRfc3339(value);
    if (attributes.mtime.has_value()) return;
  }
  if (name == kClaimName) {
    attributes.claimed_crc64nvme = ParseClaim(value);
    return;
  }
  attributes.user_metadata[AsciiLower(name)] = value;
}

// gsutil's own time stands in where no other is.
void TakeGsutilTime(ObjectAttributes& attributes) {
  const auto found = attributes.user_metadata.find(std::string(kGsutilMtime));
  if (attributes.mtime.has_value() || found == attributes.user_metadata.end()) return;
  attributes.mtime = ParseEpochSeconds(found->second);
  if (attributes.mtime.has_value()) attributes.user_metadata.erase(found);
}

}  // namespace

JsonValue::Object GcsAttributeMembers(const ObjectAttributes& attributes) {
  JsonValue::Object members;
  for (const ContentField& field : kContentFields) {
    const std::string& value = attributes.*field.value;
    if (!value.empty()) members.emplace_back(field.member, Text(value));
  }
  const auto metadata = MetadataOf(attributes);
  if (!metadata.empty()) members.emplace_back("metadata", MetadataObject(metadata));
  return members;
}

ObjectAttributes AttributesOfGcs(const JsonValue& resource) {
  ObjectAttributes attributes;
  for (const ContentField& field : kContentFields) {
    attributes.*field.value = resource.FindText(field.member).value_or("");
  }
  const JsonValue* metadata = resource.Find("metadata");
  if (metadata == nullptr) return attributes;
  for (const auto& [name, value] : metadata->members()) {
    TakeMetadata(name, value.AsText().value_or(""), attributes);
  }
  TakeGsutilTime(attributes);
  return attributes;
}

JsonValue GcsAttributePatch(const ObjectAttributes& attributes, const JsonValue& before) {
  JsonValue::Object patch;
  for (const ContentField& field : kContentFields) {
    const std::string& value = attributes.*field.value;
    const std::string_view member = field.member;
    if (member == "storageClass" || (member == "contentType" && value.empty())) continue;
    const bool was_set = !before.FindText(member).value_or("").empty();
    if (!value.empty()) {
      patch.emplace_back(member, Text(value));
    } else if (was_set) {
      patch.emplace_back(member, JsonValue());
    }
  }
  const auto wanted = MetadataOf(attributes);
  JsonValue::Object metadata = MetadataObject(wanted).members();
  if (const JsonValue* old = before.Find("metadata")) {
    for (const auto& [name, value] : old->members()) {
      if (!wanted.contains(name)) metadata.emplace_back(name, JsonValue());
    }
  }
  patch.emplace_back("metadata", JsonValue(std::move(metadata)));
  return JsonValue(std::move(patch));
}

bool AddGcsAttributeHeaders(const ObjectAttributes& attributes, HttpHeaders& headers) {
  bool complete = true;
  for (const ContentField& field : kContentFields) {
    const std::string& value = attributes.*field.value;
    if (value.empty()) continue;
    complete = complete && FitsHeader(value);
    if (FitsHeader(value)) headers.Add(field.header, value);
  }
  for (const auto& [name, value] : MetadataOf(attributes)) {
    const bool fits = IsHttpToken(name) && FitsHeader(value) && !value.empty();
    complete = complete && fits;
    if (fits) headers.Add(std::string(kMetaPrefix) + name, value);
  }
  return complete;
}

}  // namespace godwit

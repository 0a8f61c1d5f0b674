#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/capabilities.h"
#include "godwit/object_meta.h"

namespace godwit {

// What a target can hold of an object's attributes, beside its modification time.
struct AttributeLimits {
  bool headers = true;  // Content type, cache control, encoding, disposition, language.
  bool user_metadata = true;
  bool tags = true;
  // Metadata travels in headers: names are tokens, values have no line breaks or zero bytes.
  bool in_headers = false;
  std::uint64_t metadata_bytes_max = 0;  // Of all names and values; 0: no limit.

  static AttributeLimits Of(const Capabilities& target);
  bool operator==(const AttributeLimits& other) const = default;
};

// What the metadata options ask for, and what the target can hold of it.
struct AttributeRules {
  bool keep_metadata = true;  // --metadata keep|none
  bool keep_tags = true;      // --tags keep|none
  std::optional<std::string> content_type;
  std::optional<std::string> storage_class;
  std::map<std::string, std::string> set_metadata;
  AttributeLimits limits = {};

  bool operator==(const AttributeRules& other) const = default;
};

// The digests that the bytes of an object must have when they are read: those that its service
// told, or, where it told none, the one that godwit recorded as it wrote the object. The record is
// no evidence that two objects are equal, but bytes that contradict it are damaged.
DigestSet DigestsToMeet(const DigestSet& told, const ObjectAttributes& attributes);

// The attributes that the target object gets: the source's, the type by --content-type, else the
// source's, else by the key's extension, else application/octet-stream; `mtime` is the source's,
// else its last-modified time. What the target cannot hold is left out. Pure.
ObjectAttributes TargetAttributes(const AttributeRules& rules, const ObjectMeta& source,
                                  std::string_view key);

// What TargetAttributes leaves out because the target cannot hold it: "cache-control", "tags",
// "metadata:NAME". A content type that the key's extension tells anyway is no loss.
std::vector<std::string> DroppedAttributes(const AttributeRules& rules, const ObjectMeta& source,
                                           std::string_view key);

// The media type of a key by its extension ("application/octet-stream" if unknown).
std::string_view ContentTypeOf(std::string_view key);

}  // namespace godwit

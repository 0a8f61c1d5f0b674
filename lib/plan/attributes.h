#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/object_meta.h"

namespace godwit {

// What the metadata options ask for.
struct AttributeRules {
  bool keep_metadata = true;  // --metadata keep|none
  bool keep_tags = true;      // --tags keep|none
  std::optional<std::string> content_type;
  std::optional<std::string> storage_class;
  std::map<std::string, std::string> set_metadata;

  bool operator==(const AttributeRules& other) const = default;
};

// The attributes that the target object gets: the source's, the type by --content-type, else the
// source's, else by the key's extension, else application/octet-stream; `mtime` is the source's,
// else its last-modified time. Pure.
ObjectAttributes TargetAttributes(const AttributeRules& rules, const ObjectMeta& source,
                                  std::string_view key);

// The media type of a key by its extension ("application/octet-stream" if unknown).
std::string_view ContentTypeOf(std::string_view key);

}  // namespace godwit

#pragma once

#include <string_view>

#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "lib/http/transport.h"

// Object attributes as Azure's headers carry them. Pure.

namespace godwit {

// What a request takes of an object's attributes.
struct AzureAttributeParts {
  bool content = true;   // x-ms-blob-content-..., x-ms-blob-cache-control.
  bool metadata = true;  // x-ms-meta-...: `mtime` as RFC 3339, `godwit_crc64nvme` as 16 hex digits.
  bool tier = true;      // x-ms-access-tier.
  bool tags = true;      // x-ms-tags.
};

// Adds those headers. Names of metadata are escaped (azure_names.h), values that are not plain
// ASCII come as RFC 2047 words. Fails with kInvalidArgument on values with CR, LF or NUL, and where
// two names would become one.
Status AddAzureAttributes(const ObjectAttributes& attributes, const AzureAttributeParts& parts,
                          HttpHeaders& headers);

// The attributes of a HEAD or GET answer; tags are not part of it.
ObjectAttributes AzureAttributesOf(const HttpHeaders& headers);

// True for the marker of a folder: a directory of a hierarchical account, or a blob that stands
// for one elsewhere.
bool IsAzureFolder(const HttpHeaders& headers);

}  // namespace godwit

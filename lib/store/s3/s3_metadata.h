#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "lib/http/transport.h"

// Object attributes as S3's headers carry them. Pure.

namespace godwit {

// Adds content headers, x-amz-storage-class, x-amz-tagging (where `with_tags`) and x-amz-meta-...:
// `mtime` in decimal seconds, `godwit_crc64nvme` as 16 hex digits, values that are not plain ASCII
// as RFC 2047 words. Fails with kInvalidArgument on values with CR, LF or NUL and on names that
// cannot be part of a header.
Status AddAttributeHeaders(const ObjectAttributes& attributes, bool with_tags,
                           HttpHeaders& headers);

// The attributes of a HEAD or GET answer; tags are not part of it. The claim may be in hex or
// base64, `mtime` as AddAttributeHeaders writes it; others of that name stay user metadata.
ObjectAttributes AttributesFromHeaders(const HttpHeaders& headers);

}  // namespace godwit

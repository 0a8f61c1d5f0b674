#pragma once

#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "lib/http/json_reader.h"
#include "lib/http/transport.h"

// Object attributes as the JSON and the XML API carry them. Pure.

namespace godwit {

// The members of an object resource that describe it: content fields, storageClass, and metadata
// with `mtime` (RFC 3339 with nanoseconds) and `godwit_crc64nvme`.
JsonValue::Object GcsAttributeMembers(const ObjectAttributes& attributes);

// The attributes of an object resource. The modification time is read from `mtime`, else from
// gsutil's `goog-reserved-file-mtime` (whole seconds). Names of metadata come in lower case.
ObjectAttributes AttributesOfGcs(const JsonValue& resource);

// The patch that makes an object's attributes those given: what `before` has beyond them is set to
// null. The content type stays where none is given, the storage class always.
JsonValue GcsAttributePatch(const ObjectAttributes& attributes, const JsonValue& before);

// Adds the headers with which the XML API begins an upload. False if something of the attributes
// cannot be said in headers, and must be patched in afterwards.
bool AddGcsAttributeHeaders(const ObjectAttributes& attributes, HttpHeaders& headers);

}  // namespace godwit

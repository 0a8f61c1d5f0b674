#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fakecloud/gcs_storage.h"

// The JSON of Cloud Storage. Pure.

namespace fakecloud {

std::string JsonQuoted(std::string_view text);

// An object resource.
std::string GcsResource(std::string_view bucket, std::string_view key, const GcsObject& object);

// Reads the resource that describes an object to be written into `object`, its fields and metadata
// anew; false if it is malformed.
bool ReadGcsResource(std::string_view json, GcsObject& object, GcsDeclared& declared,
                     std::string& name);
// Merges a patch: null removes.
bool PatchGcsResource(std::string_view json, GcsObject& object);

// Name and location of a bucket to be made.
bool ReadGcsBucket(std::string_view json, std::string& name, std::string& location);

// One text or number of a JSON object; none if it is not there.
std::optional<std::string> JsonMember(std::string_view json, std::string_view name);

}  // namespace fakecloud

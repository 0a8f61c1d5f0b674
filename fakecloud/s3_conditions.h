#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fakecloud/s3_call.h"

namespace fakecloud {

// True if `etag` (without quotes) is among those of an If-Match or If-None-Match value.
bool EtagListed(std::string_view condition, std::string_view etag);

// The four conditions of a read, or of a copy's source with another prefix of the names.
struct ReadConditions {
  const std::string* if_match = nullptr;
  const std::string* if_none_match = nullptr;
  const std::string* if_modified_since = nullptr;
  const std::string* if_unmodified_since = nullptr;

  static ReadConditions OfRequest(const S3Call& call);
  static ReadConditions OfCopySource(const S3Call& call);
  // `not_modified_status` is 304 for reads and 412 for copies.
  MaybeError Check(const ObjectVersion& object, int not_modified_status) const;
};

// A run of an object's bytes.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// Reads a Range header. None: there is no usable one, the whole object is meant.
S3Result<std::optional<ByteRange>> ParseRange(std::string_view header, std::uint64_t object_size);

}  // namespace fakecloud

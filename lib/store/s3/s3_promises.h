#pragma once

#include <cstdint>
#include <string_view>

#include "godwit/capabilities.h"

namespace godwit {

// How an S3-compatible service deals with If-Match on deletes.
enum class S3DeleteCondition : std::uint8_t {
  kIgnored,  // The condition has no effect, or is unknown.
  kSingle,   // Only a DELETE of one key.
  kBatch,    // Also <ETag> of each key of a batch.
};

// Whether a service checks and keeps x-amz-checksum-crc64nvme and -crc32c.
enum class S3ChecksumSupport : std::uint8_t { kUntested, kSupported, kUnsupported };

// What one kind of S3 service is known to do, from its documentation and from running it. Never
// learned by probing a user's bucket. What is not known is not promised.
struct S3Promises {
  std::string_view service;  // For messages: "Amazon S3".
  bool is_aws = false;       // Answers carry a request id; regions, redirects and hosts are AWS's.

  bool conditions_accepted = true;  // Condition headers may be sent; false: they fail the request.
  bool condition_on_put = false;
  bool condition_on_finish = false;
  bool condition_on_copy = false;
  S3DeleteCondition condition_on_delete = S3DeleteCondition::kIgnored;
  bool etags_unquoted = false;  // If-Match must name the ETag without its quotes.

  S3ChecksumSupport checksums = S3ChecksumSupport::kUntested;
  bool trailers = false;                  // aws-chunked bodies with a checksum behind them.
  bool object_size_header = false;        // x-amz-mp-object-size.
  bool etag_is_md5 = false;               // Of a single put without SSE-KMS or SSE-C.
  bool part_etag_is_md5_of_md5s = false;  // Of a multipart upload, likewise.
  bool listed_etag_is_md5 = false;        // However the object is encrypted.

  bool server_copy = false;                // Copies that are pinned to their source's version.
  bool checksums_of_copied_parts = false;  // Computes those of UploadPartCopy.
  bool tags = true;
  bool restore_status = false;  // Listings can tell whether an archived object is readable.
};

// The row for an endpoint's host: that of an unknown service if the host tells nothing.
const S3Promises& PromisesOfHost(std::string_view host);

// The row for what an answer's headers tell of its server; null if they tell nothing. Never
// Amazon's, which is known by its hosts alone. `request_id`: Ceph sends no Server header, but the
// form of its x-amz-request-id is its own.
const S3Promises* PromisesOfServer(std::string_view server, std::string_view request_id);

// A row as the constants that callers see.
Capabilities CapabilitiesOf(const S3Promises& promises);

}  // namespace godwit

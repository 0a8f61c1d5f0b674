#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/byte_stream.h"
#include "godwit/call_context.h"
#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "godwit/store_messages.h"
#include "lib/http/json_reader.h"
#include "lib/http/transport.h"
#include "lib/store/gcs/gcs_errors.h"

// Requests to the JSON API and what its answers say, without a network. Pure.

namespace godwit {

// One request before it has an endpoint and a token.
struct GcsRequest {
  HttpMethod method = HttpMethod::kGet;
  RequestClass request_class = RequestClass::kOther;
  std::string_view operation;  // For messages: "read".
  std::string key;             // Likewise; empty: the bucket.
  std::string path;            // Encoded, below the endpoint; may end in a query of its own.
  std::string query;           // From AddParameter.
  HttpHeaders headers;
  ByteSource* body = nullptr;
  bool resendable = true;          // The body can be read a second time.
  std::uint64_t object_bytes = 0;  // Of the body, for the meter.
  std::chrono::milliseconds first_byte_timeout{0};
  HttpBodyChooser choose;    // For the body of a success; null: keep it.
  bool with_project = true;  // Say who pays.
  GcsErrorContext errors;
};

// Answers to these come only when the work is done, which may take minutes.
inline constexpr std::chrono::milliseconds kGcsSlowAnswer = std::chrono::minutes(10);

// Appends "name=value", encoded.
void AddParameter(std::string& query, std::string_view name, std::string_view value);

std::string GcsBucketPath(std::string_view bucket);                        // "/storage/v1/b/B"
std::string GcsObjectPath(std::string_view bucket, std::string_view key);  // ".../o/K"
std::string GcsInsertPath(std::string_view bucket);  // "/upload/storage/v1/b/B/o"
std::string GcsXmlPath(std::string_view bucket, std::string_view key);  // "/B/K"

// The fields of an object that godwit reads, for `fields`.
std::string_view GcsObjectFields();
// Likewise of a listing; they name nextPageToken.
std::string GcsListFields();

// ifGenerationMatch, where there is a condition. Fails with kPreconditionFailed on a version that
// is no generation: it cannot be the one that is there.
Status AddGcsCondition(const WriteCondition& condition, GcsRequest& request);

// "crc32c=...", for x-goog-hash.
std::string GcsHashHeader(const Digest& crc32c);
// The digests of one or several x-goog-hash headers.
DigestSet ReadGcsHashHeaders(const HttpHeaders& headers);

// One object as a resource tells it.
struct GcsObject {
  ObjectMeta meta;
  std::uint64_t metageneration = 0;  // 0: not told.
};
// Fails with kCorrupted unless `resource` is an object of that bucket and, if not empty, key.
Result<GcsObject> ReadGcsObject(const JsonValue& resource, std::string_view bucket,
                                std::string_view key);

// What the caller of a listing knows before the page is read.
struct GcsListQuestion {
  std::string_view bucket;
  const ListRequest* request = nullptr;
  std::string after;           // Every name of the page lies behind this one.
  bool after_is_seen = false;  // It was given out by an earlier page.
  std::string sent_token;      // The service's own; empty: this is the first page.
};
struct GcsListAnswer {
  ListPage page;                               // Its token is the service's own.
  std::string last_name;                       // The greatest name or prefix so far.
  std::vector<std::uint64_t> metagenerations;  // Of the entries.
  std::vector<ObjectAttributes> attributes;    // Likewise.
};
// One page: complete, in order, under its prefix, between its ends.
Result<GcsListAnswer> ReadGcsListing(std::string_view body, const GcsListQuestion& question);

// "bytes 5-9/*" and the like.
std::string GcsContentRange(std::uint64_t begin, std::uint64_t end,
                            std::optional<std::uint64_t> total);
// How many bytes a session has kept, from the answer 308: its Range, none of which means 0. Fails
// with kCorrupted if that cannot be read.
Result<std::uint64_t> KeptBytesOf(const HttpHeaders& headers);

}  // namespace godwit

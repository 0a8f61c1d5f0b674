#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fakecloud/fault.h"
#include "fakecloud/gcs_storage.h"
#include "fakecloud/http_message.h"
#include "fakecloud/query_params.h"

namespace fakecloud {

// How this project's Cloud Storage behaves.
struct GcsOptions {
  std::string location = "US-EAST1";
  std::string token = "fakecloudtoken";            // A bearer token that is always accepted.
  std::string refresh_token = "fakecloudrefresh";  // Of an authorized user.
  std::string public_key;      // PEM: who signs assertions; empty: assertions are refused.
  bool require_token = false;  // Refuse requests without a token, too.
  std::set<std::string> foreign_buckets;  // Names that other projects own.
  std::uint32_t page_size = 1000;
  std::uint64_t part_bytes_min = 5 << 20;
  std::uint64_t rewrite_bytes = 0;  // Most bytes of one rewrite call; 0: all.
};

// A refusal.
struct GcsFailure {
  int status = 500;
  std::string reason;
  std::string message;
};
template <typename T>
using GcsResult = std::variant<T, GcsFailure>;

// One request on its way through the service. Lives as long as the request.
struct GcsCall {
  Request& request;
  QueryParams query;
  std::string_view operation;  // "objects.get"; empty: unknown.
  std::string bucket;
  std::string key;
  std::string to_bucket, to_key;  // Of a rewrite.
  bool xml = false;
  int page = 0;  // Of a listing, from 1.
  std::string token;
  std::vector<Fault> faults;  // That fired for this request.
  std::int64_t now = 0;       // Unix seconds.

  std::string_view Header(std::string_view name) const { return request.headers.Get(name); }
  const Fault* FindFault(FaultKind kind) const;
  const Fault* FindFault(FaultKind kind, FaultSide side) const;
};

struct GcsContext {
  const GcsOptions& options;
  GcsStorage& storage;
};
using GcsHandler = GcsResult<Response> (*)(GcsContext& context, GcsCall& call);

// gcs_routes.cc: what a request asks for. Fills operation, bucket and keys; false if a path cannot
// be read.
bool RouteGcs(GcsCall& call);
GcsHandler GcsHandlerOf(std::string_view operation);  // Null if it is unknown.

// Answers.
Response GcsJson(std::string body);
Response GcsXml(std::string body);
Response GcsErrorResponse(const GcsCall& call, const GcsFailure& failure);
GcsFailure NoGcsBucket();
GcsFailure NoGcsObject(std::string_view bucket, std::string_view key);
GcsFailure GcsConditionFailed();
GcsFailure GcsInvalid(std::string message);

// The body of a small request; none if it is broken off or too large.
std::optional<std::string> ReadGcsBody(GcsCall& call, std::uint64_t bytes_max);

// The conditions of a request, each with `prefix` in its name ("if", "ifSource").
GcsResult<GcsConditions> ReadGcsConditions(const GcsCall& call, std::string_view prefix);
// Whether they hold of what is there (null: nothing); none if they do. A read that finds nothing
// new is 304.
std::optional<GcsFailure> CheckGcsConditions(const GcsConditions& conditions,
                                             const GcsObjectPtr& current, bool is_read);

// Puts an object in its place if the bucket is there and the conditions hold, as one step.
GcsResult<GcsObjectPtr> PublishGcs(GcsContext& context, const std::string& bucket,
                                   const std::string& key, GcsObject object,
                                   const GcsConditions& conditions, std::int64_t now);
// Whether the bytes have the digests that were declared of them.
std::optional<GcsFailure> CheckGcsDeclared(const GcsDeclared& declared, std::string_view crc32c,
                                           std::string_view md5);
// Reads "crc32c=...,md5=..." of x-goog-hash over what was declared before.
void ReadGcsHashHeader(const GcsCall& call, GcsDeclared& declared);
// Damage at rest, if a script says so.
Content GcsDamagedInStore(const GcsCall& call, Content content);
// Computes crc32c and md5 of a whole content.
void DigestGcs(GcsObject& object);

}  // namespace fakecloud

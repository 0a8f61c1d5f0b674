#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fakecloud/fault.h"
#include "fakecloud/http_message.h"
#include "fakecloud/query_params.h"
#include "fakecloud/s3_auth.h"
#include "fakecloud/s3_error.h"
#include "fakecloud/storage.h"

namespace fakecloud {

// How this account's S3 behaves.
struct S3Options {
  std::string region = "us-east-1";
  std::string account_id = "123456789012";
  std::vector<S3Credential> credentials;
  std::set<std::string> foreign_buckets;  // Names that other accounts own.
  std::set<std::string> public_buckets;   // That anyone may read and list without a signature.
  std::uint32_t page_size = 1000;         // Largest page of any listing.
  std::uint64_t part_bytes_min = 5 << 20;
  std::int64_t clock_offset_seconds = 0;  // The server's clock is wrong by this much.
  // A repeated CompleteMultipartUpload succeeds, as on AWS soon after the first, instead of
  // failing with NoSuchUpload.
  bool complete_is_repeatable = false;
  // Objects are encrypted so that their ETag is not the MD5 of the content; saves the MD5 too.
  bool kms = false;
};

// One request on its way through the service. Lives as long as the request.
struct S3Call {
  Request& request;
  std::string request_id;
  QueryParams query;
  std::string_view operation;  // S3's name of it.
  std::string bucket;
  std::string key;
  int page = 0;  // Of a listing, from 1.
  S3Identity identity;
  std::vector<Fault> faults;  // That fired for this request.
  std::int64_t now = 0;       // Unix seconds, by the server's clock.

  std::string_view Header(std::string_view name) const { return request.headers.Get(name); }
  const Fault* FindFault(FaultKind kind) const;
  const Fault* FindFault(FaultKind kind, FaultSide side) const;
};

struct S3Context {
  const S3Options& options;
  Storage& storage;
};

using S3Handler = S3Result<Response> (*)(S3Context& context, S3Call& call);

// The operation that a request asks for; empty if it is none that this server knows.
std::string_view S3OperationOf(const Request& request, const QueryParams& query, bool has_bucket,
                               bool has_key);
// The handler of an operation; null if it is unknown.
S3Handler S3HandlerOf(std::string_view operation);

// Answers.
Response XmlResponse(std::string body);
Response EmptyResponse(int status);
// The document of an error, with the request's ids.
Response ErrorResponse(const S3Call& call, const S3Error& error);

// "<name>escaped text</name>".
std::string XmlElement(std::string_view name, std::string_view text);
std::string Quoted(std::string_view etag);
inline constexpr std::string_view kXmlHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
inline constexpr std::string_view kXmlNamespace =
    " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

}  // namespace fakecloud

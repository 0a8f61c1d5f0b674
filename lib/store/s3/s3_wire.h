#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "godwit/byte_stream.h"
#include "godwit/call_context.h"
#include "godwit/digest.h"
#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "godwit/store_messages.h"
#include "lib/auth/sigv4.h"
#include "lib/http/transport.h"
#include "lib/store/answer_sinks.h"
#include "lib/store/page_token.h"
#include "lib/store/s3/s3_errors.h"

// Requests and the headers of answers, without a network. Pure.

namespace godwit {

// One request before it has an address and a signature.
struct S3Request {
  HttpMethod method = HttpMethod::kGet;
  RequestClass request_class = RequestClass::kOther;
  std::string_view operation;  // For messages: "read".
  std::string key;             // Empty: the bucket.
  std::string query;           // From CanonicalQuery.
  HttpHeaders headers;
  ByteSource* body = nullptr;
  std::string payload_hash = std::string(kEmptyPayloadSha256);
  std::uint64_t object_bytes = 0;  // Of the body, for the meter.
  std::chrono::milliseconds first_byte_timeout{0};
  HttpBodyChooser choose;  // For the body of a success; null: keep it.
  S3ErrorContext errors;
};

// Answers to these come only when the work is done, which may take minutes.
inline constexpr std::chrono::milliseconds kSlowAnswerTimeout = std::chrono::minutes(10);

S3Request HeadRequest(std::string_view key);
S3Request GetRequest(std::string_view key, const GetOptions& options);

// Where a listing goes on: the service's own token, and what its page must lie behind.
struct S3ListCursor {
  std::string token;
  std::string after;
};
// Takes apart the token that List gave out (JoinPair of the last name and the service's token).
Result<S3ListCursor> ReadListToken(const ListRequest& request);
// ListObjectsV2 or ListObjectVersions. `restore_status`: ask whether archived objects are readable.
S3Request ListRequestFor(const ListRequest& request, const S3ListCursor& cursor,
                         std::uint32_t keys_max, bool restore_status);

S3Request PutRequest(std::string_view key);
S3Request PostRequest(std::string_view key, const QueryParameters& query);

// If-None-Match or If-Match.
void AddCondition(const WriteCondition& condition, bool unquoted, S3Request& request);

// The copy-source headers; `source` pinned by its version.
void AddCopySource(const CopySource& source, HttpHeaders& headers);

// An XML body, kept alive by its owner while it is sent.
class S3XmlBody {
 public:
  explicit S3XmlBody(std::string xml);
  // Makes it the body of `request`, signed, with its MD5 where the service demands one.
  void AttachTo(S3Request& request, bool with_md5);

 private:
  std::string xml_;
  MemorySource source_;
};

// The MD5 that an ETag spells, if it has the form of one; of multipart uploads it has not.
std::optional<Digest> Md5OfEtag(std::string_view etag);
// The ETag that a multipart upload gets, if those of its parts are their MD5s.
std::optional<std::string> EtagOfParts(std::span<const PartReceipt> parts);

// "x-amz-checksum-crc64nvme"; empty for kinds that S3 does not take.
std::string_view ChecksumHeader(DigestKind kind);
// The digest that an answer tells under `kind`'s header, if it is one of the whole object.
std::optional<Digest> WholeDigest(const HttpHeaders& headers, DigestKind kind);
// True if the object is encrypted so that its ETag is no MD5.
bool HidesMd5(const HttpHeaders& headers);

// The object of a HEAD answer, or of a GET answer to a request for `options`.
//
// Fails with kCorrupted on answers that are not S3's (no ETag, no length, no time, another range
// than the one asked for), with kPreconditionFailed if another version than the one asked for
// came, and with kInvalidArgument if the range does not lie within the object.
// `etag_is_md5`: whether the service's ETags are known to be MD5s.
Result<ObjectMeta> ObjectFromHead(std::string_view key, const HttpHeaders& headers,
                                  bool etag_is_md5);
Result<ObjectDownload> ObjectFromGet(std::string_view key, const HttpResponse& head,
                                     const GetOptions& options, bool etag_is_md5);

}  // namespace godwit

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/auth/aws_credentials.h"
#include "lib/http/transport.h"

namespace godwit {

// What a signature covers beside the headers: the request as it goes onto the wire.
struct SigV4Request {
  HttpMethod method = HttpMethod::kGet;
  std::string_view authority;  // The Host header: with the port unless it is the scheme's own.
  std::string_view path;       // Encoded once; "" stands for "/".
  std::string_view query;      // From CanonicalQuery.
};

// Region and service that a signature is for.
struct SigV4Scope {
  std::string_view region;
  std::string_view service = "s3";
};

// Values of x-amz-content-sha256 that are not the hash of the body.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view kUnsignedTrailerPayload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
inline constexpr std::string_view kSignedChunksPayload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
// The SHA-256 of nothing, in hex.
inline constexpr std::string_view kEmptyPayloadSha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

using QueryParameters = std::vector<std::pair<std::string_view, std::string_view>>;

// The query as it is both sent and signed: encoded, sorted, "name=" for a parameter without value.
std::string CanonicalQuery(const QueryParameters& parameters);

// The six lines that S3 signs: the path is taken as it is, neither normalised nor encoded again.
// Of `headers` all count but those that proxies may change. Exposed for tests.
std::string SigV4CanonicalRequest(const SigV4Request& request, const HttpHeaders& headers,
                                  std::string_view payload_hash);

// Signs the pieces of a body that is framed as aws-chunked, each after the one before. Value type.
class SigV4ChunkSigner {
 public:
  using Key = std::array<std::uint8_t, 32>;
  // `seed`: the signature of the request, whose date, scope and key these are.
  SigV4ChunkSigner(Key key, std::string date, std::string scope_text, std::string seed);
  // The signature of the next piece; the last one is empty.
  std::string Sign(std::span<const std::byte> piece);

 private:
  Key key_;
  std::string context_;  // What is the same for all pieces.
  std::string last_;
};

// Signs requests with AWS Signature Version 4. Safe from any thread; keeps the last signing key, so
// that one signer should serve one credential set and region at a time.
class SigV4Signer {
 public:
  // Adds x-amz-date, x-amz-content-sha256, x-amz-security-token and Authorization to `headers`,
  // which must hold everything else that is sent and none of these. Returns what signs the body if
  // `payload_hash` is kSignedChunksPayload.
  SigV4ChunkSigner Sign(const SigV4Request& request, const SigV4Scope& scope,
                        const AwsCredentials& credentials, std::string_view payload_hash,
                        Timestamp now, HttpHeaders& headers);

  // The whole query of a presigned URL: that of `request` and the signature. The request's user
  // must send `headers` too.
  std::string Presign(const SigV4Request& request, const SigV4Scope& scope,
                      const AwsCredentials& credentials, std::chrono::seconds valid, Timestamp now,
                      const HttpHeaders& headers);

  using Key = SigV4ChunkSigner::Key;
  // The key of one day, region and service. Exposed for tests.
  Key SigningKey(std::string_view day, const SigV4Scope& scope, const Secret& secret);

 private:
  std::string Signature(std::string_view canonical_request, std::string_view date,
                        std::string_view scope_text, const SigV4Scope& scope, const Secret& secret);

  std::mutex mutex_;        // Guards what follows.
  std::string cached_for_;  // Day and scope.
  Secret cached_secret_;
  Key cached_key_{};
};

}  // namespace godwit

#include "fakecloud/s3_body.h"

#include <array>
#include <memory>

#include "fakecloud/aws_chunked.h"
#include "fakecloud/encoding.h"
#include "fakecloud/request_faults.h"

namespace fakecloud {
namespace {

constexpr std::uint64_t kPutBytesMax = 5ULL << 30;
constexpr std::uint64_t kDocumentBytesMax = 2 << 20;

// What the client says about the body before it is read.
struct Claims {
  std::string md5;  // Raw; empty if not given.
  std::optional<StoredChecksum> checksum;
  std::optional<ChecksumKind> trailer;
  std::string sha256;  // Hex, of a signed payload.
};

S3Result<Claims> ReadClaims(const S3Call& call) {
  Claims claims;
  if (const std::string* md5 = call.request.headers.Find("content-md5")) {
    const std::optional<std::string> raw = FromBase64(*md5);
    if (!raw || raw->size() != 16) {
      return S3Error{400, "InvalidDigest", "The Content-MD5 you specified was invalid.", {}, {}};
    }
    claims.md5 = *raw;
  }
  S3Result<std::optional<StoredChecksum>> checksum = ChecksumOfHeaders(call);
  if (const S3Error* error = ErrorOf(checksum)) return *error;
  claims.checksum = std::get<0>(checksum);
  const std::string_view trailer = call.Header("x-amz-trailer");
  for (ChecksumKind kind : kChecksumKinds) {
    if (EqualsIgnoringCase(trailer, ChecksumHeader(kind))) claims.trailer = kind;
  }
  if (!trailer.empty() && !claims.trailer) {
    return InvalidRequest("The value specified in the x-amz-trailer header is not supported");
  }
  if (claims.trailer && claims.checksum) {
    return InvalidRequest("Expecting a single x-amz-checksum- header");
  }
  if (call.request.headers.Has("x-amz-sdk-checksum-algorithm") && !claims.trailer &&
      !claims.checksum) {
    return InvalidRequest(
        "x-amz-sdk-checksum-algorithm specified, but no corresponding "
        "x-amz-checksum-* or x-amz-trailer headers were found.");
  }
  const std::string& hash = call.identity.payload_hash;
  if (AwsChunkedBody::IsChunked(hash)) return claims;
  if (hash == "UNSIGNED-PAYLOAD") return claims;
  if (hash.size() != 64) {
    return InvalidArgument(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD,"
        " STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        "x-amz-content-sha256", hash);
  }
  claims.sha256 = hash;
  return claims;
}

S3Result<std::uint64_t> BodySize(const S3Call& call) {
  const RequestBody& body = *call.request.body;
  std::optional<std::uint64_t> size = body.announced_size();
  if (AwsChunkedBody::IsChunked(call.identity.payload_hash)) {
    size = ParseDecimal(call.Header("x-amz-decoded-content-length"));
  } else if (call.request.headers.Has("transfer-encoding")) {
    return NotImplemented("Transfer-Encoding");
  }
  if (!size) {
    return S3Error{
        411, "MissingContentLength", "You must provide the Content-Length HTTP header.", {}, {}};
  }
  if (*size > kPutBytesMax) {
    return S3Error{
        400,
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        {{"ProposedSize", std::to_string(*size)}, {"MaxSizeAllowed", std::to_string(kPutBytesMax)}},
        {}};
  }
  return *size;
}

MaybeError CheckChecksum(const StoredChecksum& claimed, const BodyHasher& hasher) {
  if (ToBase64(hasher.value(claimed.kind)) == claimed.value) return std::nullopt;
  return BadDigest("The " + std::string(ChecksumName(claimed.kind)) +
                   " you specified did not match the calculated checksum.");
}

MaybeError CheckClaims(const Claims& claims, const BodyHasher& hasher) {
  if (!claims.sha256.empty() && ToHex(hasher.value(ChecksumKind::kSha256)) != claims.sha256) {
    return S3Error{400,
                   "XAmzContentSHA256Mismatch",
                   "The provided 'x-amz-content-sha256' header does not match what was computed.",
                   {{"ClientComputedContentSHA256", claims.sha256},
                    {"S3ComputedContentSHA256", ToHex(hasher.value(ChecksumKind::kSha256))}},
                   {}};
  }
  if (!claims.md5.empty() && hasher.md5() != claims.md5) {
    return BadDigest("The Content-MD5 you specified did not match what we received.")
        .With("ExpectedDigest", ToBase64(claims.md5))
        .With("CalculatedDigest", ToBase64(hasher.md5()));
  }
  if (claims.checksum) return CheckChecksum(*claims.checksum, hasher);
  return std::nullopt;
}

void DamageClaims(Claims& claims) {
  if (!claims.md5.empty()) claims.md5[0] = static_cast<char>(claims.md5[0] ^ 1);
  if (!claims.checksum) return;
  std::string raw = *FromBase64(claims.checksum->value);
  raw[0] = static_cast<char>(raw[0] ^ 1);
  claims.checksum->value = ToBase64(raw);
}

// The trailer that was announced must be there, and be a value of its kind.
MaybeError ReadTrailer(const AwsChunkedBody& body, Claims& claims) {
  if (!claims.trailer) return std::nullopt;
  for (const auto& [name, value] : body.trailers()) {
    if (name != ChecksumHeader(*claims.trailer)) continue;
    const std::optional<std::string> raw = FromBase64(value);
    if (!raw || raw->size() != ChecksumSize(*claims.trailer)) {
      return InvalidRequest("Value for " + name + " trailing header is invalid.");
    }
    claims.checksum = StoredChecksum{*claims.trailer, false, value};
    return std::nullopt;
  }
  return S3Error{400,
                 "MalformedTrailerError",
                 "The request contained trailing data that was not well-formed or did not conform "
                 "to our published schema.",
                 {},
                 {}};
}

MaybeError Pump(RequestBody& body, std::uint64_t size, ContentWriter& writer, BodyHasher& hasher) {
  while (hasher.size() < size) {
    std::span<std::byte> space = writer.Prepare();
    const std::ptrdiff_t got = body.Read(space);
    if (got <= 0) return IncompleteBody();
    const auto count = static_cast<std::size_t>(got);
    hasher.Update(space.first(count));
    if (!writer.Commit(count)) return ErrorByCode("InternalError");
  }
  std::byte more;  // Also takes the last chunk and its trailers.
  if (hasher.size() != size || body.Read({&more, 1}) != 0) return IncompleteBody();
  return std::nullopt;
}

Content DamagedInStore(const S3Call& call, Content content) {
  const Fault* fault = call.FindFault(FaultKind::kCorrupt, FaultSide::kStored);
  if (fault == nullptr) return content;
  if (fault->corrupt == CorruptHow::kZero) return Content::Zeros(content.size());
  const std::optional<std::uint64_t> offset = FaultOffset(*fault, content.size());
  return offset ? content.Flipped(*offset, fault->mask) : content;
}

S3Error ChunkError(const AwsChunkedBody& body, S3Error error) {
  return body.signature_failed() ? ErrorByCode("SignatureDoesNotMatch") : std::move(error);
}

}  // namespace

S3Result<std::optional<StoredChecksum>> ChecksumOfHeaders(const S3Call& call) {
  std::optional<StoredChecksum> found;
  for (ChecksumKind kind : kChecksumKinds) {
    const std::string* value = call.request.headers.Find(ChecksumHeader(kind));
    if (value == nullptr) continue;
    if (found) {
      return InvalidRequest(
          "Expecting a single x-amz-checksum- header. Multiple checksum Types "
          "are not allowed.");
    }
    const std::optional<std::string> raw = FromBase64(*value);
    if (!raw || raw->size() != ChecksumSize(kind)) {
      return InvalidRequest("Value for " + std::string(ChecksumHeader(kind)) +
                            " header is invalid.");
    }
    found = StoredChecksum{kind, false, *value};
  }
  return found;
}

namespace {

S3Result<ReceivedBody> Receive(const StoragePolicy& policy, bool kms, S3Call& call,
                               std::optional<ChecksumKind> extra) {
  S3Result<Claims> read = ReadClaims(call);
  if (const S3Error* error = ErrorOf(read)) return *error;
  Claims& claims = std::get<Claims>(read);
  const S3Result<std::uint64_t> size = BodySize(call);
  if (const S3Error* error = ErrorOf(size)) return *error;

  BodyHasher hasher;
  if (kms && claims.md5.empty()) hasher.SkipMd5();
  if (!claims.sha256.empty()) hasher.Want(ChecksumKind::kSha256);
  if (claims.checksum) hasher.Want(claims.checksum->kind);
  if (claims.trailer) hasher.Want(*claims.trailer);
  if (extra) hasher.Want(*extra);

  std::unique_ptr<AwsChunkedBody> chunked;
  RequestBody* body = call.request.body;
  if (AwsChunkedBody::IsChunked(call.identity.payload_hash)) {
    chunked = std::make_unique<AwsChunkedBody>(*body, call.identity, std::get<0>(size));
    body = chunked.get();
  }
  FaultyBody faulty(*body, *call.request.waiter, call.faults);
  ContentWriter writer(policy, std::get<0>(size));
  if (MaybeError error = Pump(faulty, std::get<0>(size), writer, hasher)) {
    return chunked ? ChunkError(*chunked, *error) : *error;
  }
  hasher.Finish();
  if (chunked) {
    if (MaybeError error = ReadTrailer(*chunked, claims)) return *error;
  }
  const Fault* corrupt = call.FindFault(FaultKind::kCorrupt, FaultSide::kRequest);
  if (corrupt != nullptr && corrupt->corrupt == CorruptHow::kDigestHeader) DamageClaims(claims);
  if (MaybeError error = CheckClaims(claims, hasher)) return *error;

  ReceivedBody received;
  received.content = DamagedInStore(call, writer.Finish());
  received.md5 = hasher.md5();
  received.crc64nvme = hasher.value(ChecksumKind::kCrc64Nvme);
  received.checksum = claims.checksum;
  if (extra && !received.checksum) {
    received.checksum = StoredChecksum{*extra, false, ToBase64(hasher.value(*extra))};
  }
  received.etag = kms ? ToHex(received.crc64nvme + received.crc64nvme) : ToHex(received.md5);
  return received;
}

}  // namespace

S3Result<ReceivedBody> ReceiveBody(S3Context& context, S3Call& call,
                                   std::optional<ChecksumKind> extra) {
  return Receive(context.storage.policy(), context.options.kms, call, extra);
}

S3Result<std::string> ReceiveDocument(S3Call& call, bool integrity_required) {
  const std::optional<std::uint64_t> size = call.request.body->announced_size();
  if (size && *size > kDocumentBytesMax) return MalformedXml();
  const S3Result<std::optional<StoredChecksum>> checksum = ChecksumOfHeaders(call);
  if (const S3Error* error = ErrorOf(checksum)) return *error;
  if (integrity_required && !std::get<0>(checksum) && !call.request.headers.Has("content-md5") &&
      !call.request.headers.Has("x-amz-trailer")) {
    return InvalidRequest("Missing required header for this request: Content-MD5");
  }
  static const StoragePolicy kMemory;
  S3Result<ReceivedBody> body = Receive(kMemory, false, call, std::nullopt);
  if (const S3Error* error = ErrorOf(body)) return *error;
  return std::get<ReceivedBody>(body).content.ToText();
}

}  // namespace fakecloud

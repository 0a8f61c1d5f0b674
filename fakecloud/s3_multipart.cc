#include "fakecloud/encoding.h"
#include "fakecloud/s3_handlers.h"
#include "fakecloud/s3_objects.h"
#include "fakecloud/s3_uploads.h"

namespace fakecloud {
namespace {

constexpr std::uint32_t kPartNumberMax = 10'000;

// The checksum that an upload will have: algorithm and type as declared, value empty.
S3Result<std::optional<StoredChecksum>> DeclaredChecksum(const S3Call& call) {
  const std::string_view name = call.Header("x-amz-checksum-algorithm");
  const std::string_view type = call.Header("x-amz-checksum-type");
  if (name.empty()) {
    if (!type.empty()) {
      return InvalidRequest(
          "The x-amz-checksum-type header can only be used with the "
          "x-amz-checksum-algorithm header.");
    }
    return std::optional<StoredChecksum>();
  }
  const std::optional<ChecksumKind> kind = ChecksumFromName(name);
  if (!kind) {
    return InvalidRequest(
        "Checksum algorithm provided is unsupported. Please try again with any "
        "of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
  }
  StoredChecksum checksum{*kind, *kind != ChecksumKind::kCrc64Nvme, ""};
  if (type == "FULL_OBJECT") checksum.composite = false;
  if (type == "COMPOSITE") checksum.composite = true;
  if (!type.empty() && type != "FULL_OBJECT" && type != "COMPOSITE") {
    return InvalidRequest("Value for x-amz-checksum-type header is invalid.");
  }
  const bool possible =
      checksum.composite ? *kind != ChecksumKind::kCrc64Nvme : ChecksumIsCrc(*kind);
  if (!possible) {
    return InvalidRequest("The " + std::string(type) + " checksum type cannot be used with the " +
                          LowerCase(name) + " checksum algorithm.");
  }
  return std::optional<StoredChecksum>(checksum);
}

std::string_view TypeName(const StoredChecksum& checksum) {
  return checksum.composite ? "COMPOSITE" : "FULL_OBJECT";
}

// A part must bring the upload's own kind of checksum; a composite one cannot do without.
MaybeError CheckPartChecksum(const std::optional<StoredChecksum>& declared, const S3Call& call) {
  const S3Result<std::optional<StoredChecksum>> given = ChecksumOfHeaders(call);
  if (const S3Error* error = ErrorOf(given)) return *error;
  std::optional<ChecksumKind> kind;
  if (const auto& checksum = std::get<0>(given)) kind = checksum->kind;
  for (ChecksumKind trailer : kChecksumKinds) {
    if (EqualsIgnoringCase(call.Header("x-amz-trailer"), ChecksumHeader(trailer))) kind = trailer;
  }
  if (!declared || (kind && *kind == declared->kind) || (!kind && !declared->composite)) {
    return std::nullopt;
  }
  return InvalidRequest("Checksum Type mismatch occurred, expected checksum Type: " +
                        LowerCase(ChecksumName(declared->kind)) + ", actual checksum Type: " +
                        (kind ? LowerCase(ChecksumName(*kind)) : "null"));
}

}  // namespace

S3Result<std::uint32_t> PartNumberOf(const S3Call& call) {
  const std::string_view text = call.query.Get("partNumber");
  const std::optional<std::uint64_t> number = ParseDecimal(text);
  if (!number || *number < 1 || *number > kPartNumberMax) {
    return InvalidArgument("Part number must be an integer between 1 and 10000, inclusive",
                           "partNumber", text);
  }
  return static_cast<std::uint32_t>(*number);
}

S3Result<Response> WithUpload(S3Context& context, const S3Call& call,
                              const std::function<S3Result<Response>(Bucket&, Upload&)>& function) {
  const std::string id(call.query.Get("uploadId"));
  Storage::Access access = context.storage.Lock();
  Bucket* bucket = access.Find(call.bucket);
  if (bucket == nullptr) return NoSuchBucket(call.bucket);
  const auto found = bucket->uploads.find(id);
  if (found == bucket->uploads.end() || found->second.key != call.key) return NoSuchUpload(id);
  return function(*bucket, found->second);
}

S3Result<std::optional<StoredChecksum>> ChecksumOfUpload(S3Context& context, const S3Call& call) {
  std::optional<StoredChecksum> checksum;
  const S3Result<Response> found =
      WithUpload(context, call, [&](Bucket&, Upload& upload) -> S3Result<Response> {
        checksum = upload.checksum;
        return Response();
      });
  if (const S3Error* error = ErrorOf(found)) return *error;
  return checksum;
}

S3Result<Response> StorePart(S3Context& context, const S3Call& call, std::uint32_t number,
                             Part part, Response response) {
  return WithUpload(context, call, [&](Bucket&, Upload& upload) -> S3Result<Response> {
    upload.parts[number] = std::move(part);
    return std::move(response);
  });
}

S3Result<Response> CreateMultipartUpload(S3Context& context, S3Call& call) {
  S3Result<ObjectVersion> draft = DescribeObject(context, call);
  if (const S3Error* error = ErrorOf(draft)) return *error;
  S3Result<std::optional<StoredChecksum>> checksum = DeclaredChecksum(call);
  if (const S3Error* error = ErrorOf(checksum)) return *error;

  Upload upload;
  upload.id = Storage::OpaqueId(context.storage.NextSerial(), 84) + "--";
  upload.key = call.key;
  upload.initiated = call.now;
  upload.draft = std::move(std::get<ObjectVersion>(draft));
  upload.checksum = std::get<0>(checksum);
  Response response = XmlResponse(
      std::string(kXmlHead) + "<InitiateMultipartUploadResult" + std::string(kXmlNamespace) + ">" +
      XmlElement("Bucket", call.bucket) + XmlElement("Key", call.key) +
      XmlElement("UploadId", upload.id) + "</InitiateMultipartUploadResult>");
  response.headers.Add("x-amz-server-side-encryption", upload.draft.encryption);
  if (upload.checksum) {
    response.headers.Add("x-amz-checksum-algorithm", ChecksumName(upload.checksum->kind));
    response.headers.Add("x-amz-checksum-type", TypeName(*upload.checksum));
  }
  Storage::Access access = context.storage.Lock();
  Bucket* bucket = access.Find(call.bucket);
  if (bucket == nullptr) return NoSuchBucket(call.bucket);
  if (bucket->synthetic) return AccessDenied("A synthetic bucket cannot be written to");
  const std::string id = upload.id;
  bucket->uploads.emplace(id, std::move(upload));
  return response;
}

S3Result<Response> UploadPart(S3Context& context, S3Call& call) {
  const S3Result<std::uint32_t> number = PartNumberOf(call);
  if (const S3Error* error = ErrorOf(number)) return *error;
  const S3Result<std::optional<StoredChecksum>> declared = ChecksumOfUpload(context, call);
  if (const S3Error* error = ErrorOf(declared)) return *error;
  const std::optional<StoredChecksum>& promise = std::get<0>(declared);
  if (MaybeError error = CheckPartChecksum(promise, call)) return *error;
  std::optional<ChecksumKind> kind;
  if (promise) kind = promise->kind;
  S3Result<ReceivedBody> body = ReceiveBody(context, call, kind);
  if (const S3Error* error = ErrorOf(body)) return *error;

  ReceivedBody& received = std::get<ReceivedBody>(body);
  Part part;
  part.etag = received.etag;
  part.content = std::move(received.content);
  part.crc64nvme = received.crc64nvme;
  part.modified = call.now;
  if (promise) part.checksum = received.checksum->value;
  Response response = EmptyResponse(200);
  response.headers.Add("ETag", Quoted(part.etag));
  if (received.checksum) {
    response.headers.Add(ChecksumHeader(received.checksum->kind), received.checksum->value);
  }
  response.headers.Add("x-amz-server-side-encryption", "AES256");
  return StorePart(context, call, std::get<std::uint32_t>(number), std::move(part),
                   std::move(response));
}

S3Result<Response> AbortMultipartUpload(S3Context& context, S3Call& call) {
  return WithUpload(context, call, [](Bucket& bucket, Upload& upload) -> S3Result<Response> {
    const std::string id = upload.id;
    bucket.uploads.erase(id);
    return EmptyResponse(204);
  });
}

}  // namespace fakecloud

#include "fakecloud/s3_objects.h"

#include <algorithm>
#include <array>

#include "fakecloud/encoding.h"
#include "fakecloud/s3_conditions.h"
#include "fakecloud/s3_handlers.h"

namespace fakecloud {
namespace {

constexpr std::size_t kMetadataBytesMax = 2 << 10;
constexpr std::string_view kMetadataPrefix = "x-amz-meta-";
constexpr std::array<std::string_view, 6> kContentHeaders = {
    "content-type",     "cache-control",    "content-disposition",
    "content-encoding", "content-language", "expires"};
constexpr std::array<std::string_view, 9> kStorageClasses = {
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA",     "INTELLIGENT_TIERING",
    "GLACIER",  "DEEP_ARCHIVE",       "GLACIER_IR",  "EXPRESS_ONEZONE"};

// Removes `aws-chunked`, which describes the transfer and not the object.
std::string StoredEncoding(std::string_view value) {
  std::string out;
  for (std::string_view token : Split(value, ',')) {
    token = Trim(token);
    if (token == "aws-chunked" || token.empty()) continue;
    if (!out.empty()) out += ',';
    out += token;
  }
  return out;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0; });
}

// Values that are not ASCII come back in RFC 2047's form.
std::string AnsweredMetadata(std::string_view value) {
  if (IsAscii(value)) return std::string(value);
  return "=?UTF-8?B?" + ToBase64(value) + "?=";
}

MaybeError ReadEncryption(const S3Call& call, ObjectVersion& object) {
  if (call.request.headers.Has("x-amz-server-side-encryption-customer-algorithm")) {
    return NotImplemented("x-amz-server-side-encryption-customer-algorithm");
  }
  const std::string_view encryption = call.Header("x-amz-server-side-encryption");
  if (encryption.empty()) return std::nullopt;
  if (encryption != "AES256" && encryption != "aws:kms" && encryption != "aws:kms:dsse") {
    return InvalidArgument("The encryption method specified is not supported",
                           "x-amz-server-side-encryption", encryption);
  }
  object.encryption = encryption;
  return std::nullopt;
}

MaybeError ReadStorageClass(const S3Call& call, ObjectVersion& object) {
  const std::string_view name = call.Header("x-amz-storage-class");
  if (name.empty()) return std::nullopt;
  if (std::find(kStorageClasses.begin(), kStorageClasses.end(), name) == kStorageClasses.end()) {
    return S3Error{400,
                   "InvalidStorageClass",
                   "The storage class you specified is not valid",
                   {{"StorageClassRequested", std::string(name)}},
                   {}};
  }
  object.storage_class = name;
  return std::nullopt;
}

}  // namespace

ObjectVersion DigestedObject(std::string_view bytes, std::int64_t now) {
  ObjectVersion object;
  object.content = Content::FromText(bytes);
  object.etag = ToHex(Md5(bytes));
  object.crc64nvme = Checksum(ChecksumKind::kCrc64Nvme, bytes);
  object.checksum = StoredChecksum{ChecksumKind::kCrc64Nvme, false, ToBase64(object.crc64nvme)};
  object.modified = now;
  object.headers.emplace_back("Content-Type", "binary/octet-stream");
  return object;
}

ObjectVersion ZeroObject(std::uint64_t size, std::int64_t now) {
  ObjectVersion object = DigestedObject("", now);
  object.content = Content::Zeros(size);
  BodyHasher hasher;
  object.content.Visit([&](std::span<const std::byte> bytes) {
    hasher.Update(bytes);
    return true;
  });
  hasher.Finish();
  object.etag = ToHex(hasher.md5());
  object.crc64nvme = hasher.value(ChecksumKind::kCrc64Nvme);
  object.checksum->value = ToBase64(object.crc64nvme);
  return object;
}

MaybeError ReadObjectHeaders(const S3Call& call, ObjectVersion& object) {
  std::size_t metadata_bytes = 0;
  for (std::string_view name : kContentHeaders) {
    const std::string* value = call.request.headers.Find(name);
    if (value == nullptr) continue;
    std::string stored = name == "content-encoding" ? StoredEncoding(*value) : *value;
    if (!stored.empty()) object.headers.emplace_back(name, std::move(stored));
  }
  if (!call.request.headers.Has("content-type")) {
    object.headers.emplace_back("content-type", "binary/octet-stream");
  }
  for (const auto& [field, value] : call.request.headers.all()) {
    const std::string name = LowerCase(field);
    if (!HasPrefix(name, kMetadataPrefix)) continue;
    metadata_bytes += name.size() - kMetadataPrefix.size() + value.size();
    object.headers.emplace_back(name, AnsweredMetadata(value));
  }
  if (metadata_bytes > kMetadataBytesMax) {
    return S3Error{400,
                   "MetadataTooLarge",
                   "Your metadata headers exceed the maximum allowed metadata size",
                   {{"Size", std::to_string(metadata_bytes)},
                    {"MaxSizeAllowed", std::to_string(kMetadataBytesMax)}},
                   {}};
  }
  return std::nullopt;
}

S3Result<ObjectVersion> DescribeObject(S3Context& context, const S3Call& call) {
  ObjectVersion object;
  object.modified = call.now;
  if (context.options.kms) object.encryption = "aws:kms";
  if (MaybeError error = ReadObjectHeaders(call, object)) return *error;
  if (MaybeError error = ReadStorageClass(call, object)) return *error;
  if (MaybeError error = ReadEncryption(call, object)) return *error;
  S3Result<NameValues> tags = ParseTagHeader(call.Header("x-amz-tagging"));
  if (const S3Error* error = ErrorOf(tags)) return *error;
  object.tags = std::move(std::get<NameValues>(tags));
  const std::string_view acl = call.Header("x-amz-acl");
  if (!acl.empty() && acl != "bucket-owner-full-control") {
    return S3Error{400, "AccessControlListNotSupported", "The bucket does not allow ACLs", {}, {}};
  }
  return object;
}

MaybeError CheckWriteCondition(const S3Call& call, const ObjectPtr& current) {
  if (const std::string* none = call.request.headers.Find("if-none-match")) {
    if (*none != "*") return NotImplemented("If-None-Match");
    if (current) return PreconditionFailed("If-None-Match");
  }
  if (const std::string* match = call.request.headers.Find("if-match")) {
    if (!current) return NoSuchKey(call.key);
    if (!EtagListed(*match, current->etag)) return PreconditionFailed("If-Match");
  }
  return std::nullopt;
}

S3Result<ObjectPtr> PublishObject(S3Context& context, const S3Call& call, ObjectVersion version) {
  Storage::Access access = context.storage.Lock();
  Bucket* bucket = access.Find(call.bucket);
  if (bucket == nullptr) return NoSuchBucket(call.bucket);
  if (bucket->synthetic) return AccessDenied("A synthetic bucket cannot be written to");
  if (MaybeError error = CheckWriteCondition(call, bucket->Live(call.key))) return *error;
  return bucket->Publish(call.key, std::make_shared<ObjectVersion>(std::move(version)),
                         context.storage.NextSerial());
}

void AddVersionHeader(const ObjectVersion& version, Response& response) {
  if (version.version_id != "null") response.headers.Add("x-amz-version-id", version.version_id);
}

void AddChecksumHeaders(const StoredChecksum& checksum, Response& response) {
  response.headers.Add(ChecksumHeader(checksum.kind), checksum.value);
  response.headers.Add("x-amz-checksum-type", checksum.composite ? "COMPOSITE" : "FULL_OBJECT");
}

S3Result<Response> PutObject(S3Context& context, S3Call& call) {
  {
    // Refuse before the body, if it is sure to be refused.
    Storage::Access access = context.storage.Lock();
    const Bucket* bucket = access.Find(call.bucket);
    if (bucket == nullptr) return NoSuchBucket(call.bucket);
    if (MaybeError error = CheckWriteCondition(call, bucket->Live(call.key))) return *error;
  }
  S3Result<ObjectVersion> described = DescribeObject(context, call);
  if (const S3Error* error = ErrorOf(described)) return *error;
  S3Result<ReceivedBody> body = ReceiveBody(context, call, std::nullopt);
  if (const S3Error* error = ErrorOf(body)) return *error;

  ReceivedBody& received = std::get<ReceivedBody>(body);
  ObjectVersion& object = std::get<ObjectVersion>(described);
  object.content = std::move(received.content);
  object.crc64nvme = received.crc64nvme;
  object.etag = object.encryption == "AES256" ? received.etag
                                              : ToHex(received.crc64nvme + received.crc64nvme);
  object.checksum = received.checksum.value_or(
      StoredChecksum{ChecksumKind::kCrc64Nvme, false, ToBase64(received.crc64nvme)});
  S3Result<ObjectPtr> published = PublishObject(context, call, std::move(object));
  if (const S3Error* error = ErrorOf(published)) return *error;

  const ObjectVersion& stored = *std::get<ObjectPtr>(published);
  Response response = EmptyResponse(200);
  response.headers.Add("ETag", Quoted(stored.etag));
  AddChecksumHeaders(*stored.checksum, response);
  response.headers.Add("x-amz-server-side-encryption", stored.encryption);
  AddVersionHeader(stored, response);
  return response;
}

}  // namespace fakecloud

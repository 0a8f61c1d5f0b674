// Whole blobs.

#include <algorithm>
#include <array>

#include "fakecloud/azure_call.h"
#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"
#include "fakecloud/request_faults.h"
#include "fakecloud/s3_conditions.h"

namespace fakecloud {
namespace {

constexpr std::size_t kNameCharactersMax = 1024;
constexpr std::size_t kMetadataBytesMax = 8 << 10;
constexpr std::uint64_t kBodyBytesMax = 5000ULL << 20;
constexpr std::uint64_t kSummedRangeMax = 4ULL << 20;
constexpr std::string_view kMetadataPrefix = "x-ms-meta-";
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kContentHeaders = {
    {{"x-ms-blob-content-type", "Content-Type"},
     {"x-ms-blob-content-encoding", "Content-Encoding"},
     {"x-ms-blob-content-language", "Content-Language"},
     {"x-ms-blob-content-disposition", "Content-Disposition"},
     {"x-ms-blob-cache-control", "Cache-Control"}}};

bool IsIdentifier(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

MaybeAzureError CheckName(std::string_view name) {
  std::size_t characters = 0;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\n') return AzureErrorByCode("InvalidUri");
    if ((byte & 0xC0) != 0x80) ++characters;
  }
  if (characters > kNameCharactersMax) return AzureErrorByCode("InvalidResourceName");
  return std::nullopt;
}

// The folders above a blob of a hierarchical account become real.
MaybeAzureError MakeFolders(AzureContext& context, const AzureCall& call,
                            AzureContainer& container) {
  if (const AzureBlobPtr there = container.Find(call.blob); there && there->directory) {
    return AzureErrorByCode("ResourceTypeMismatch");
  }
  for (std::size_t at = call.blob.find('/'); at != std::string::npos;
       at = call.blob.find('/', at + 1)) {
    const std::string name = call.blob.substr(0, at);
    const AzureBlobPtr there = container.Find(name);
    if (there && !there->directory) return AzureErrorByCode("ResourceTypeMismatch");
    if (there) continue;
    AzureBlob folder;
    folder.directory = true;
    folder.etag = context.storage.NextEtag();
    folder.modified = call.now;
    container.blobs[name] = std::make_shared<AzureBlob>(std::move(folder));
  }
  return std::nullopt;
}

std::string LittleEndian(std::string crc) {
  std::reverse(crc.begin(), crc.end());
  return crc;
}

// The digest that a header claims, damaged where a fault says so.
std::string Claimed(const AzureCall& call, std::string_view header) {
  std::string value(call.Header(header));
  const Fault* fault = call.FindFault(FaultKind::kCorrupt, FaultSide::kRequest);
  if (fault == nullptr || fault->corrupt != CorruptHow::kDigestHeader || value.empty()) {
    return value;
  }
  value.front() = value.front() == 'A' ? 'B' : 'A';
  return value;
}

MaybeAzureError CheckDigests(const AzureCall& call, const AzureBody& body) {
  const std::string md5 = Claimed(call, "content-md5");
  const std::string crc = Claimed(call, "x-ms-content-crc64");
  if (!md5.empty() && !crc.empty()) return AzureErrorByCode("BothCrc64AndMd5HeaderPresent");
  if (!md5.empty() && md5 != body.md5) return AzureErrorByCode("Md5Mismatch");
  if (!crc.empty() && crc != body.crc64) return AzureErrorByCode("Crc64Mismatch");
  return std::nullopt;
}

Content DamagedInStore(const AzureCall& call, Content content) {
  const Fault* fault = call.FindFault(FaultKind::kCorrupt, FaultSide::kStored);
  if (fault == nullptr) return content;
  if (fault->corrupt == CorruptHow::kZero) return Content::Zeros(content.size());
  const std::optional<std::uint64_t> offset = FaultOffset(*fault, content.size());
  return offset ? content.Flipped(*offset, fault->mask) : content;
}

void AddBlobHeaders(const AzureBlob& blob, Response& response) {
  AddBlobVersion(blob, response);
  for (const auto& [name, value] : blob.headers) response.headers.Add(name, value);
  response.headers.Add("x-ms-blob-type", "BlockBlob");
  response.headers.Add("x-ms-access-tier", blob.tier);
  response.headers.Add("Accept-Ranges", "bytes");
  if (!blob.tags.empty()) {
    response.headers.Add("x-ms-tag-count", std::to_string(blob.tags.size()));
  }
  if (blob.directory) response.headers.Add("x-ms-resource-type", "directory");
}

AzureResult<std::optional<ByteRange>> RangeOf(const AzureCall& call, std::uint64_t size) {
  const std::optional<ByteRange> whole;
  const std::string* range = call.request.headers.Find("x-ms-range");
  if (range == nullptr) range = call.request.headers.Find("range");
  // Ranges of the tail are unknown here.
  if (range == nullptr || HasPrefix(*range, "bytes=-")) return whole;
  S3Result<std::optional<ByteRange>> parsed = ParseRange(*range, size);
  if (ErrorOf(parsed) == nullptr) return std::get<0>(parsed);
  AzureError error = AzureErrorByCode("InvalidRange");
  error.headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
  return error;
}

std::string CrcTextOf(const Content& content) {
  const std::string text = content.ToText();
  BodyHasher hasher;
  hasher.SkipMd5();
  hasher.Update(std::as_bytes(std::span(text)));
  hasher.Finish();
  return ToBase64(LittleEndian(hasher.value(ChecksumKind::kCrc64Nvme)));
}

}  // namespace

MaybeAzureError ReadAzureHeaders(const AzureCall& call, AzureBlob& blob) {
  std::size_t metadata_bytes = 0;
  bool has_type = false;
  for (const auto& [header, name] : kContentHeaders) {
    const std::string* value = call.request.headers.Find(header);
    if (value == nullptr || value->empty()) continue;
    blob.headers.emplace_back(name, *value);
    has_type = has_type || name == "Content-Type";
  }
  if (!has_type) blob.headers.emplace_back("Content-Type", "application/octet-stream");
  for (const auto& [field, value] : call.request.headers.all()) {
    const std::string name = LowerCase(field);
    if (!HasPrefix(name, kMetadataPrefix)) continue;
    if (!IsIdentifier(std::string_view(name).substr(kMetadataPrefix.size()))) {
      return AzureErrorByCode("InvalidMetadata");
    }
    metadata_bytes += name.size() - kMetadataPrefix.size() + value.size();
    blob.headers.emplace_back(name, value);
  }
  if (metadata_bytes > kMetadataBytesMax) return AzureErrorByCode("MetadataTooLarge");
  const std::string_view tier = call.Header("x-ms-access-tier");
  if (!tier.empty()) blob.tier = tier;
  for (const std::string_view known : {"Hot", "Cool", "Cold", "Archive"}) {
    if (blob.tier == known) {
      const std::optional<QueryParams> tags = QueryParams::Parse(call.Header("x-ms-tags"));
      if (!tags) return AzureErrorByCode("InvalidHeaderValue");
      blob.tags = tags->all();
      return std::nullopt;
    }
  }
  return AzureErrorByCode("InvalidHeaderValue");
}

MaybeAzureError CheckAzureWrite(const AzureCall& call, const AzureBlobPtr& current) {
  const std::string_view none = call.Header("if-none-match");
  if (none == "*" && current) return AzureErrorByCode("BlobAlreadyExists");
  if (!none.empty() && none != "*" && current && EtagListed(none, current->etag)) {
    return AzureErrorByCode("ConditionNotMet");
  }
  const std::string_view match = call.Header("if-match");
  if (!match.empty() && (!current || !EtagListed(match, current->etag))) {
    return AzureErrorByCode("ConditionNotMet");
  }
  return std::nullopt;
}

AzureResult<AzureBlobPtr> PublishAzureBlob(AzureContext& context, const AzureCall& call,
                                           AzureBlob blob) {
  if (MaybeAzureError error = CheckName(call.blob)) return *error;
  AzureStorage::Access access = context.storage.Lock();
  AzureContainer* container = access.Find(call.container);
  if (container == nullptr) return AzureErrorByCode("ContainerNotFound");
  const AzureBlobPtr current = container->Find(call.blob);
  if (MaybeAzureError error = CheckAzureWrite(call, current)) return *error;
  if (current && current->tier == "Archive") return AzureErrorByCode("BlobArchived");
  if (context.storage.hierarchical()) {
    if (MaybeAzureError error = MakeFolders(context, call, *container)) return *error;
  }
  blob.etag = context.storage.NextEtag();
  blob.modified = call.now;
  container->staged.erase(call.blob);
  auto stored = std::make_shared<const AzureBlob>(std::move(blob));
  container->blobs[call.blob] = stored;
  return AzureBlobPtr(stored);
}

AzureResult<AzureBody> ReceiveAzureBody(AzureContext& context, AzureCall& call, AzureBodyUse use) {
  const std::optional<std::uint64_t> size = call.request.body->announced_size();
  if (!size) return AzureErrorByCode("MissingContentLengthHeader");
  if (*size > kBodyBytesMax) return AzureErrorByCode("RequestBodyTooLarge");
  BodyHasher hasher;
  FaultyBody faulty(*call.request.body, *call.request.waiter, call.faults);
  static const StoragePolicy kKeep;
  // The writer borrows it.
  const StoragePolicy& policy = use == AzureBodyUse::kContent ? context.storage.policy() : kKeep;
  ContentWriter writer(policy, *size);
  while (hasher.size() < *size) {
    std::span<std::byte> space = writer.Prepare();
    const std::ptrdiff_t got = faulty.Read(space);
    if (got <= 0) return AzureErrorByCode("InvalidInput");
    const auto count = static_cast<std::size_t>(got);
    hasher.Update(space.first(count));
    if (!writer.Commit(count)) return AzureErrorByCode("InternalError");
  }
  hasher.Finish();
  AzureBody body{
      {}, ToBase64(hasher.md5()), ToBase64(LittleEndian(hasher.value(ChecksumKind::kCrc64Nvme)))};
  if (MaybeAzureError error = CheckDigests(call, body)) return *error;
  body.content = DamagedInStore(call, writer.Finish());
  return body;
}

AzureResult<AzureBlobPtr> FindAzureBlob(AzureContext& context, std::string_view container_name,
                                        std::string_view name) {
  AzureStorage::Access access = context.storage.Lock();
  const AzureContainer* container = access.Find(container_name);
  if (container == nullptr) return AzureErrorByCode("ContainerNotFound");
  AzureBlobPtr blob = container->Find(name);
  if (!blob) return AzureErrorByCode("BlobNotFound");
  return blob;
}

AzureResult<Response> PutAzureBlob(AzureContext& context, AzureCall& call) {
  if (call.Header("x-ms-blob-type") != "BlockBlob") return AzureErrorByCode("InvalidHeaderValue");
  {
    // Refuse before the body, if it is sure to be refused.
    AzureStorage::Access access = context.storage.Lock();
    const AzureContainer* container = access.Find(call.container);
    if (container == nullptr) return AzureErrorByCode("ContainerNotFound");
    if (MaybeAzureError error = CheckAzureWrite(call, container->Find(call.blob))) return *error;
  }
  AzureBlob blob;
  if (MaybeAzureError error = ReadAzureHeaders(call, blob)) return *error;
  AzureResult<AzureBody> received = ReceiveAzureBody(context, call);
  if (const AzureError* error = AzureErrorOf(received)) return *error;
  AzureBody& body = std::get<AzureBody>(received);
  const std::string_view claimed = call.Header("x-ms-blob-content-md5");
  if (!claimed.empty() && claimed != body.md5) return AzureErrorByCode("Md5Mismatch");
  blob.content = std::move(body.content);
  blob.md5 = body.md5;
  const AzureResult<AzureBlobPtr> stored = PublishAzureBlob(context, call, std::move(blob));
  if (const AzureError* error = AzureErrorOf(stored)) return *error;
  Response response = AzureAnswer(201);
  AddBlobVersion(*std::get<AzureBlobPtr>(stored), response);
  response.headers.Add("Content-MD5", body.md5);
  response.headers.Add("x-ms-content-crc64", body.crc64);
  return response;
}

AzureResult<Response> GetAzureBlob(AzureContext& context, AzureCall& call) {
  const AzureResult<AzureBlobPtr> found = FindAzureBlob(context, call.container, call.blob);
  if (const AzureError* error = AzureErrorOf(found)) return *error;
  const AzureBlob& blob = *std::get<AzureBlobPtr>(found);
  const std::string_view match = call.Header("if-match");
  if (!match.empty() && !EtagListed(match, blob.etag)) return AzureErrorByCode("ConditionNotMet");
  const std::string_view none = call.Header("if-none-match");
  if (!none.empty() && EtagListed(none, blob.etag)) {
    AzureError error = AzureErrorByCode("ConditionNotMet");
    error.status = 304;
    return error;
  }
  const bool with_body = call.operation == "GetBlob";
  if (with_body && blob.tier == "Archive") return AzureErrorByCode("BlobArchived");
  const AzureResult<std::optional<ByteRange>> range = RangeOf(call, blob.content.size());
  if (const AzureError* error = AzureErrorOf(range)) return *error;
  const std::optional<ByteRange>& wanted = std::get<0>(range);
  Response response;
  AddBlobHeaders(blob, response);
  if (!wanted || !with_body) {
    if (!blob.md5.empty()) response.headers.Add("Content-MD5", blob.md5);
    response.content = blob.content;
    return response;
  }
  response.status = 206;
  if (!blob.md5.empty()) response.headers.Add("x-ms-blob-content-md5", blob.md5);
  response.headers.Add("Content-Range", "bytes " + std::to_string(wanted->offset) + "-" +
                                            std::to_string(wanted->offset + wanted->size - 1) +
                                            "/" + std::to_string(blob.content.size()));
  response.content = blob.content.Slice(wanted->offset, wanted->size);
  if (call.Header("x-ms-range-get-content-crc64") == "true") {
    if (wanted->size > kSummedRangeMax) return AzureErrorByCode("InvalidHeaderValue");
    response.headers.Add("x-ms-content-crc64", CrcTextOf(*response.content));
  }
  return response;
}

AzureResult<Response> DeleteAzureBlob(AzureContext& context, AzureCall& call) {
  AzureStorage::Access access = context.storage.Lock();
  AzureContainer* container = access.Find(call.container);
  if (container == nullptr) return AzureErrorByCode("ContainerNotFound");
  const AzureBlobPtr current = container->Find(call.blob);
  if (MaybeAzureError error = CheckAzureWrite(call, current)) return *error;
  if (!current) return AzureErrorByCode("BlobNotFound");
  const auto below = container->blobs.lower_bound(call.blob + "/");
  if (current->directory && below != container->blobs.end() &&
      HasPrefix(below->first, call.blob + "/")) {
    return AzureErrorByCode("DirectoryIsNotEmpty");
  }
  container->blobs.erase(call.blob);
  return AzureAnswer(202);
}

}  // namespace fakecloud

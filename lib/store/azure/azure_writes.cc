// Whole blobs, and what stands beside their bytes.

#include <utility>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/http/entity_tag.h"
#include "lib/store/azure/azure_body.h"
#include "lib/store/azure/azure_metadata.h"
#include "lib/store/azure/azure_store.h"

namespace godwit {
namespace {

// What Set Blob Properties replaces.
bool SameContent(const ObjectAttributes& a, const ObjectAttributes& b) {
  return a.content_type == b.content_type && a.cache_control == b.cache_control &&
         a.content_encoding == b.content_encoding &&
         a.content_disposition == b.content_disposition && a.content_language == b.content_language;
}

// True if `now` can be nothing but `before` with these properties: its bytes are known by a digest,
// and all else is as it was.
bool DiffersByContentOnly(ObjectMeta before, const ObjectMeta& now,
                          const ObjectAttributes& wanted) {
  const bool known =
      !before.entry.digests.empty() || before.attributes.claimed_crc64nvme.has_value();
  before.attributes.content_type = wanted.content_type;
  before.attributes.cache_control = wanted.cache_control;
  before.attributes.content_encoding = wanted.content_encoding;
  before.attributes.content_disposition = wanted.content_disposition;
  before.attributes.content_language = wanted.content_language;
  return known && before.entry.size_bytes == now.entry.size_bytes &&
         before.entry.digests == now.entry.digests && before.attributes == now.attributes;
}

}  // namespace

Result<PutReceipt> AzureStore::ReceiptOf(const AzureRequest& request,
                                         const HttpResponse& response) const {
  PutReceipt receipt;
  receipt.version = UnquoteEtag(response.headers.Find("etag").value_or(""));
  if (receipt.version.empty()) {
    return channel_.Explain(request, Status(ErrorKind::kCorrupted, "the answer has no ETag"));
  }
  const auto modified = ParseHttpDate(response.headers.Find("last-modified").value_or(""));
  receipt.modified = modified.value_or(PreciseTime());
  return receipt;
}

Result<PutReceipt> AzureStore::Put(const CallContext& context, const WritePermit&,
                                   std::string_view key, const PutOptions& options,
                                   ByteSource& source) {
  GODWIT_RETURN_IF_ERROR(CheckNewKey("write", key));
  if (source.size_bytes() > Describe().put_bytes_max) {
    return Refuse("write", key, "the body is too large for a single put");
  }
  const AzureBody body(source, options.digests);
  AzureRequest request = AzurePutRequest(key);
  request.headers.Add("x-ms-blob-type", "BlockBlob");
  ObjectAttributes attributes = options.attributes;
  if (!attributes.claimed_crc64nvme.has_value()) attributes.claimed_crc64nvme = body.sent_crc();
  AzureAttributeParts parts;
  parts.tags = HasTags();
  if (const Status added = AddAzureAttributes(attributes, parts, request.headers); !added.ok()) {
    return Refuse("write", key, added.message());
  }
  AddAzureCondition(options.condition, request);
  body.AttachTo(request);
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  Result<PutReceipt> receipt = ReceiptOf(request, *response);
  if (!receipt.ok()) return receipt;
  const Result<WriteProof> proof = body.Judge(response->headers);
  if (!proof.ok()) return channel_.Explain(request, proof.status());
  receipt->proof = *proof;
  if (*proof == WriteProof::kCrc64Nvme) receipt->digests.Set(Digest::Crc64Nvme(*body.crc()));
  const auto md5 =
      DigestFromBase64(DigestKind::kMd5, response->headers.Find("content-md5").value_or(""));
  if (*proof != WriteProof::kNone && md5.has_value()) receipt->digests.Set(*md5);
  return receipt;
}

Result<PutReceipt> AzureStore::SetProperties(const CallContext& context, std::string_view key,
                                             const ObjectMeta& current,
                                             const ObjectAttributes& attributes) {
  AzureRequest request = AzurePutRequest(key);
  request.operation = "describe";
  request.parameters = {{"comp", "properties"}};
  const Status added = AddAzureAttributes(attributes, {true, false, false, false}, request.headers);
  if (!added.ok()) return Refuse("describe", key, added.message());
  // What is not given again is cleared.
  if (const Digest* md5 = current.entry.digests.Find(DigestKind::kMd5)) {
    request.headers.Add("x-ms-blob-content-md5", Base64Of(*md5));
  }
  AddAzureCondition(WriteCondition::IfVersion(current.entry.version), request);
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  return ReceiptOf(request, *response);
}

Result<PutReceipt> AzureStore::ReplaceMetadata(const CallContext& context, std::string_view key,
                                               const Version& version,
                                               const ObjectAttributes& attributes) {
  AzureRequest request = AzurePutRequest(key);
  request.operation = "describe";
  request.parameters = {{"comp", "metadata"}};
  const Status added = AddAzureAttributes(attributes, {false, true, false, false}, request.headers);
  if (!added.ok()) return Refuse("describe", key, added.message());
  AddAzureCondition(WriteCondition::IfVersion(version), request);
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  return ReceiptOf(request, *response);
}

Status AzureStore::SetTierAndTags(const CallContext& context, std::string_view key,
                                  const ObjectMeta& current, const ObjectAttributes& attributes) {
  AzureRequest request = AzurePutRequest(key);
  request.operation = "describe";
  if (!attributes.storage_class.empty() &&
      attributes.storage_class != current.attributes.storage_class) {
    AzureRequest tier = request;
    tier.parameters = {{"comp", "tier"}};
    tier.headers.Add("x-ms-access-tier", attributes.storage_class);
    GODWIT_RETURN_IF_ERROR(channel_.Send(context, tier).status());
  }
  const bool tags_differ =
      HasTags() && !attributes.tags.empty() && attributes.tags != current.attributes.tags;
  if (!tags_differ) return Status::Ok();
  request.parameters = {{"comp", "tags"}};
  AzureXmlBody body(AzureTagsXml(attributes.tags));
  body.AttachTo(request);
  return channel_.Send(context, request).status();
}

Result<PutReceipt> AzureStore::SetMetadata(const CallContext& context, const WritePermit&,
                                           std::string_view key, const Version& version,
                                           const ObjectAttributes& attributes) {
  Result<ObjectMeta> current = Head(context, key);
  if (!current.ok()) return current.status();
  if (!IsOurs(key, version, *current, attributes)) {
    return Status(ErrorKind::kPreconditionFailed, "the object at the target has changed")
        .WithOperation("describe")
        .WithObject(channel_.ObjectName(key));
  }
  ObjectAttributes wanted = attributes;
  if (!wanted.claimed_crc64nvme.has_value()) {
    wanted.claimed_crc64nvme = current->attributes.claimed_crc64nvme;
  }
  Version latest = current->entry.version;
  if (!SameContent(current->attributes, wanted)) {
    const Result<PutReceipt> described = SetProperties(context, key, *current, wanted);
    if (described.status().maybe_applied()) RememberHalf(key, {version, latest, *current});
    if (!described.ok()) return described;
    latest = described->version;
    RememberHalf(key, {version, latest, std::nullopt});
  }
  const Result<PutReceipt> receipt = ReplaceMetadata(context, key, latest, wanted);
  if (!receipt.ok()) return receipt;
  RememberHalf(key, {version, receipt->version, std::nullopt});
  GODWIT_RETURN_IF_ERROR(SetTierAndTags(context, key, *current, wanted));
  const std::lock_guard lock(uploads_mutex_);
  half_described_.erase(std::string(key));
  return receipt;
}

// What is there now is the version asked for, or what an earlier call that failed in the middle has
// made of it.
bool AzureStore::IsOurs(std::string_view key, const Version& version, const ObjectMeta& current,
                        const ObjectAttributes& wanted) const {
  const std::lock_guard lock(uploads_mutex_);
  const auto found = half_described_.find(key);
  if (found == half_described_.end() || found->second.asked != version) {
    return current.entry.version == version;
  }
  const HalfDescribed& half = found->second;
  return current.entry.version == half.latest ||
         (half.before.has_value() && DiffersByContentOnly(*half.before, current, wanted));
}

void AzureStore::RememberHalf(std::string_view key, HalfDescribed half) {
  const std::lock_guard lock(uploads_mutex_);
  half_described_.insert_or_assign(std::string(key), std::move(half));
}

}  // namespace godwit

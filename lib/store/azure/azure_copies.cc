// Copies that the service makes by itself.

#include <utility>

#include "lib/base/retry_policy.h"
#include "lib/http/entity_tag.h"
#include "lib/store/azure/azure_metadata.h"
#include "lib/store/azure/azure_store.h"

namespace godwit {
namespace {

// Of what follows a copy, each at once.
constexpr int kDescriptionRepeats = 2;

// Nothing but a storage class: what a copy is to keep of its source is not said.
bool SaysNothing(ObjectAttributes attributes) {
  attributes.storage_class.clear();
  return attributes == ObjectAttributes();
}

bool HasMetadata(const ObjectAttributes& attributes) {
  return attributes.mtime.has_value() || attributes.claimed_crc64nvme.has_value() ||
         !attributes.user_metadata.empty();
}

}  // namespace

Result<ObjectMeta> AzureStore::HeadSource(const CallContext& context, const CopySource& source) {
  AzureRequest request = AzureHeadRequest(source.key);
  request.container = source.container;
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  Result<ObjectMeta> meta = AzureObjectFromHead(source.key, response->headers);
  if (!meta.ok()) return channel_.Explain(request, std::move(meta).status());
  if (!source.version.empty() && meta->entry.version != source.version) {
    return channel_.Explain(
        request, Status(ErrorKind::kPreconditionFailed, "the source object has changed"));
  }
  return meta;
}

Result<AzureRequest> AzureStore::CopyRequest(const CallContext& context, const CopySource& source,
                                             std::string_view key,
                                             const WriteCondition& condition) {
  AzureRequest request = AzurePutRequest(key);
  request.operation = "copy";
  request.request_class = RequestClass::kCopy;
  request.first_byte_timeout = kSlowAzureAnswer;
  const Result<std::string> url = channel_.CopySourceUrl(context, source, request);
  if (!url.ok()) return url.status();
  request.headers.Add("x-ms-copy-source", *url);
  if (!source.version.empty()) {
    request.headers.Add("x-ms-source-if-match", QuoteEtag(source.version));
  }
  AddAzureCondition(condition, request);
  return request;
}

Result<PutReceipt> AzureStore::Copy(const CallContext& context, const WritePermit&,
                                    const CopySource& source, std::string_view key,
                                    const PutOptions& options) {
  GODWIT_RETURN_IF_ERROR(CheckNewKey("copy", key));
  PutOptions described = options;
  if (SaysNothing(options.attributes)) {
    Result<ObjectMeta> meta = HeadSource(context, source);
    if (!meta.ok()) return meta.status();
    described.attributes = std::move(meta->attributes);
    described.attributes.storage_class = options.attributes.storage_class;
  }
  if (has_put_from_url_) {
    Result<PutReceipt> receipt = CopyWhole(context, source, key, described);
    if (!receipt.status().Is(ErrorKind::kUnsupported)) return receipt;
    has_put_from_url_ = false;
  }
  return CopyThenDescribe(context, source, key, described);
}

// Put Blob From URL: one request, with all that stands beside the bytes.
Result<PutReceipt> AzureStore::CopyWhole(const CallContext& context, const CopySource& source,
                                         std::string_view key, const PutOptions& options) {
  Result<AzureRequest> request = CopyRequest(context, source, key, options.condition);
  if (!request.ok()) return request.status();
  request->headers.Add("x-ms-blob-type", "BlockBlob");
  request->headers.Add("x-ms-copy-source-blob-properties", "false");
  AzureAttributeParts parts;
  parts.tags = HasTags();
  const Status added = AddAzureAttributes(options.attributes, parts, request->headers);
  if (!added.ok()) return Refuse("copy", key, added.message());
  const Result<HttpResponse> response = channel_.Send(context, *request);
  if (!response.ok()) return response.status();
  Result<PutReceipt> receipt = ReceiptOf(*request, *response);
  if (receipt.ok()) receipt->proof = WriteProof::kServiceCopy;
  return receipt;
}

// Copy Blob, waited for: keeps the source's content headers, which are replaced afterwards where
// others are wanted.
Result<PutReceipt> AzureStore::CopyThenDescribe(const CallContext& context,
                                                const CopySource& source, std::string_view key,
                                                const PutOptions& options) {
  Result<AzureRequest> request = CopyRequest(context, source, key, options.condition);
  if (!request.ok()) return request.status();
  request->headers.Add("x-ms-requires-sync", "true");
  AzureAttributeParts parts;
  parts.content = false;
  parts.tags = HasTags();
  const Status added = AddAzureAttributes(options.attributes, parts, request->headers);
  if (!added.ok()) return Refuse("copy", key, added.message());
  const Result<HttpResponse> response = channel_.Send(context, *request);
  if (!response.ok()) return response.status();
  Result<PutReceipt> receipt = ReceiptOf(*request, *response);
  if (!receipt.ok()) return receipt;
  if (response->headers.Find("x-ms-copy-status").value_or("success") != "success") {
    return channel_.Explain(*request,
                            Status(ErrorKind::kConflict, "the service has not ended the copy"));
  }
  Result<PutReceipt> described = DescribeCopy(context, key, options.attributes);
  for (int repeats = 0; repeats < kDescriptionRepeats && IsRetryable(described.status());
       ++repeats) {
    described = DescribeCopy(context, key, options.attributes);
  }
  if (described.ok()) described->proof = WriteProof::kServiceCopy;
  // The copy itself stands: whoever repeats it must not take it for somebody else's.
  if (IsRetryable(described.status())) {
    return Status(described.status()).WithMaybeApplied(true);
  }
  return described;
}

// Asks the service again what it holds, so that it may be repeated.
Result<PutReceipt> AzureStore::DescribeCopy(const CallContext& context, std::string_view key,
                                            const ObjectAttributes& attributes) {
  const Result<ObjectMeta> copied = Head(context, key);
  if (!copied.ok()) return copied.status();
  Result<PutReceipt> described = SetProperties(context, key, *copied, attributes);
  if (!described.ok() || HasMetadata(attributes)) return described;
  return ReplaceMetadata(context, key, described->version, attributes);
}

Result<PartReceipt> AzureStore::CopyPart(const CallContext& context, const WritePermit&,
                                         std::string_view key, const Secret& upload_id,
                                         const UploadPart& part, const CopySource& source,
                                         std::uint64_t length) {
  const Result<AzureUpload> upload = OpenUpload("copy a part of", key, upload_id);
  if (!upload.ok()) return upload.status();
  Result<AzureRequest> request = CopyRequest(context, source, key, {});
  if (!request.ok()) return request.status();
  AzurePartToken token{FormatAzureBlockId(*upload, part.index, std::nullopt),
                       AzurePartToken::Proof::kCopied};
  request->operation = "copy a part of";
  request->errors.upload = false;
  request->parameters = AzureBlockParameters(token.block_id);
  request->headers.Add("x-ms-source-range", "bytes=" + std::to_string(part.offset) + "-" +
                                                std::to_string(part.offset + length - 1));
  const Result<HttpResponse> response = channel_.Send(context, *request);
  if (!response.ok()) return response.status();
  PartReceipt receipt;
  receipt.index = part.index;
  receipt.size_bytes = length;
  receipt.token = token.ToText();
  const auto crc = ParseAzureCrc(response->headers.Find("x-ms-content-crc64").value_or(""));
  if (crc.has_value()) receipt.digests.Set(Digest::Crc64Nvme(*crc));
  return receipt;
}

}  // namespace godwit

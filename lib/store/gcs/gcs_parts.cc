#include <utility>

#include "lib/base/text.h"
#include "lib/checksum/crc.h"
#include "lib/http/json_writer.h"
#include "lib/store/gcs/gcs_body.h"
#include "lib/store/gcs/gcs_metadata.h"
#include "lib/store/gcs/gcs_store.h"
#include "lib/store/gcs/gcs_xml.h"

// An upload in parallel parts by the XML multipart API. Parts carry their crc32c. The finish has
// no conditions and no digest: what is there is looked at right before it and right after it.

namespace godwit {
namespace {

constexpr int kPartPagesMax = 100;

GcsRequest XmlRequest(HttpMethod method, const GcsConfig& config, std::string_view key,
                      std::string_view operation) {
  GcsRequest request;
  request.method = method;
  request.request_class = RequestClass::kPut;
  request.operation = operation;
  request.key = key;
  request.path = GcsXmlPath(config.bucket, key);
  request.errors.subject = GcsSubject::kUpload;
  request.errors.changes = true;
  return request;
}

std::string Unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

std::optional<Digest> CrcOf(const DigestSet& digests) {
  const Digest* crc = digests.Find(DigestKind::kCrc32c);
  return crc == nullptr ? std::nullopt : std::optional<Digest>(*crc);
}

}  // namespace

Result<Secret> GcsStore::BeginParts(const CallContext& context, std::string_view key,
                                    const UploadOptions& options) {
  channel_.log().WarnOnce("gcs-xml-conditions",
                          channel_.BucketName() +
                              ": uploads in parallel parts have no conditions; a change made "
                              "there in the moment of the finish can be lost");
  GcsRequest request = XmlRequest(HttpMethod::kPost, channel_.config(), key, "begin the upload of");
  request.errors.subject = GcsSubject::kObject;
  AddParameter(request.query, "uploads", "");
  MemorySource nothing({});
  request.body = &nothing;
  AddGcsAttributeHeaders(options.attributes, request.headers);
  const Result<XmlDocument> document =
      SendForGcsXml(channel_, context, request, "InitiateMultipartUploadResult");
  if (!document.ok()) return document.status();
  GcsUploadId id;
  id.by_parts = true;
  id.part_bytes = options.part_size_bytes;
  id.size_bytes = options.size_bytes;
  id.condition = options.condition;
  id.handle = document->Field("UploadId");
  if (!id.handle.empty()) return id.Join();
  return channel_.Explain(request, Status(ErrorKind::kCorrupted, "the answer has no upload id"));
}

Result<PartReceipt> GcsStore::PutXmlPart(const CallContext& context, std::string_view key,
                                         const GcsUploadId& id, const UploadPart& part,
                                         ByteSource& body) {
  GcsRequest request = XmlRequest(HttpMethod::kPut, channel_.config(), key, "write a part of");
  AddParameter(request.query, "partNumber", std::to_string(part.index + 1));
  AddParameter(request.query, "uploadId", id.handle);
  const auto* memory = dynamic_cast<const MemorySource*>(&body);
  std::optional<Digest> crc = CrcOf(part.digests);
  if (!crc.has_value() && memory != nullptr) crc = Digest::Crc32c(Crc32c(0, memory->bytes()));
  HashedSource hashed(body);
  request.body = crc.has_value() ? &body : static_cast<ByteSource*>(&hashed);
  request.resendable = memory != nullptr;
  request.object_bytes = body.size_bytes();
  if (crc.has_value()) request.headers.Add("x-goog-hash", GcsHashHeader(*crc));
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (!response.ok()) return response.status();
  if (!crc.has_value()) crc = hashed.crc32c();
  PartReceipt receipt;
  receipt.index = part.index;
  receipt.size_bytes = body.size_bytes();
  receipt.token = Unquoted(response->headers.Find("etag").value_or(""));
  const DigestSet told = ReadGcsHashHeaders(response->headers);
  const Digest* echo = told.Find(DigestKind::kCrc32c);
  if (receipt.token.empty()) {
    return channel_.Explain(request, Status(ErrorKind::kCorrupted, "the answer has no ETag"));
  }
  if (echo != nullptr && crc.has_value() && *echo != *crc) {
    return channel_.Explain(
        request, Status(ErrorKind::kCorrupted, "the service stored other bytes than were sent"));
  }
  receipt.digests = part.digests;
  if (crc.has_value()) receipt.digests.Set(*crc);
  return receipt;
}

Result<UploadedParts> GcsStore::ListXmlParts(const CallContext& context, std::string_view key,
                                             const GcsUploadId& id) {
  UploadedParts listed;
  std::string marker;
  for (int page = 0; page < kPartPagesMax; ++page) {
    GcsRequest request = XmlRequest(HttpMethod::kGet, channel_.config(), key, "list the parts of");
    request.request_class = RequestClass::kList;
    request.errors.changes = false;
    AddParameter(request.query, "uploadId", id.handle);
    AddParameter(request.query, "max-parts", "1000");
    if (!marker.empty()) AddParameter(request.query, "part-number-marker", marker);
    const Result<XmlDocument> document =
        SendForGcsXml(channel_, context, request, "ListPartsResult");
    if (!document.ok()) return document.status();
    const auto broken = [&] {
      return channel_.Explain(request,
                              Status(ErrorKind::kCorrupted, "the list of parts is not in order"));
    };
    for (const XmlDocument::Record& record : document->records) {
      if (record.name != "Part") continue;
      Result<PartReceipt> part = ReadGcsPart(record);
      const bool ascending =
          part.ok() && (listed.parts.empty() || listed.parts.back().index < part->index);
      if (!ascending) return broken();
      listed.parts.push_back(std::move(*part));
    }
    const std::string truncated = document->Field("IsTruncated");
    if (truncated == "false") return listed;
    const std::string next = document->Field("NextPartNumberMarker");
    if (truncated != "true" || next.empty() || next == marker) return broken();
    marker = next;
  }
  return Status(ErrorKind::kCorrupted, "the list of parts does not end");
}

Status GcsStore::LookBeforeFinish(const CallContext& context, std::string_view key,
                                  const WriteCondition& condition) {
  if (condition.kind == WriteCondition::Kind::kNone) return Status::Ok();
  const Result<Looked> now = Look(context, channel_.config().bucket, key, "");
  const bool missing = now.status().Is(ErrorKind::kNotFound);
  if (!now.ok() && !missing) return now.status();
  const bool expected = condition.kind == WriteCondition::Kind::kCreateOnly
                            ? missing
                            : now.ok() && now->object.meta.entry.version == condition.version;
  if (expected) return Status::Ok();
  return Status(ErrorKind::kPreconditionFailed, "the object at the target has changed")
      .WithOperation("finish the upload of")
      .WithObject(channel_.ObjectName(key));
}

Result<PutReceipt> GcsStore::FinishParts(const CallContext& context, std::string_view key,
                                         const GcsUploadId& id, std::span<const PartReceipt> parts,
                                         const FinishOptions& options) {
  const WriteCondition& condition =
      options.condition.kind == WriteCondition::Kind::kNone ? id.condition : options.condition;
  GODWIT_RETURN_IF_ERROR(LookBeforeFinish(context, key, condition));
  GcsRequest request =
      XmlRequest(HttpMethod::kPost, channel_.config(), key, "finish the upload of");
  AddParameter(request.query, "uploadId", id.handle);
  request.first_byte_timeout = kGcsSlowAnswer;
  const std::string xml = GcsCompleteXml(parts);
  MemorySource body(std::as_bytes(std::span(xml)));
  request.headers.Add("Content-Type", "application/xml");
  request.body = &body;
  const Result<XmlDocument> document =
      SendForGcsXml(channel_, context, request, "CompleteMultipartUploadResult");
  if (!document.ok()) return document.status();
  return LookAfterFinish(context, request, options);
}

// The finish tells neither generation nor digest. What headers could not carry of the attributes is
// patched in now.
Result<PutReceipt> GcsStore::LookAfterFinish(const CallContext& context, const GcsRequest& request,
                                             const FinishOptions& options) {
  const Result<Looked> now = Look(context, channel_.config().bucket, request.key, "");
  if (!now.ok()) return Status(now.status()).WithMaybeApplied(true);
  Result<PutReceipt> receipt =
      Receive(request, now->resource, request.key, options.size_bytes, CrcOf(options.digests));
  if (!receipt.ok()) return receipt;
  HttpHeaders said;
  if (AddGcsAttributeHeaders(options.attributes, said)) return receipt;
  const std::string text = WriteJson(GcsAttributePatch(options.attributes, now->resource));
  MemorySource body(std::as_bytes(std::span(text)));
  GcsRequest patch;
  patch.method = HttpMethod::kPatch;
  patch.request_class = RequestClass::kPut;
  patch.operation = "change";
  patch.key = request.key;
  patch.errors.changes = true;
  patch.path = GcsObjectPath(channel_.config().bucket, request.key);
  GODWIT_RETURN_IF_ERROR(AddGcsCondition(WriteCondition::IfVersion(receipt->version), patch));
  patch.headers.Add("Content-Type", "application/json; charset=UTF-8");
  patch.body = &body;
  const Result<JsonValue> patched = channel_.SendForJson(context, patch);
  if (!patched.ok()) return Status(patched.status()).WithMaybeApplied(true);
  return receipt;
}

}  // namespace godwit

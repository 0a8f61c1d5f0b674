#include <utility>

#include "lib/base/text.h"
#include "lib/http/xml_document.h"
#include "lib/store/call_check.h"
#include "lib/store/gcs/gcs_store.h"
#include "lib/store/gcs/gcs_xml.h"
#include "lib/store/part_check.h"

// Which of the two forms an upload takes, and what both share.

namespace godwit {
namespace {

constexpr int kUploadPagesMax = 100'000;

Status NotTheParts() {
  return Status(ErrorKind::kInvalidArgument, "a part is not the one that was sent");
}

// The tokens of a stream's parts say which bytes they are.
Status CheckStreamTokens(std::span<const PartReceipt> parts) {
  std::uint64_t offset = 0;
  for (const PartReceipt& part : parts) {
    const std::string token = std::to_string(offset) + "+" + std::to_string(part.size_bytes);
    if (part.token != token) return NotTheParts();
    offset += part.size_bytes;
  }
  return Status::Ok();
}

}  // namespace

// An id may come from the journal of another process, whose log is not ours.
Result<GcsUploadId> GcsStore::OpenUpload(const Secret& upload_id) {
  Result<GcsUploadId> id = GcsUploadId::Split(upload_id);
  if (id.ok() && !id->by_parts) RedactSession(id->handle);
  return id;
}

// Whoever knows the address of a session can write to it.
void GcsStore::RedactSession(const std::string& path) {
  constexpr std::string_view kName = "upload_id=";
  channel_.log().Redact(Secret(path));
  const std::size_t begin = path.find(kName);
  if (begin == std::string::npos) return;
  const std::string id = path.substr(begin + kName.size());
  channel_.log().Redact(Secret(id.substr(0, id.find('&'))));
}

Result<Secret> GcsStore::BeginUpload(const CallContext& context, const WritePermit&,
                                     std::string_view key, const UploadOptions& options) {
  GODWIT_RETURN_IF_ERROR(CheckKey("write", key));
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  const bool in_order = options.in_order && !capabilities_.parts_in_any_order;
  if (in_order ||
      !capabilities_.TakesPartsInAnyOrder(options.size_bytes, options.part_size_bytes)) {
    channel_.log().Debug(channel_.ObjectName(key) + ": goes up as one resumable stream");
    return BeginStream(context, key, options);
  }
  channel_.log().Debug(channel_.ObjectName(key) +
                       ": goes up in parallel parts by the XML multipart API");
  return BeginParts(context, key, options);
}

Result<PartReceipt> GcsStore::PutPart(const CallContext& context, const WritePermit&,
                                      std::string_view key, const Secret& upload_id,
                                      const UploadPart& part, ByteSource& body) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  const Result<GcsUploadId> id = OpenUpload(upload_id);
  if (!id.ok()) return id.status();
  return id->by_parts ? PutXmlPart(context, key, *id, part, body)
                      : PutStreamPart(context, key, *id, part, body);
}

Result<PartReceipt> GcsStore::CopyPart(const CallContext& context, const WritePermit&,
                                       std::string_view key, const Secret&, const UploadPart&,
                                       const CopySource&, std::uint64_t) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  return Status(ErrorKind::kUnsupported, "the service copies whole objects only")
      .WithOperation("copy a part of")
      .WithObject(channel_.ObjectName(key));
}

Result<UploadedParts> GcsStore::ListParts(const CallContext& context, std::string_view key,
                                          const Secret& upload_id) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  const Result<GcsUploadId> id = OpenUpload(upload_id);
  if (!id.ok()) return id.status();
  return id->by_parts ? ListXmlParts(context, key, *id) : ListStreamParts(context, key, *id);
}

Result<PutReceipt> GcsStore::FinishUpload(const CallContext& context, const WritePermit&,
                                          std::string_view key, const Secret& upload_id,
                                          std::span<const PartReceipt> parts,
                                          const FinishOptions& options) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  const Result<GcsUploadId> id = OpenUpload(upload_id);
  if (!id.ok()) return id.status();
  GODWIT_RETURN_IF_ERROR(CheckParts(parts, options.size_bytes));
  if (!id->by_parts) GODWIT_RETURN_IF_ERROR(CheckStreamTokens(parts));
  Result<PutReceipt> receipt = id->by_parts ? FinishParts(context, key, *id, parts, options)
                                            : FinishStream(context, key, *id, options);
  if (receipt.ok()) sessions_.Forget(upload_id);
  return receipt;
}

Status GcsStore::AbortUpload(const CallContext& context, const WritePermit&, std::string_view key,
                             const Secret& upload_id) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  const Result<GcsUploadId> id = OpenUpload(upload_id);
  if (!id.ok()) return Status::Ok();
  GcsRequest request;
  request.method = HttpMethod::kDelete;
  request.request_class = RequestClass::kDelete;
  request.operation = "abort the upload of";
  request.key = key;
  request.errors.subject = GcsSubject::kUpload;
  request.errors.bare = true;
  request.errors.changes = true;
  if (id->by_parts) {
    request.path = GcsXmlPath(channel_.config().bucket, key);
    AddParameter(request.query, "uploadId", id->handle);
  } else {
    request.path = id->handle;
    request.with_project = false;
    request.headers.Add("Content-Length", "0");
  }
  const Result<HttpResponse> response = channel_.Send(context, request);
  const Status status = response.status();
  // 499 is how the service says that a session was cancelled.
  if (!status.ok() && !status.Is(ErrorKind::kNotFound)) return status;
  sessions_.Forget(upload_id);
  return Status::Ok();
}

Result<std::vector<UploadEntry>> GcsStore::ListUploads(const CallContext& context,
                                                       std::string_view prefix) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  if (!HasXml()) {
    return Status(ErrorKind::kUnsupported, "the service does not list its sessions")
        .WithOperation("list the uploads of")
        .WithObject(channel_.BucketName());
  }
  std::vector<UploadEntry> uploads;
  std::string key_marker;
  std::string id_marker;
  for (int page = 0; page < kUploadPagesMax; ++page) {
    GcsRequest request;
    request.request_class = RequestClass::kList;
    request.operation = "list the uploads of";
    request.path = GcsXmlPath(channel_.config().bucket, "");
    AddParameter(request.query, "uploads", "");
    if (!prefix.empty()) AddParameter(request.query, "prefix", prefix);
    if (!key_marker.empty()) AddParameter(request.query, "key-marker", key_marker);
    if (!id_marker.empty()) AddParameter(request.query, "upload-id-marker", id_marker);
    request.errors.subject = GcsSubject::kBucket;
    const Result<XmlDocument> document =
        SendForGcsXml(channel_, context, request, "ListMultipartUploadsResult");
    if (!document.ok()) return document.status();
    const auto broken = [&] {
      return channel_.Explain(request,
                              Status(ErrorKind::kCorrupted, "the list of uploads is damaged"));
    };
    for (const XmlDocument::Record& record : document->records) {
      if (record.name != "Upload") continue;
      GcsUploadId id;
      id.by_parts = true;
      id.handle = record.Field("UploadId");
      const std::string key = record.Field("Key");
      const auto started = ParseRfc3339(record.Field("Initiated"));
      if (!key.starts_with(prefix) || id.handle.empty() || !started) return broken();
      uploads.push_back({key, id.Join(), *started});
    }
    const std::string truncated = document->Field("IsTruncated");
    if (truncated == "false") return uploads;
    const std::string next_key = document->Field("NextKeyMarker");
    const std::string next_id = document->Field("NextUploadIdMarker");
    const bool goes_on = truncated == "true" && !next_key.empty() &&
                         (next_key != key_marker || next_id != id_marker);
    if (!goes_on) return broken();
    key_marker = next_key;
    id_marker = next_id;
  }
  return Status(ErrorKind::kCorrupted, "the list of uploads does not end");
}

}  // namespace godwit

#include <algorithm>
#include <utility>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/http/entity_tag.h"
#include "lib/store/s3/s3_metadata.h"
#include "lib/store/s3/s3_store.h"
#include "lib/store/s3/s3_xml.h"

namespace godwit {
namespace {

// Bounds a listing that never ends: S3 has at most 10,000 parts, in pages of 1,000.
constexpr int kPartPagesMax = 100;
constexpr int kUploadPagesMax = 100'000;

std::string_view AlgorithmOf(S3Checksum checksum) {
  if (checksum == S3Checksum::kCrc64Nvme) return "CRC64NVME";
  return checksum == S3Checksum::kCrc32c ? "CRC32C" : "";
}

S3Request PartRequest(std::string_view key, const Secret& upload_id, const UploadPart& part) {
  S3Request request = PutRequest(key);
  const std::string number = std::to_string(part.index + 1);
  request.query = CanonicalQuery({{"partNumber", number}, {"uploadId", upload_id.Reveal()}});
  request.operation = "write a part of";
  request.errors.subject = S3Subject::kUpload;
  return request;
}

std::string FieldOf(const S3Document::Record& record, std::string_view name) {
  const auto found = record.fields.find(name);
  return found == record.fields.end() ? "" : found->second;
}

// Of a listed part: what the service tells of its bytes.
std::optional<PartReceipt> ReadPart(const S3Document::Record& record, bool etag_is_md5) {
  const auto number = ParseUint64(FieldOf(record, "PartNumber"));
  const auto size = ParseUint64(FieldOf(record, "Size"));
  PartReceipt part;
  part.token = UnquoteEtag(FieldOf(record, "ETag"));
  if (!number || *number == 0 || *number > 10'000 || !size || part.token.empty()) {
    return std::nullopt;
  }
  part.index = static_cast<std::uint32_t>(*number - 1);
  part.size_bytes = *size;
  for (const DigestKind kind : {DigestKind::kCrc64Nvme, DigestKind::kCrc32c}) {
    const auto digest = DigestFromBase64(kind, FieldOf(record, ChecksumElement(kind)));
    if (digest.has_value()) part.digests.Set(*digest);
  }
  const auto md5 = Md5OfEtag(part.token);
  if (md5.has_value() && etag_is_md5) part.digests.Set(*md5);
  return part;
}

// MinIO wants every part of an upload with a checksum to carry one, also those that it copies
// itself. Such parts can only be sent.
Status PartCopyStatus(Status status) {
  const bool wants_checksum = status.Is(ErrorKind::kInvalidArgument) &&
                              status.message().find("checksum missing") != std::string::npos;
  if (!wants_checksum) return status;
  return Status(ErrorKind::kUnsupported, "this service does not copy parts of such an upload")
      .WithOperation(status.operation())
      .WithObject(status.object());
}

}  // namespace

void S3Store::RememberUpload(const Secret& upload_id, UploadMode mode) {
  const std::lock_guard lock(uploads_mutex_);
  uploads_[upload_id.Reveal()] = mode;
}

void S3Store::ForgetUpload(const Secret& upload_id) {
  const std::lock_guard lock(uploads_mutex_);
  uploads_.erase(upload_id.Reveal());
}

S3Store::UploadMode S3Store::ModeOf(const Secret& upload_id) const {
  UploadMode mode{channel_.knowledge().BodyChecksum(), false};
  const std::lock_guard lock(uploads_mutex_);
  const auto found = uploads_.find(upload_id.Reveal());
  if (found == uploads_.end()) return mode;
  // Begun with a checksum which the service, as it has shown since, ignores.
  if (mode.checksum != S3Checksum::kMd5) mode.checksum = found->second.checksum;
  mode.by_copy = found->second.by_copy;
  return mode;
}

// Of an upload of an earlier run: whether it was begun with a checksum of the whole object.
void S3Store::LearnUpload(const Secret& upload_id, const S3Document& parts_page,
                          const UploadedParts& parts) {
  const std::string algorithm = parts_page.Field("ChecksumAlgorithm");
  S3Checksum checksum = S3Checksum::kMd5;
  const auto has = [&parts](DigestKind kind) {
    return !parts.parts.empty() && parts.parts.front().digests.Find(kind) != nullptr;
  };
  if (algorithm == "CRC64NVME" || (algorithm.empty() && has(DigestKind::kCrc64Nvme))) {
    checksum = S3Checksum::kCrc64Nvme;
  } else if (algorithm == "CRC32C" || (algorithm.empty() && has(DigestKind::kCrc32c))) {
    checksum = S3Checksum::kCrc32c;
  } else if (algorithm.empty() && parts.parts.empty()) {
    return;
  }
  // A composite checksum is not one that godwit could give.
  if (parts_page.Field("ChecksumType") == "COMPOSITE") checksum = S3Checksum::kMd5;
  const std::lock_guard lock(uploads_mutex_);
  uploads_.try_emplace(upload_id.Reveal(), UploadMode{checksum, false});
}

Result<Secret> S3Store::BeginUpload(const CallContext& context, const WritePermit&,
                                    std::string_view key, const UploadOptions& options) {
  GODWIT_RETURN_IF_ERROR(CheckKey("write", key));
  S3Knowledge& knowledge = channel_.knowledge();
  S3Checksum checksum = knowledge.BodyChecksum();
  // Copied parts come without checksums there, and the upload could not be finished.
  if (options.by_copy && !knowledge.promises().checksums_of_copied_parts) {
    checksum = S3Checksum::kNone;
  }
  for (bool refused = false;;) {
    S3Request request = PostRequest(key, {{"uploads", ""}});
    GODWIT_RETURN_IF_ERROR(AddUploadHeaders(options.attributes, checksum, request));
    const Result<S3Channel::Answer> answer = channel_.Exchange(context, request);
    if (!answer.ok()) return answer.status();
    if (!answer->ok() && !refused && !AlgorithmOf(checksum).empty() &&
        knowledge.MayDoWithoutChecksum() &&
        RefusesChecksum(answer->response.status, answer->error)) {
      refused = true;
      checksum = S3Checksum::kMd5;
      continue;
    }
    if (!answer->ok()) return channel_.Failure(request, *answer);
    if (refused) knowledge.ChecksumIsUnknown();
    const Result<S3Document> document =
        channel_.ReadXmlAnswer(request, answer->response, "InitiateMultipartUploadResult");
    if (!document.ok()) return document.status();
    const Secret id(document->Field("UploadId"));
    if (!id.empty()) {
      RememberUpload(id, {checksum, options.by_copy});
      return id;
    }
    return channel_.Explain(request, Status(ErrorKind::kCorrupted, "the answer has no upload id"));
  }
}

Status S3Store::AddUploadHeaders(const ObjectAttributes& attributes, S3Checksum checksum,
                                 S3Request& request) const {
  const Status added =
      AddAttributeHeaders(attributes, channel_.knowledge().promises().tags, request.headers);
  if (!added.ok()) return channel_.Explain(request, added);
  if (!AlgorithmOf(checksum).empty()) {
    request.headers.Add("x-amz-checksum-algorithm", AlgorithmOf(checksum));
    request.headers.Add("x-amz-checksum-type", "FULL_OBJECT");
  }
  return Status::Ok();
}

Result<PartReceipt> S3Store::PutPart(const CallContext& context, const WritePermit&,
                                     std::string_view key, const Secret& upload_id,
                                     const UploadPart& part, ByteSource& body) {
  BodyJob job;
  job.key = key;
  job.checksum = ModeOf(upload_id).checksum;
  job.digests = part.digests;
  job.source = &body;
  job.replaces_itself = true;
  job.make = [&](const BodyJob&) -> Result<S3Request> { return PartRequest(key, upload_id, part); };
  Result<StoredBody> stored = StoreBody(context, std::move(job));
  if (!stored.ok()) return stored.status();
  PartReceipt receipt;
  receipt.index = part.index;
  receipt.size_bytes = body.size_bytes();
  receipt.token = std::move(stored->etag);
  receipt.digests = std::move(stored->known);
  return receipt;
}

Result<PartReceipt> S3Store::CopyPart(const CallContext& context, const WritePermit&,
                                      std::string_view key, const Secret& upload_id,
                                      const UploadPart& part, const CopySource& source,
                                      std::uint64_t length) {
  S3Request request = PartRequest(key, upload_id, part);
  request.operation = "copy a part of";
  request.request_class = RequestClass::kCopy;
  request.first_byte_timeout = kSlowAnswerTimeout;
  const S3Promises& promises = channel_.knowledge().promises();
  if (!promises.server_copy || length == 0) {
    const ErrorKind kind = length == 0 ? ErrorKind::kInvalidArgument : ErrorKind::kUnsupported;
    return channel_.Explain(request, Status(kind, "this part cannot be copied by the service"));
  }
  AddCopySource(source, request.headers);
  request.headers.Add("x-amz-copy-source-range", "bytes=" + std::to_string(part.offset) + "-" +
                                                     std::to_string(part.offset + length - 1));
  const Result<S3Document> document = channel_.SendForXml(context, request, "CopyPartResult");
  if (!document.ok()) return PartCopyStatus(document.status());
  PartReceipt receipt;
  receipt.index = part.index;
  receipt.size_bytes = length;
  receipt.token = UnquoteEtag(document->Field("ETag"));
  for (const DigestKind kind : {DigestKind::kCrc64Nvme, DigestKind::kCrc32c}) {
    const auto digest = DigestFromBase64(kind, document->Field(ChecksumElement(kind)));
    if (digest.has_value()) receipt.digests.Set(*digest);
  }
  if (!receipt.token.empty()) return receipt;
  return channel_.Explain(request, Status(ErrorKind::kCorrupted, "the answer has no ETag"));
}

Result<UploadedParts> S3Store::ListParts(const CallContext& context, std::string_view key,
                                         const Secret& upload_id) {
  UploadedParts listed;
  std::string marker;
  for (int page = 0; page < kPartPagesMax; ++page) {
    S3Request request;
    request.request_class = RequestClass::kList;
    request.operation = "list the parts of";
    request.key = key;
    request.errors.subject = S3Subject::kUpload;
    QueryParameters query{{"uploadId", upload_id.Reveal()}, {"max-parts", "1000"}};
    if (!marker.empty()) query.emplace_back("part-number-marker", marker);
    request.query = CanonicalQuery(query);
    const Result<S3Document> document = channel_.SendForXml(context, request, "ListPartsResult");
    if (!document.ok()) return document.status();
    const auto broken = [&] {
      return channel_.Explain(request,
                              Status(ErrorKind::kCorrupted, "the list of parts is not in order"));
    };
    for (const S3Document::Record& record : document->records) {
      if (record.name != "Part") continue;
      std::optional<PartReceipt> part = ReadPart(record, channel_.knowledge().EtagIsMd5());
      const bool ascending =
          part.has_value() && (listed.parts.empty() || listed.parts.back().index < part->index);
      if (!ascending) return broken();
      listed.parts.push_back(std::move(*part));
    }
    if (page == 0) LearnUpload(upload_id, *document, listed);
    const std::string truncated = document->Field("IsTruncated");
    if (truncated == "false") return listed;
    const std::string next = document->Field("NextPartNumberMarker");
    if (truncated != "true" || next.empty() || next == marker) return broken();
    marker = next;
  }
  return Status(ErrorKind::kCorrupted, "the list of parts does not end");
}

Result<std::vector<UploadEntry>> S3Store::ListUploads(const CallContext& context,
                                                      std::string_view prefix) {
  std::vector<UploadEntry> uploads;
  std::string key_marker;
  std::string id_marker;
  for (int page = 0; page < kUploadPagesMax; ++page) {
    S3Request request;
    request.request_class = RequestClass::kList;
    request.operation = "list the uploads of";
    request.errors.subject = S3Subject::kBucket;
    QueryParameters query{{"uploads", ""}, {"encoding-type", "url"}, {"max-uploads", "1000"}};
    if (!prefix.empty()) query.emplace_back("prefix", prefix);
    if (!key_marker.empty()) query.emplace_back("key-marker", key_marker);
    if (!id_marker.empty()) query.emplace_back("upload-id-marker", id_marker);
    request.query = CanonicalQuery(query);
    const Result<S3Document> document =
        channel_.SendForXml(context, request, "ListMultipartUploadsResult");
    if (!document.ok()) return document.status();
    const bool encoded = document->Field("EncodingType") == "url";
    const auto decode = [encoded](const std::string& text) {
      return encoded ? DecodeListed(text) : std::optional<std::string>(text);
    };
    const auto broken = [&] {
      return channel_.Explain(request,
                              Status(ErrorKind::kCorrupted, "the list of uploads is damaged"));
    };
    for (const S3Document::Record& record : document->records) {
      if (record.name != "Upload") continue;
      std::optional<std::string> key = decode(FieldOf(record, "Key"));
      Secret id(FieldOf(record, "UploadId"));
      const auto started = ParseRfc3339(FieldOf(record, "Initiated"));
      if (!key || !key->starts_with(prefix) || id.empty() || !started) return broken();
      uploads.push_back({std::move(*key), std::move(id), *started});
    }
    const std::string truncated = document->Field("IsTruncated");
    if (truncated == "false") return uploads;
    const std::optional<std::string> next_key = decode(document->Field("NextKeyMarker"));
    const std::string next_id = document->Field("NextUploadIdMarker");
    const bool goes_on = truncated == "true" && next_key.has_value() && !next_key->empty() &&
                         (*next_key != key_marker || next_id != id_marker);
    if (!goes_on) return broken();
    key_marker = *next_key;
    id_marker = next_id;
  }
  return Status(ErrorKind::kCorrupted, "the list of uploads does not end");
}

Status S3Store::AbortUpload(const CallContext& context, const WritePermit&, std::string_view key,
                            const Secret& upload_id) {
  S3Request request;
  request.method = HttpMethod::kDelete;
  request.request_class = RequestClass::kDelete;
  request.operation = "abort the upload of";
  request.key = key;
  request.query = CanonicalQuery({{"uploadId", upload_id.Reveal()}});
  request.errors.subject = S3Subject::kUpload;
  request.errors.changes = true;
  const Result<HttpResponse> response = channel_.Send(context, request);
  const Status status =
      response.ok() ? channel_.CheckRemoved(request, *response) : response.status();
  if (!status.ok() && !status.Is(ErrorKind::kNotFound)) return status;
  ForgetUpload(upload_id);
  return Status::Ok();
}

}  // namespace godwit

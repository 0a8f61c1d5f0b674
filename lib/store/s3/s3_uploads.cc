#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/store/s3/s3_metadata.h"
#include "lib/store/s3/s3_store.h"
#include "lib/store/s3/s3_xml.h"

// Multipart uploads. The handle that callers keep is "CHECKSUM:ID": what the upload was begun with
// decides what its parts and its finish may carry, also in a later run.

namespace godwit {
namespace {

// Bounds a listing that never ends: S3 has at most 10,000 parts, in pages of 1,000.
constexpr int kPartPagesMax = 100;
constexpr int kUploadPagesMax = 100'000;

struct Handle {
  S3Checksum checksum = S3Checksum::kMd5;
  std::string id;
};

std::string_view NameOf(S3Checksum checksum) {
  switch (checksum) {
    case S3Checksum::kCrc64Nvme:
      return "crc64nvme";
    case S3Checksum::kCrc32c:
      return "crc32c";
    case S3Checksum::kNone:
      return "none";
    case S3Checksum::kAuto:
    case S3Checksum::kMd5:
      break;
  }
  return "md5";
}

Secret MakeHandle(S3Checksum checksum, std::string_view id) {
  return Secret(std::string(NameOf(checksum)).append(":").append(id));
}

Result<Handle> ReadHandle(const Secret& secret) {
  const std::string& text = secret.Reveal();
  for (const S3Checksum checksum :
       {S3Checksum::kCrc64Nvme, S3Checksum::kCrc32c, S3Checksum::kMd5, S3Checksum::kNone}) {
    const std::string prefix = std::string(NameOf(checksum)) + ":";
    if (text.starts_with(prefix) && text.size() > prefix.size()) {
      return Handle{checksum, text.substr(prefix.size())};
    }
  }
  return Status(ErrorKind::kInvalidArgument, "not an upload of this store");
}

std::string_view AlgorithmOf(S3Checksum checksum) {
  if (checksum == S3Checksum::kCrc64Nvme) return "CRC64NVME";
  return checksum == S3Checksum::kCrc32c ? "CRC32C" : "";
}

std::string_view ElementOf(DigestKind kind) {
  return kind == DigestKind::kCrc32c ? "ChecksumCRC32C" : "ChecksumCRC64NVME";
}

S3Request PartRequest(std::string_view key, const Handle& handle, const UploadPart& part) {
  S3Request request = PutRequest(key);
  const std::string number = std::to_string(part.index + 1);
  request.query = CanonicalQuery({{"partNumber", number}, {"uploadId", handle.id}});
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
    const auto digest = DigestFromBase64(kind, FieldOf(record, ElementOf(kind)));
    if (digest.has_value()) part.digests.Set(*digest);
  }
  const auto md5 = Md5OfEtag(part.token);
  if (md5.has_value() && etag_is_md5) part.digests.Set(*md5);
  return part;
}

S3Checksum ChecksumOfListed(const S3Document::Record& record) {
  // Parts of a composite upload have no whole checksum that godwit could give.
  if (FieldOf(record, "ChecksumType") == "COMPOSITE") return S3Checksum::kMd5;
  const std::string algorithm = FieldOf(record, "ChecksumAlgorithm");
  if (algorithm == "CRC64NVME") return S3Checksum::kCrc64Nvme;
  return algorithm == "CRC32C" ? S3Checksum::kCrc32c : S3Checksum::kMd5;
}

// Parts in order, without a gap, of the size that was promised.
Status CheckParts(std::span<const PartReceipt> parts, std::uint64_t size_bytes) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].index != i) {
      return Status(ErrorKind::kInvalidArgument,
                    "part " + std::to_string(i + 1) + " of the upload is missing");
    }
    total += parts[i].size_bytes;
  }
  if (total == size_bytes && !parts.empty()) return Status::Ok();
  return Status(ErrorKind::kInvalidArgument, "the parts have " + std::to_string(total) + " of " +
                                                 std::to_string(size_bytes) + " bytes");
}

// What a whole object of parts must have, where the upload can be given it.
std::optional<Digest> ExpectedDigest(const Handle& handle, const FinishOptions& options,
                                     bool checksums_work) {
  const std::optional<DigestKind> kind = KindOfChecksum(handle.checksum);
  if (!kind.has_value() || *kind == DigestKind::kMd5 || !checksums_work) return std::nullopt;
  const Digest* digest = options.digests.Find(*kind);
  return digest == nullptr ? std::nullopt : std::optional<Digest>(*digest);
}

}  // namespace

Result<Secret> S3Store::BeginUpload(const CallContext& context, const WritePermit&,
                                    std::string_view key, const UploadOptions& options) {
  GODWIT_RETURN_IF_ERROR(CheckKey("write", key));
  S3Knowledge& knowledge = channel_.knowledge();
  S3Checksum checksum = knowledge.BodyChecksum();
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
    const std::string id = document->Field("UploadId");
    if (!id.empty()) return MakeHandle(checksum, id);
    return channel_.Explain(request, Status(ErrorKind::kCorrupted, "the answer has no upload id"));
  }
}

Status S3Store::AddUploadHeaders(const ObjectAttributes& attributes, S3Checksum checksum,
                                 S3Request& request) {
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
  const Result<Handle> handle = ReadHandle(upload_id);
  if (!handle.ok()) return handle.status();
  BodyJob job;
  job.key = key;
  // The upload was begun with a checksum, but the service has shown since that it ignores it.
  const bool given_up = channel_.knowledge().BodyChecksum() == S3Checksum::kMd5;
  job.checksum = given_up ? S3Checksum::kMd5 : handle->checksum;
  job.digests = part.digests;
  job.source = &body;
  job.replaces_itself = true;
  job.make = [&](const BodyJob&) -> Result<S3Request> { return PartRequest(key, *handle, part); };
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
  const Result<Handle> handle = ReadHandle(upload_id);
  if (!handle.ok()) return handle.status();
  S3Request request = PartRequest(key, *handle, part);
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
  if (!document.ok()) return document.status();
  PartReceipt receipt;
  receipt.index = part.index;
  receipt.size_bytes = length;
  receipt.token = UnquoteEtag(document->Field("ETag"));
  for (const DigestKind kind : {DigestKind::kCrc64Nvme, DigestKind::kCrc32c}) {
    const auto digest = DigestFromBase64(kind, document->Field(ElementOf(kind)));
    if (digest.has_value()) receipt.digests.Set(*digest);
  }
  if (!receipt.token.empty()) return receipt;
  return channel_.Explain(request, Status(ErrorKind::kCorrupted, "the answer has no ETag"));
}

Result<UploadedParts> S3Store::ListParts(const CallContext& context, std::string_view key,
                                         const Secret& upload_id) {
  const Result<Handle> handle = ReadHandle(upload_id);
  if (!handle.ok()) return handle.status();
  UploadedParts listed;
  std::string marker;
  for (int page = 0; page < kPartPagesMax; ++page) {
    S3Request request;
    request.request_class = RequestClass::kList;
    request.operation = "list the parts of";
    request.key = key;
    request.errors.subject = S3Subject::kUpload;
    QueryParameters query{{"uploadId", handle->id}, {"max-parts", "1000"}};
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
      const std::string id = FieldOf(record, "UploadId");
      const auto started = ParseRfc3339(FieldOf(record, "Initiated"));
      if (!key || !key->starts_with(prefix) || id.empty() || !started) return broken();
      uploads.push_back({std::move(*key), MakeHandle(ChecksumOfListed(record), id), *started});
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

Result<PutReceipt> S3Store::FinishUpload(const CallContext& context, const WritePermit&,
                                         std::string_view key, const Secret& upload_id,
                                         std::span<const PartReceipt> parts,
                                         const FinishOptions& options) {
  const Result<Handle> handle = ReadHandle(upload_id);
  if (!handle.ok()) return handle.status();
  GODWIT_RETURN_IF_ERROR(CheckParts(parts, options.size_bytes));
  const S3Knowledge& knowledge = channel_.knowledge();
  const bool checksums_work = knowledge.BodyChecksum() != S3Checksum::kMd5;
  const std::optional<Digest> expected = ExpectedDigest(*handle, options, checksums_work);
  std::optional<DigestKind> part_kind;
  if (expected.has_value() && knowledge.ChecksumIsConfirmed()) part_kind = expected->kind();
  S3XmlBody body(CompleteXml(parts, part_kind));
  const Result<Sent> sent = SendConditional(context, options.condition, [&]() -> Result<S3Request> {
    S3Request request = PostRequest(key, {{"uploadId", handle->id}});
    request.operation = "finish the upload of";
    request.errors.subject = S3Subject::kUpload;
    request.first_byte_timeout = kSlowAnswerTimeout;
    if (expected.has_value()) {
      request.headers.Add(ChecksumHeader(expected->kind()), Base64Of(*expected));
      request.headers.Add("x-amz-checksum-type", "FULL_OBJECT");
    }
    if (knowledge.promises().object_size_header) {
      request.headers.Add("x-amz-mp-object-size", std::to_string(options.size_bytes));
    }
    body.AttachTo(request, false);
    return request;
  });
  if (!sent.ok()) return sent.status();
  if (!sent->answer.ok()) return channel_.Failure(sent->request, sent->answer);
  const Result<S3Document> document =
      channel_.ReadXmlAnswer(sent->request, sent->answer.response, "CompleteMultipartUploadResult");
  if (!document.ok()) return document.status();
  PutReceipt receipt;
  receipt.version = UnquoteEtag(document->Field("ETag"));
  if (receipt.version.empty()) {
    return channel_.Explain(sent->request, Status(ErrorKind::kCorrupted, "the answer has no ETag"));
  }
  GODWIT_RETURN_IF_ERROR(ProveFinish(context, *sent, *document, key, expected, parts, receipt));
  return receipt;
}

Status S3Store::ProveFinish(const CallContext& context, const Sent& sent,
                            const S3Document& document, std::string_view key,
                            const std::optional<Digest>& expected,
                            std::span<const PartReceipt> parts, PutReceipt& receipt) {
  const auto other_bytes = [&] {
    return channel_.Explain(
        sent.request,
        Status(ErrorKind::kCorrupted, "the service put the object together from other bytes"));
  };
  std::optional<Digest> told;
  if (expected.has_value() && document.Field("ChecksumType") != "COMPOSITE") {
    told = DigestFromBase64(expected->kind(), document.Field(ElementOf(expected->kind())));
  }
  if (expected.has_value() && !told.has_value() && channel_.knowledge().ChecksumIsConfirmed()) {
    // The service checks checksums but does not repeat this one: its metadata may.
    const Result<ObjectMeta> meta = Head(context, key);
    if (meta.ok() && meta->entry.version == receipt.version) {
      receipt.modified = meta->entry.modified;
      const Digest* stored = meta->entry.digests.Find(expected->kind());
      if (stored != nullptr) told = *stored;
    }
  }
  if (told.has_value()) {
    if (*told != *expected) return other_bytes();
    receipt.digests.Set(*told);
    receipt.proof =
        expected->kind() == DigestKind::kCrc32c ? WriteProof::kCrc32c : WriteProof::kCrc64Nvme;
    return Status::Ok();
  }
  const std::optional<std::string> etag = EtagOfParts(parts);
  if (!etag.has_value()) return Status::Ok();
  if (*etag == receipt.version) {
    receipt.proof = WriteProof::kPartMd5;
  } else if (channel_.knowledge().promises().part_etag_is_md5_of_md5s &&
             !HidesMd5(sent.answer.response.headers)) {
    return other_bytes();
  }
  return Status::Ok();
}

Status S3Store::AbortUpload(const CallContext& context, const WritePermit&, std::string_view key,
                            const Secret& upload_id) {
  const Result<Handle> handle = ReadHandle(upload_id);
  if (!handle.ok()) return handle.status();
  S3Request request;
  request.method = HttpMethod::kDelete;
  request.request_class = RequestClass::kDelete;
  request.operation = "abort the upload of";
  request.key = key;
  request.query = CanonicalQuery({{"uploadId", handle->id}});
  request.errors.subject = S3Subject::kUpload;
  request.errors.changes = true;
  const Result<HttpResponse> response = channel_.Send(context, request);
  if (response.status().Is(ErrorKind::kNotFound)) return Status::Ok();
  return response.status();
}

}  // namespace godwit

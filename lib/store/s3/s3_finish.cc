#include <utility>

#include "lib/base/digest_text.h"
#include "lib/http/entity_tag.h"
#include "lib/store/part_check.h"
#include "lib/store/s3/s3_store.h"
#include "lib/store/s3/s3_xml.h"

// How a multipart upload becomes an object, and what proves that it is the right one.

namespace godwit {
namespace {

// What the whole object must have, where its upload can be given it.
std::optional<Digest> ExpectedDigest(S3Checksum checksum, const DigestSet& digests) {
  const std::optional<DigestKind> kind = KindOfChecksum(checksum);
  if (!kind.has_value() || *kind == DigestKind::kMd5) return std::nullopt;
  const Digest* digest = digests.Find(*kind);
  return digest == nullptr ? std::nullopt : std::optional<Digest>(*digest);
}

S3Request FinishRequest(std::string_view key, const Secret& upload_id,
                        const std::optional<Digest>& expected) {
  S3Request request = PostRequest(key, {{"uploadId", upload_id.Reveal()}});
  request.operation = "finish the upload of";
  request.errors.subject = S3Subject::kUpload;
  request.first_byte_timeout = kSlowAnswerTimeout;
  if (expected.has_value()) {
    request.headers.Add(ChecksumHeader(expected->kind()), Base64Of(*expected));
    request.headers.Add("x-amz-checksum-type", "FULL_OBJECT");
  }
  return request;
}

}  // namespace

Result<PutReceipt> S3Store::FinishUpload(const CallContext& context, const WritePermit&,
                                         std::string_view key, const Secret& upload_id,
                                         std::span<const PartReceipt> parts,
                                         const FinishOptions& options) {
  GODWIT_RETURN_IF_ERROR(CheckParts(parts, options.size_bytes));
  const UploadMode mode = ModeOf(upload_id);
  const std::optional<Digest> expected = ExpectedDigest(mode.checksum, options.digests);
  std::optional<DigestKind> part_kind;
  if (expected.has_value() && channel_.knowledge().ChecksumIsConfirmed()) {
    part_kind = expected->kind();
  }
  S3XmlBody body(CompleteXml(parts, part_kind));
  const RequestMaker make = [&]() -> Result<S3Request> {
    S3Request request = FinishRequest(key, upload_id, expected);
    if (channel_.knowledge().promises().object_size_header) {
      request.headers.Add("x-amz-mp-object-size", std::to_string(options.size_bytes));
    }
    body.AttachTo(request, false);
    return request;
  };
  const Result<Sent> sent = SendConditional(context, options.condition, make, true);
  if (!sent.ok()) return sent.status();
  if (!sent->answer.ok()) return channel_.Failure(sent->request, sent->answer);
  const Result<S3Document> document =
      channel_.ReadXmlAnswer(sent->request, sent->answer.response, "CompleteMultipartUploadResult");
  if (!document.ok()) return document.status();
  PutReceipt receipt;
  receipt.version = UnquoteEtag(document->Field("ETag"));
  if (receipt.version.empty()) receipt.version = FindFinished(context, key, expected, parts);
  if (receipt.version.empty()) {
    return channel_.Explain(sent->request, Status(ErrorKind::kCorrupted, "the answer has no ETag"));
  }
  if (mode.by_copy) receipt.proof = WriteProof::kServiceCopy;
  ForgetUpload(upload_id);
  GODWIT_RETURN_IF_ERROR(ProveFinish(context, *sent, *document, key, expected, parts, receipt));
  return receipt;
}

Status S3Store::OtherBytes(const Sent& sent) const {
  return channel_.Explain(
      sent.request, Status(ErrorKind::kCorrupted, "the service stored other bytes than were sent"));
}

Status S3Store::ProveFinish(const CallContext& context, const Sent& sent,
                            const S3Document& document, std::string_view key,
                            const std::optional<Digest>& expected,
                            std::span<const PartReceipt> parts, PutReceipt& receipt) {
  std::optional<Digest> told;
  if (expected.has_value() && document.Field("ChecksumType") != "COMPOSITE") {
    told = DigestFromBase64(expected->kind(), document.Field(ChecksumElement(expected->kind())));
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
    if (*told != *expected) return OtherBytes(sent);
    receipt.digests.Set(*told);
    receipt.proof =
        expected->kind() == DigestKind::kCrc32c ? WriteProof::kCrc32c : WriteProof::kCrc64Nvme;
    return Status::Ok();
  }
  return ProveByParts(sent, parts, receipt);
}

// Ceph publishes an object without telling its ETag. The object that is there is this one if its
// digest, or its ETag made of the parts', says so.
Version S3Store::FindFinished(const CallContext& context, std::string_view key,
                              const std::optional<Digest>& expected,
                              std::span<const PartReceipt> parts) {
  const Result<ObjectMeta> meta = Head(context, key);
  if (!meta.ok()) return "";
  const Digest* stored =
      expected.has_value() ? meta->entry.digests.Find(expected->kind()) : nullptr;
  const bool same_digest = stored != nullptr && *stored == *expected;
  return same_digest || EtagOfParts(parts) == meta->entry.version ? meta->entry.version : "";
}

Status S3Store::ProveByParts(const Sent& sent, std::span<const PartReceipt> parts,
                             PutReceipt& receipt) {
  const std::optional<std::string> etag = EtagOfParts(parts);
  if (!etag.has_value()) return Status::Ok();
  if (*etag == receipt.version) {
    receipt.proof = WriteProof::kPartMd5;
  } else if (channel_.knowledge().promises().part_etag_is_md5_of_md5s &&
             !HidesMd5(sent.answer.response.headers)) {
    return OtherBytes(sent);
  }
  return Status::Ok();
}

}  // namespace godwit

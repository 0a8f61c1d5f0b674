#include <array>
#include <utility>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/http/entity_tag.h"
#include "lib/store/crc_claim.h"
#include "lib/store/s3/s3_metadata.h"
#include "lib/store/s3/s3_store.h"
#include "lib/store/s3/s3_xml.h"

namespace godwit {
namespace {

// Nothing but a storage class: what a copy is to keep of its source is not said.
bool SaysNothing(ObjectAttributes attributes) {
  attributes.storage_class.clear();
  return attributes == ObjectAttributes();
}

WriteProof ProofOf(DigestKind kind) {
  return kind == DigestKind::kCrc32c ? WriteProof::kCrc32c : WriteProof::kCrc64Nvme;
}

}  // namespace

Result<S3Store::Sent> S3Store::SendConditional(const CallContext& context,
                                               const WriteCondition& condition,
                                               const RequestMaker& make, bool resendable) {
  S3Knowledge& knowledge = channel_.knowledge();
  bool try_unquoted = false;
  bool without = false;
  for (;;) {
    Result<S3Request> request = make();
    if (!request.ok()) return request.status();
    const bool unquoted = try_unquoted || knowledge.EtagsAreUnquoted();
    if (knowledge.TakesConditions() && !without) AddCondition(condition, unquoted, *request);
    Result<S3Channel::Answer> answer = channel_.Exchange(context, *request);
    if (!answer.ok()) return answer.status();
    if (answer->ok() && try_unquoted) knowledge.EtagsMustBeUnquoted();
    if (answer->ok() && without) knowledge.ConditionsAreRefused();
    if (!answer->ok() && !unquoted && WantsUnquoted(*request, *answer, resendable)) {
      if (!resendable) return MustComeAgain(*request);
      try_unquoted = true;
      continue;
    }
    if (!answer->ok() && !without && RefusesConditions(*request, *answer)) {
      if (!resendable) {
        knowledge.ConditionsAreRefused();
        return MustComeAgain(*request);
      }
      without = true;
      continue;
    }
    return Sent{std::move(*request), std::move(*answer)};
  }
}

// Ceph compares the bytes behind If-Match with the ETag without its quotes. Services that say
// nothing of themselves may do so, too, but only a body that can be sent again finds it out.
bool S3Store::WantsUnquoted(const S3Request& request, const S3Channel::Answer& answer,
                            bool resendable) const {
  const S3Knowledge& knowledge = channel_.knowledge();
  return answer.response.status == 412 && request.errors.if_match &&
         (knowledge.EtagsAreUnquoted() || (!knowledge.IsKnown() && resendable));
}

bool S3Store::RefusesConditions(const S3Request& request, const S3Channel::Answer& answer) {
  const bool refused = request.errors.conditional &&
                       RefusesCondition(answer.response.status, answer.error) &&
                       !channel_.knowledge().promises().condition_on_put;
  if (refused) {
    channel_.log().WarnOnce("conditions", channel_.BucketName() +
                                              ": the service knows no conditional writes; a "
                                              "change made there meanwhile can be lost");
  }
  return refused;
}

Status S3Store::MustComeAgain(const S3Request& request) const {
  return channel_.Explain(
      request, Status(ErrorKind::kUnavailable,
                      "the service wants the request in another form, and the body is gone"));
}

Result<S3Store::StoredBody> S3Store::StoreBody(const CallContext& context, BodyJob job) {
  for (;;) {
    bool again = false;
    Result<StoredBody> stored = StoreBodyOnce(context, job, again);
    // Happens once: the checksum that caused it is given up.
    if (!again) return stored;
  }
}

Result<S3Store::StoredBody> S3Store::StoreBodyOnce(const CallContext& context, BodyJob& job,
                                                   bool& again) {
  S3Protection protection;
  protection.checksum = job.checksum;
  protection.sign_payload = channel_.SignsPayload();
  protection.anonymous = channel_.config().anonymous;
  protection.trailer_allowed = channel_.knowledge().promises().trailers;
  protection.may_need_md5 = channel_.knowledge().MayDoWithoutChecksum();
  const S3Body body = S3Body::Prepare(*job.source, job.digests, protection);
  const RequestMaker make = [&]() -> Result<S3Request> {
    Result<S3Request> request = job.make(job);
    if (request.ok()) body.AttachTo(*request);
    return request;
  };
  const Result<Sent> sent = SendConditional(context, job.condition, make, body.resendable());
  if (!sent.ok()) return sent.status();
  if (!sent->answer.ok()) {
    const bool refused = job.checksum != S3Checksum::kMd5 && !job.without_checksum &&
                         channel_.knowledge().MayDoWithoutChecksum() &&
                         RefusesChecksum(sent->answer.response.status, sent->answer.error);
    if (!refused) return channel_.Failure(sent->request, sent->answer);
    if (!body.resendable()) {
      channel_.knowledge().ChecksumIsUnknown();
      return MustComeAgain(sent->request);
    }
    job.checksum = S3Checksum::kMd5;
    job.without_checksum = again = true;
    return StoredBody{};
  }
  if (job.without_checksum) channel_.knowledge().ChecksumIsUnknown();
  StoredBody stored;
  stored.known = body.known();
  stored.etag = UnquoteEtag(sent->answer.response.headers.Find("etag").value_or(""));
  if (stored.etag.empty()) {
    return channel_.Explain(sent->request, Status(ErrorKind::kCorrupted, "the answer has no ETag"));
  }
  GODWIT_RETURN_IF_ERROR(JudgeChecksum(*sent, body, job, stored, again));
  return stored;
}

Status S3Store::JudgeChecksum(const Sent& sent, const S3Body& body, BodyJob& job,
                              StoredBody& stored, bool& again) {
  if (job.checksum == S3Checksum::kNone) return Status::Ok();
  const std::optional<Digest> ours = body.sent();
  const bool sent_crc = ours.has_value() && ours->kind() != DigestKind::kMd5;
  const auto echo =
      sent_crc ? sent.answer.response.headers.Find(ChecksumHeader(ours->kind())) : std::nullopt;
  if (echo.has_value()) {
    if (DigestFromBase64(ours->kind(), *echo) != *ours) return OtherBytes(sent);
    channel_.knowledge().ChecksumWasChecked();
    stored.confirmed.Set(*ours);
    stored.proof = ProofOf(ours->kind());
    return Status::Ok();
  }
  // Nothing but the ETag can prove the bytes now.
  const std::array md5{DigestKind::kMd5};
  if (body.resendable()) stored.known = CompleteDigests(stored.known, md5, body.bytes());
  if (stored.known.Find(DigestKind::kMd5) == nullptr) return Status::Ok();
  const bool ignored = sent_crc && channel_.knowledge().MayDoWithoutChecksum();
  if (ignored) channel_.knowledge().ChecksumIsUnknown();
  const bool told_md5 = ours.has_value() && !sent_crc;
  GODWIT_RETURN_IF_ERROR(JudgeMd5(sent, told_md5, stored));
  if (!ignored || stored.proof != WriteProof::kNone || !body.resendable()) return Status::Ok();
  // Again, so that the service checks the MD5 on arrival: in place of what was just stored.
  job.checksum = S3Checksum::kMd5;
  job.digests = stored.known;
  if (!job.replaces_itself) job.condition = WriteCondition::IfVersion(stored.etag);
  job.without_checksum = again = true;
  return Status::Ok();
}

Status S3Store::JudgeMd5(const Sent& sent, bool told_md5, StoredBody& stored) {
  const Digest& ours = *stored.known.Find(DigestKind::kMd5);
  S3Knowledge& knowledge = channel_.knowledge();
  const std::optional<Digest> theirs = Md5OfEtag(stored.etag);
  const bool is_hidden = !theirs.has_value() || HidesMd5(sent.answer.response.headers);
  if (theirs == ours) {
    knowledge.SeeMd5Etag();
  } else if (knowledge.EtagIsMd5() && !is_hidden) {
    return OtherBytes(sent);
  } else if (!told_md5 || !knowledge.promises().etag_is_md5) {
    // Encrypted with a key of its own an object has another ETag; then Content-MD5 is the proof.
    return Status::Ok();
  }
  stored.confirmed.Set(ours);
  stored.proof = WriteProof::kMd5;
  return Status::Ok();
}

Result<PutReceipt> S3Store::Put(const CallContext& context, const WritePermit&,
                                std::string_view key, const PutOptions& options, ByteSource& body) {
  GODWIT_RETURN_IF_ERROR(CheckKey("write", key));
  if (body.size_bytes() > Describe().put_bytes_max) {
    return Status(ErrorKind::kInvalidArgument, "the body is too large for a single put")
        .WithOperation("write")
        .WithObject(channel_.ObjectName(key));
  }
  BodyJob job;
  job.key = key;
  job.condition = options.condition;
  job.checksum = channel_.knowledge().BodyChecksum();
  job.digests = options.digests;
  job.source = &body;
  job.make = [&](const BodyJob& now) -> Result<S3Request> {
    S3Request request = PutRequest(key);
    const bool keeps_crc =
        now.checksum == S3Checksum::kCrc64Nvme && channel_.knowledge().ChecksumIsConfirmed();
    const Status added = AddAttributeHeaders(WithClaim(options.attributes, now.digests, keeps_crc),
                                             channel_.knowledge().promises().tags, request.headers);
    if (!added.ok()) return channel_.Explain(request, added);
    return request;
  };
  Result<StoredBody> stored = StoreBody(context, std::move(job));
  if (!stored.ok()) return stored.status();
  return PutReceipt{std::move(stored->etag), {}, std::move(stored->confirmed), stored->proof};
}

Result<PutReceipt> S3Store::Copy(const CallContext& context, const WritePermit&,
                                 const CopySource& source, std::string_view key,
                                 const PutOptions& options) {
  return CopyWith(context, source, key, options, !SaysNothing(options.attributes));
}

Result<PutReceipt> S3Store::SetMetadata(const CallContext& context, const WritePermit&,
                                        std::string_view key, const Version& version,
                                        const ObjectAttributes& attributes) {
  PutOptions options;
  options.attributes = attributes;
  options.condition = WriteCondition::IfVersion(version);
  return CopyWith(context, {channel_.config().bucket, std::string(key), version}, key, options,
                  true);
}

Result<PutReceipt> S3Store::CopyWith(const CallContext& context, const CopySource& source,
                                     std::string_view key, const PutOptions& options,
                                     bool replace) {
  GODWIT_RETURN_IF_ERROR(CheckKey("copy", key));
  const S3Promises& promises = channel_.knowledge().promises();
  if (!promises.server_copy) {
    return Status(ErrorKind::kUnsupported,
                  std::string(promises.service) + " is not known to copy a pinned version")
        .WithOperation("copy")
        .WithObject(channel_.ObjectName(key));
  }
  // Where conditions on a copy's target are unknown they are ignored, not refused.
  const RequestMaker make = [&]() -> Result<S3Request> {
    S3Request request = PutRequest(key);
    request.operation = "copy";
    request.request_class = RequestClass::kCopy;
    request.first_byte_timeout = kSlowAnswerTimeout;
    AddCopySource(source, request.headers);
    request.headers.Add("x-amz-metadata-directive", replace ? "REPLACE" : "COPY");
    if (promises.tags && !options.attributes.tags.empty()) {
      request.headers.Add("x-amz-tagging-directive", "REPLACE");
    }
    const S3Checksum checksum = channel_.knowledge().BodyChecksum();
    if (checksum == S3Checksum::kCrc64Nvme && channel_.knowledge().ChecksumIsConfirmed()) {
      request.headers.Add("x-amz-checksum-algorithm", "CRC64NVME");
    }
    const Status added = AddAttributeHeaders(options.attributes, promises.tags, request.headers);
    if (!added.ok()) return channel_.Explain(request, added);
    return request;
  };
  const Result<Sent> sent = SendConditional(context, options.condition, make, true);
  if (!sent.ok()) return sent.status();
  if (!sent->answer.ok()) return channel_.Failure(sent->request, sent->answer);
  const Result<S3Document> document =
      channel_.ReadXmlAnswer(sent->request, sent->answer.response, "CopyObjectResult");
  if (!document.ok()) return document.status();
  PutReceipt receipt;
  receipt.version = UnquoteEtag(document->Field("ETag"));
  receipt.proof = WriteProof::kServiceCopy;
  if (receipt.version.empty()) {
    return channel_.Explain(sent->request, Status(ErrorKind::kCorrupted, "the answer has no ETag"));
  }
  if (const auto modified = ParseRfc3339(document->Field("LastModified"))) {
    receipt.modified = *modified;
  }
  const auto crc = DigestFromBase64(DigestKind::kCrc64Nvme, document->Field("ChecksumCRC64NVME"));
  if (crc.has_value()) receipt.digests.Set(*crc);
  const Digest* expected = options.digests.Find(DigestKind::kCrc64Nvme);
  if (crc.has_value() && expected != nullptr && *crc != *expected) {
    return OtherBytes(*sent);
  }
  return receipt;
}

}  // namespace godwit

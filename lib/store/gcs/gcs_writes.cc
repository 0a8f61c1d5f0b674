#include <utility>

#include "lib/base/digest_text.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/checksum/crc.h"
#include "lib/http/json_writer.h"
#include "lib/store/crc_claim.h"
#include "lib/store/digest_check.h"
#include "lib/store/gcs/gcs_body.h"
#include "lib/store/gcs/gcs_metadata.h"
#include "lib/store/gcs/gcs_store.h"

namespace godwit {
namespace {

constexpr std::string_view kJsonType = "application/json; charset=UTF-8";
constexpr std::string_view kUnknownType = "application/octet-stream";

// Nothing but a storage class: what a copy is to keep of its source is not said.
bool SaysNothing(ObjectAttributes attributes) {
  attributes.storage_class.clear();
  return attributes == ObjectAttributes();
}

// A text that no body contains, but by a chance of one in 2^128.
std::string MakeBoundary() {
  Random random(RandomSeed());
  std::string boundary = "godwit";
  for (int i = 0; i < 2; ++i) boundary += Digest::Crc64Nvme(random.Next() ^ RandomSeed()).hex();
  return boundary;
}

// The digests of a body in memory that the service will check; a failure if the bytes are not
// those of the digests that the caller has.
Result<std::optional<Digest>> KnownCrc(const DigestSet& digests, const MemorySource* memory) {
  if (const Digest* given = digests.Find(DigestKind::kCrc32c)) return std::optional(*given);
  if (memory == nullptr) return std::optional<Digest>();
  DigestCheck check(digests, DigestCheck::Extent::kCheapest);
  check.Update(memory->bytes());
  GODWIT_RETURN_IF_ERROR(check.Finish());
  return std::optional(Digest::Crc32c(Crc32c(0, memory->bytes())));
}

struct RelatedText {
  std::string boundary;
  std::string head;
  std::string tail;
};

// What stands around the media of a multipart/related upload.
RelatedText MakeRelatedText(std::string_view key, const ObjectAttributes& attributes,
                            const DigestSet& digests, const std::optional<Digest>& crc32c) {
  JsonValue::Object resource = GcsAttributeMembers(attributes);
  resource.emplace_back("name", JsonValue(std::string(key)));
  if (crc32c.has_value()) resource.emplace_back("crc32c", JsonValue(Base64Of(*crc32c)));
  if (const Digest* md5 = digests.Find(DigestKind::kMd5)) {
    resource.emplace_back("md5Hash", JsonValue(Base64Of(*md5)));
  }
  const std::string type =
      attributes.content_type.empty() ? std::string(kUnknownType) : attributes.content_type;
  RelatedText text;
  text.boundary = MakeBoundary();
  text.head = "--" + text.boundary + "\r\nContent-Type: " + std::string(kJsonType) + "\r\n\r\n" +
              WriteJson(JsonValue(std::move(resource))) + "\r\n--" + text.boundary +
              "\r\nContent-Type: " + type + "\r\n\r\n";
  text.tail = "\r\n--" + text.boundary + "--\r\n";
  return text;
}

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

}  // namespace

Result<PutReceipt> GcsStore::Receive(const GcsRequest& request, const JsonValue& resource,
                                     std::string_view key, std::uint64_t size_bytes,
                                     const std::optional<Digest>& crc32c) const {
  const Result<GcsObject> object = ReadGcsObject(resource, channel_.config().bucket, key);
  if (!object.ok()) return channel_.Explain(request, object.status());
  const ObjectEntry& entry = object->meta.entry;
  const Digest* told = entry.digests.Find(DigestKind::kCrc32c);
  const bool differs = crc32c.has_value() && told != nullptr && *told != *crc32c;
  if (entry.size_bytes != size_bytes || differs) {
    return channel_.Explain(
        request, Status(ErrorKind::kCorrupted, "the service stored other bytes than were sent"));
  }
  PutReceipt receipt{entry.version, entry.modified, {}, WriteProof::kNone};
  if (told != nullptr && crc32c.has_value()) {
    receipt.digests.Set(*told);
    receipt.proof = WriteProof::kCrc32c;
  }
  return receipt;
}

Result<PutReceipt> GcsStore::Put(const CallContext& context, const WritePermit&,
                                 std::string_view key, const PutOptions& options,
                                 ByteSource& body) {
  GODWIT_RETURN_IF_ERROR(CheckKey("write", key));
  const auto* memory = dynamic_cast<const MemorySource*>(&body);
  GcsRequest request;
  request.method = HttpMethod::kPost;
  request.request_class = RequestClass::kPut;
  request.operation = "write";
  request.key = key;
  request.errors.changes = true;
  if (body.size_bytes() > capabilities_.put_bytes_max) {
    return channel_.Explain(
        request, Status(ErrorKind::kInvalidArgument, "the body is too large for a single put"));
  }
  if (HasLineBreak(options.attributes.content_type)) {
    return channel_.Explain(
        request, Status(ErrorKind::kInvalidArgument, "the content type has a line break"));
  }
  const Result<std::optional<Digest>> crc = KnownCrc(options.digests, memory);
  if (!crc.ok()) return channel_.Explain(request, crc.status()).WithMaybeApplied(false);
  HashedSource hashed(body);
  RelatedText text = MakeRelatedText(key, WithClaim(options.attributes, options.digests, false),
                                     options.digests, *crc);
  FramedText framed(std::move(text.head), crc->has_value() ? body : hashed, std::move(text.tail));
  request.path = GcsInsertPath(channel_.config().bucket);
  AddParameter(request.query, "uploadType", "multipart");
  AddParameter(request.query, "name", key);
  AddParameter(request.query, "fields", GcsObjectFields());
  GODWIT_RETURN_IF_ERROR(AddGcsCondition(options.condition, request));
  request.headers.Add("Content-Type", "multipart/related; boundary=" + text.boundary);
  request.body = &framed;
  request.resendable = memory != nullptr;
  request.object_bytes = body.size_bytes();
  const Result<JsonValue> resource = channel_.SendForJson(context, request);
  if (!resource.ok()) return resource.status();
  const std::optional<Digest> sent = crc->has_value() ? *crc : hashed.crc32c();
  return Receive(request, *resource, key, body.size_bytes(), sent);
}

// Every step repeats the same request with the token of the step before.
Result<JsonValue> GcsStore::RewriteToEnd(const CallContext& context, GcsRequest& request,
                                         const std::string& query) {
  std::string token;
  std::uint64_t done_bytes = 0;
  for (;;) {
    request.query = query;
    if (!token.empty()) AddParameter(request.query, "rewriteToken", token);
    Result<JsonValue> step = channel_.SendForJson(context, request);
    if (!step.ok()) return step;
    const JsonValue* resource = step->Find("resource");
    const std::uint64_t now_bytes = step->FindUint64("totalBytesRewritten").value_or(0);
    if (step->FindBool("done").value_or(false) && resource != nullptr) return *resource;
    const std::string next(step->FindText("rewriteToken").value_or(""));
    const bool goes_on = !step->FindBool("done").value_or(true) && !next.empty() &&
                         (next != token || now_bytes > done_bytes) && now_bytes >= done_bytes;
    if (!goes_on) {
      return channel_.Explain(request, Status(ErrorKind::kCorrupted, "the copy does not advance"));
    }
    token = next;
    done_bytes = now_bytes;
  }
}

Result<PutReceipt> GcsStore::Copy(const CallContext& context, const WritePermit&,
                                  const CopySource& source, std::string_view key,
                                  const PutOptions& options) {
  GODWIT_RETURN_IF_ERROR(CheckKey("copy", key));
  Result<Looked> from = Look(context, source.container, source.key, source.version);
  if (!from.ok()) return std::move(from).status();
  const ObjectMeta& meta = from->object.meta;
  ObjectAttributes attributes = options.attributes;
  const bool keep = SaysNothing(attributes);
  if (keep) {
    attributes = meta.attributes;
    if (!options.attributes.storage_class.empty()) {
      attributes.storage_class = options.attributes.storage_class;
    }
  }
  const std::string text = WriteJson(JsonValue(GcsAttributeMembers(attributes)));
  MemorySource body(std::as_bytes(std::span(text)));
  GcsRequest request;
  request.method = HttpMethod::kPost;
  request.request_class = RequestClass::kCopy;
  request.operation = "copy";
  request.key = key;
  request.errors.changes = true;
  request.first_byte_timeout = kGcsSlowAnswer;
  request.path = GcsObjectPath(source.container, source.key) + "/rewriteTo/b/" +
                 PercentEncode(channel_.config().bucket, false) + "/o/" + PercentEncode(key, false);
  request.headers.Add("Content-Type", kJsonType);
  request.body = &body;
  AddParameter(request.query, "sourceGeneration", meta.entry.version);
  GODWIT_RETURN_IF_ERROR(AddGcsCondition(options.condition, request));
  const std::string query = request.query;
  const Result<JsonValue> resource = RewriteToEnd(context, request, query);
  if (!resource.ok()) return resource.status();
  const Digest* known = meta.entry.digests.Find(DigestKind::kCrc32c);
  if (known == nullptr) known = options.digests.Find(DigestKind::kCrc32c);
  Result<PutReceipt> receipt =
      Receive(request, *resource, key, meta.entry.size_bytes,
              known == nullptr ? std::nullopt : std::optional<Digest>(*known));
  if (receipt.ok()) receipt->proof = WriteProof::kServiceCopy;
  return receipt;
}

Result<PutReceipt> GcsStore::SetMetadata(const CallContext& context, const WritePermit& permit,
                                         std::string_view key, const Version& version,
                                         const ObjectAttributes& attributes) {
  GODWIT_RETURN_IF_ERROR(CheckKey("change", key));
  const Result<Looked> before = Look(context, channel_.config().bucket, key, version);
  if (!before.ok()) {
    // Replacing a version that is no longer there.
    if (!before.status().Is(ErrorKind::kNotFound)) return before.status();
    return Status(ErrorKind::kPreconditionFailed, "the object at the target has changed")
        .WithOperation("change")
        .WithObject(channel_.ObjectName(key));
  }
  const ObjectEntry& entry = before->object.meta.entry;
  if (!attributes.storage_class.empty() && attributes.storage_class != entry.storage_class) {
    PutOptions options;
    options.attributes = attributes;
    options.condition = WriteCondition::IfVersion(entry.version);
    return Copy(context, permit, {channel_.config().bucket, std::string(key), entry.version}, key,
                options);
  }
  const std::string text = WriteJson(GcsAttributePatch(attributes, before->resource));
  MemorySource body(std::as_bytes(std::span(text)));
  GcsRequest request;
  request.method = HttpMethod::kPatch;
  request.request_class = RequestClass::kPut;
  request.operation = "change";
  request.key = key;
  request.errors.changes = true;
  request.path = GcsObjectPath(channel_.config().bucket, key);
  AddParameter(request.query, "fields", GcsObjectFields());
  GODWIT_RETURN_IF_ERROR(AddGcsCondition(WriteCondition::IfVersion(entry.version), request));
  if (before->object.metageneration > 0) {
    AddParameter(request.query, "ifMetagenerationMatch",
                 std::to_string(before->object.metageneration));
  }
  request.headers.Add("Content-Type", kJsonType);
  request.body = &body;
  const Result<JsonValue> resource = channel_.SendForJson(context, request);
  if (!resource.ok()) return resource.status();
  const Digest* crc = entry.digests.Find(DigestKind::kCrc32c);
  return Receive(request, *resource, key, entry.size_bytes,
                 crc == nullptr ? std::nullopt : std::optional<Digest>(*crc));
}

}  // namespace godwit

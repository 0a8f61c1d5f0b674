#include "fakecloud/encoding.h"
#include "fakecloud/s3_body.h"
#include "fakecloud/s3_conditions.h"
#include "fakecloud/s3_handlers.h"
#include "lib/http/xml_reader.h"

namespace fakecloud {
namespace {

constexpr std::size_t kBatchMax = 1000;

struct KeyToDelete {
  std::string key;
  std::optional<std::string> version_id;
  std::optional<std::string> etag;
};

// What a delete did.
struct Deletion {
  bool marker = false;     // A marker was made, or removed.
  std::string version_id;  // Of the marker or of the removed version; empty without versioning.
};

void RemoveVersion(Bucket& bucket, const std::string& key, const std::string& version_id,
                   Deletion& done) {
  const auto found = bucket.keys.find(key);
  done.version_id = version_id;
  if (found == bucket.keys.end()) return;
  std::erase_if(found->second, [&](const ObjectPtr& version) {
    if (version->version_id != version_id) return false;
    done.marker = version->delete_marker;
    return true;
  });
  if (found->second.empty()) bucket.keys.erase(found);
}

S3Result<Deletion> DeleteOne(S3Context& context, const S3Call& call, Bucket& bucket,
                             const KeyToDelete& wanted) {
  Deletion done;
  if (bucket.synthetic) return AccessDenied("A synthetic bucket cannot be written to");
  const ObjectPtr latest = bucket.Latest(wanted.key);
  if (wanted.etag) {
    if (wanted.version_id) return NotImplemented("If-Match");
    if (!latest) return NoSuchKey(wanted.key);
    if (latest->delete_marker || !EtagListed(*wanted.etag, latest->etag)) {
      return PreconditionFailed("If-Match");
    }
  }
  if (wanted.version_id) {
    RemoveVersion(bucket, wanted.key, *wanted.version_id, done);
    return done;
  }
  if (bucket.versioning == Versioning::kOff) {
    bucket.keys.erase(wanted.key);
    return done;
  }
  auto marker = std::make_shared<ObjectVersion>();
  marker->delete_marker = true;
  marker->modified = call.now;
  done.marker = true;
  done.version_id =
      bucket.Publish(wanted.key, std::move(marker), context.storage.NextSerial())->version_id;
  return done;
}

class BatchReader final : public godwit::XmlHandler {
 public:
  void OnStart(std::string_view name, int) override {
    if (name == "Object") keys.emplace_back();
  }
  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    if (name == "Quiet") quiet = text == "true";
    if (depth != 3 || keys.empty()) return;
    if (name == "Key") keys.back().key = text;
    if (name == "VersionId") keys.back().version_id = text;
    if (name == "ETag") keys.back().etag = text;
  }
  bool quiet = false;
  std::vector<KeyToDelete> keys;
};

std::string ErrorElement(const KeyToDelete& wanted, const S3Error& error) {
  std::string out = "<Error>" + XmlElement("Key", wanted.key);
  if (wanted.version_id) out += XmlElement("VersionId", *wanted.version_id);
  return out + XmlElement("Code", error.code) + XmlElement("Message", error.message) + "</Error>";
}

std::string DeletedElement(const KeyToDelete& wanted, const Deletion& done) {
  std::string out = "<Deleted>" + XmlElement("Key", wanted.key);
  if (wanted.version_id) out += XmlElement("VersionId", *wanted.version_id);
  if (done.marker) {
    out +=
        XmlElement("DeleteMarker", "true") + XmlElement("DeleteMarkerVersionId", done.version_id);
  }
  return out + "</Deleted>";
}

// The error that a fault script gives to one key of the batch.
const Fault* FaultOfKey(const S3Call& call, const std::string& key) {
  const Fault* fault = call.FindFault(FaultKind::kOkWithError);
  return fault != nullptr && GlobMatches(fault->keys, key) ? fault : nullptr;
}

std::string DeleteInBatch(S3Context& context, const S3Call& call, const KeyToDelete& wanted,
                          bool quiet) {
  const Fault* fault = FaultOfKey(call, wanted.key);
  if (fault == nullptr || fault->when == FaultWhen::kAfter) {
    Storage::Access access = context.storage.Lock();
    Bucket* bucket = access.Find(call.bucket);
    if (bucket == nullptr) return ErrorElement(wanted, NoSuchBucket(call.bucket));
    const S3Result<Deletion> done = DeleteOne(context, call, *bucket, wanted);
    if (const S3Error* error = ErrorOf(done)) return ErrorElement(wanted, *error);
    if (fault == nullptr) {
      return quiet ? std::string() : DeletedElement(wanted, std::get<Deletion>(done));
    }
  }
  S3Error error = ErrorByCode(fault->code);
  if (!fault->message.empty()) error.message = fault->message;
  return ErrorElement(wanted, error);
}

}  // namespace

S3Result<Response> DeleteObject(S3Context& context, S3Call& call) {
  KeyToDelete wanted{call.key, std::nullopt, std::nullopt};
  if (const std::string* id = call.query.Find("versionId")) wanted.version_id = *id;
  if (const std::string* etag = call.request.headers.Find("if-match")) wanted.etag = *etag;
  Storage::Access access = context.storage.Lock();
  Bucket* bucket = access.Find(call.bucket);
  if (bucket == nullptr) return NoSuchBucket(call.bucket);
  const S3Result<Deletion> result = DeleteOne(context, call, *bucket, wanted);
  if (const S3Error* error = ErrorOf(result)) return *error;
  const Deletion& done = std::get<Deletion>(result);
  Response response = EmptyResponse(204);
  if (done.marker) response.headers.Add("x-amz-delete-marker", "true");
  if (!done.version_id.empty()) response.headers.Add("x-amz-version-id", done.version_id);
  return response;
}

S3Result<Response> DeleteObjects(S3Context& context, S3Call& call) {
  const S3Result<std::string> document = ReceiveDocument(call, true);
  if (const S3Error* error = ErrorOf(document)) return *error;
  BatchReader batch;
  if (!godwit::ReadXml(std::get<std::string>(document), "Delete", batch).ok() ||
      batch.keys.empty() || batch.keys.size() > kBatchMax) {
    return MalformedXml();
  }
  {
    Storage::Access access = context.storage.Lock();
    if (access.Find(call.bucket) == nullptr) return NoSuchBucket(call.bucket);
  }
  std::string body(kXmlHead);
  body += "<DeleteResult" + std::string(kXmlNamespace) + ">";
  for (const KeyToDelete& wanted : batch.keys) {
    body += DeleteInBatch(context, call, wanted, batch.quiet);
  }
  return XmlResponse(body + "</DeleteResult>");
}

}  // namespace fakecloud

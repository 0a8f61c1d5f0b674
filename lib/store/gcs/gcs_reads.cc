#include <utility>

#include "lib/base/text.h"
#include "lib/store/answer_sinks.h"
#include "lib/store/gcs/gcs_metadata.h"
#include "lib/store/gcs/gcs_store.h"

// Looking at objects, and their bytes.

namespace godwit {
namespace {

std::string_view HeaderOf(const HttpResponse& response, std::string_view name) {
  return response.headers.Find(name).value_or("");
}

std::uint64_t LengthOf(const GetOptions& options, std::uint64_t size_bytes) {
  const bool whole = options.offset == 0 && options.length == 0;
  return whole ? size_bytes : options.length;
}

Status NotThePinned() { return Status(ErrorKind::kPreconditionFailed, "the object has changed"); }

// What must hold of the head of a media answer: the pinned bytes, as they are stored.
Status CheckMediaHead(const HttpResponse& head, const ObjectEntry& entry, std::uint64_t offset,
                      std::uint64_t length, bool is_google) {
  const auto broken = [](const char* what) {
    return Status(ErrorKind::kCorrupted, std::string("the answer is not the object: ") + what);
  };
  const std::string_view generation = HeaderOf(head, "x-goog-generation");
  if (is_google && generation.empty()) return broken("it has no generation");
  if (!generation.empty() && generation != entry.version) return NotThePinned();
  const auto stored = ParseUint64(HeaderOf(head, "x-goog-stored-content-length"));
  if (stored.has_value() && *stored != entry.size_bytes) return broken("it has another length");
  const bool partial = length != entry.size_bytes;
  if (head.status == 206) {
    const std::string range = GcsContentRange(offset, offset + length, entry.size_bytes);
    if (HeaderOf(head, "content-range") != range) return broken("it is another range");
  } else if (partial || head.status != 200) {
    return broken("it is not the range that was asked for");
  }
  const auto announced = head.headers.Find("content-length");
  if (announced.has_value() && ParseUint64(*announced) != length) return broken("another length");
  const DigestSet told = ReadGcsHashHeaders(head.headers);
  const auto common = DigestSet::Common(told, entry.digests);
  if (common.has_value() && *told.Find(*common) != *entry.digests.Find(*common)) {
    return broken("it has another digest");
  }
  return Status::Ok();
}

}  // namespace

Result<GcsStore::Looked> GcsStore::Look(const CallContext& context, std::string_view bucket,
                                        std::string_view key, const Version& version) {
  GcsRequest request;
  request.request_class = RequestClass::kHead;
  request.operation = "read";
  request.key = key;
  request.path = GcsObjectPath(bucket, key);
  AddParameter(request.query, "fields", GcsObjectFields());
  if (!version.empty()) AddParameter(request.query, "generation", version);
  Result<JsonValue> resource = channel_.SendForJson(context, request);
  if (!resource.ok()) {
    if (version.empty() || !resource.status().Is(ErrorKind::kNotFound)) return resource.status();
    // That generation is gone: missing only if no other one is there.
    const Result<Looked> other = Look(context, bucket, key, "");
    if (!other.ok()) return other.status();
    return channel_.Explain(request, NotThePinned());
  }
  Result<GcsObject> object = ReadGcsObject(*resource, bucket, key);
  if (!object.ok()) return channel_.Explain(request, std::move(object).status());
  if (!version.empty() && object->meta.entry.version != version) {
    return channel_.Explain(request, NotThePinned());
  }
  object->meta.attributes = AttributesOfGcs(*resource);
  return Looked{std::move(*object), std::move(*resource)};
}

Result<ObjectMeta> GcsStore::Head(const CallContext& context, std::string_view key) {
  GODWIT_RETURN_IF_ERROR(CheckKey("read", key));
  Result<Looked> looked = Look(context, channel_.config().bucket, key, "");
  if (!looked.ok()) return looked.status();
  cache_.Keep(looked->object);
  return std::move(looked->object.meta);
}

Result<ObjectMeta> GcsStore::Get(const CallContext& context, std::string_view key,
                                 const GetOptions& options, ByteSink& sink) {
  GODWIT_RETURN_IF_ERROR(CheckKey("read", key));
  std::optional<GcsObject> known;
  if (!options.version.empty()) known = cache_.Find(key, options.version);
  if (!known.has_value()) {
    Result<Looked> looked = Look(context, channel_.config().bucket, key, options.version);
    if (!looked.ok()) return looked.status();
    cache_.Keep(looked->object);
    known = std::move(looked->object);
  }
  return Download(context, *known, options, sink);
}

Result<ObjectMeta> GcsStore::Download(const CallContext& context, const GcsObject& object,
                                      const GetOptions& options, ByteSink& sink) {
  const ObjectEntry& entry = object.meta.entry;
  GcsRequest request;
  request.request_class = RequestClass::kGet;
  request.operation = "read";
  request.key = entry.key;
  request.path = GcsObjectPath(channel_.config().bucket, entry.key);
  request.errors.bare = true;
  const std::uint64_t length = LengthOf(options, entry.size_bytes);
  if (options.offset > entry.size_bytes || length > entry.size_bytes - options.offset) {
    return channel_.Explain(
        request, Status(ErrorKind::kInvalidArgument, "the range lies outside of the object"));
  }
  AddParameter(request.query, "alt", "media");
  AddParameter(request.query, "generation", entry.version);
  // The stored bytes of gzip objects, never decoded ones.
  request.headers.Add("Accept-Encoding", "gzip");
  if (length != entry.size_bytes) {
    request.headers.Add("Range", "bytes=" + std::to_string(options.offset) + "-" +
                                     std::to_string(options.offset + length - 1));
  }
  CountingSink counting(sink, context.meter);
  std::string metageneration;
  request.choose = [&](const HttpResponse& head) -> Result<HttpBodyPlan> {
    metageneration = HeaderOf(head, "x-goog-metageneration");
    GODWIT_RETURN_IF_ERROR(
        CheckMediaHead(head, entry, options.offset, length, channel_.config().is_google));
    return HttpBodyPlan{&counting, options.offset, length};
  };
  const Result<GcsChannel::Answer> answer = channel_.Exchange(context, request);
  if (!answer.ok()) return answer.status();
  if (answer->response.status == 404) {
    // What is missing is told by the metadata, not by a text.
    const Result<Looked> now = Look(context, channel_.config().bucket, entry.key, entry.version);
    if (!now.ok()) return now.status();
    return channel_.Explain(request, Status(ErrorKind::kUnavailable, "the object is not readable"));
  }
  if (!answer->ok()) return channel_.Failure(context, request, *answer);
  if (Status whole = counting.CheckLength(length); !whole.ok()) {
    return channel_.Explain(request, std::move(whole));
  }
  GcsObject read = object;
  GODWIT_RETURN_IF_ERROR(RefreshAttributes(context, metageneration, read));
  return std::move(read.meta);
}

// Metadata that has changed since it was listed is read again; the bytes are the same.
Status GcsStore::RefreshAttributes(const CallContext& context, std::string_view metageneration,
                                   GcsObject& object) {
  const auto now = ParseUint64(metageneration);
  if (!now.has_value() || *now == object.metageneration) return Status::Ok();
  const ObjectEntry& entry = object.meta.entry;
  Result<Looked> looked = Look(context, channel_.config().bucket, entry.key, entry.version);
  if (!looked.ok()) return looked.status();
  cache_.Keep(looked->object);
  object = std::move(looked->object);
  return Status::Ok();
}

}  // namespace godwit

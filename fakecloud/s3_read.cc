#include <array>

#include "fakecloud/encoding.h"
#include "fakecloud/s3_conditions.h"
#include "fakecloud/s3_handlers.h"
#include "fakecloud/s3_objects.h"

namespace fakecloud {
namespace {

S3Error MarkerError(const S3Call& call, const ObjectVersion& marker, bool by_id) {
  S3Error error = by_id ? ErrorByCode("MethodNotAllowed") : NoSuchKey(call.key);
  error.headers.emplace_back("x-amz-delete-marker", "true");
  error.headers.emplace_back("x-amz-version-id", marker.version_id);
  if (by_id) error.headers.emplace_back("Allow", "DELETE");
  return error;
}

// What a read sends of an object.
struct Selection {
  ByteRange range;
  bool partial = false;
  const ObjectPart* part = nullptr;  // If chosen by part number.
};

S3Result<Selection> SelectPart(const ObjectVersion& object, std::string_view number_text) {
  const std::optional<std::uint64_t> number = ParseDecimal(number_text);
  if (!number || *number < 1 || *number > 10'000) {
    return InvalidArgument("Part number must be an integer between 1 and 10000, inclusive",
                           "partNumber", number_text);
  }
  Selection selection;
  selection.partial = true;
  if (object.parts.empty() && *number == 1) {
    selection.range = {0, object.size()};
    return selection;
  }
  for (const ObjectPart& part : object.parts) {
    selection.range.size = part.size;
    selection.part = &part;
    if (part.number == *number) return selection;
    selection.range.offset += part.size;
  }
  return S3Error{416,
                 "InvalidPartNumber",
                 "The requested partnumber is not satisfiable",
                 {{"ActualPartCount", std::to_string(object.parts.size())},
                  {"PartNumberRequested", std::string(number_text)}},
                 {}};
}

S3Result<Selection> Select(const S3Call& call, const ObjectVersion& object) {
  const std::string* range = call.request.headers.Find("range");
  if (const std::string* number = call.query.Find("partNumber")) {
    if (range != nullptr) {
      return InvalidRequest("Cannot specify both Range header and partNumber query parameter");
    }
    return SelectPart(object, *number);
  }
  Selection selection{{0, object.size()}, false, nullptr};
  if (range == nullptr) return selection;
  S3Result<std::optional<ByteRange>> parsed = ParseRange(*range, object.size());
  if (const S3Error* error = ErrorOf(parsed)) return *error;
  if (const std::optional<ByteRange>& wanted = std::get<0>(parsed)) {
    selection.range = *wanted;
    selection.partial = true;
  }
  return selection;
}

void AddObjectHeaders(const ObjectVersion& object, Response& response) {
  Headers& headers = response.headers;
  headers.Add("Last-Modified", FormatHttpTime(object.modified));
  headers.Add("ETag", Quoted(object.etag));
  headers.Add("Accept-Ranges", "bytes");
  for (const auto& [name, value] : object.headers) headers.Add(name, value);
  headers.Add("x-amz-server-side-encryption", object.encryption);
  if (object.storage_class != "STANDARD") headers.Add("x-amz-storage-class", object.storage_class);
  if (!object.tags.empty()) headers.Add("x-amz-tagging-count", std::to_string(object.tags.size()));
  AddVersionHeader(object, response);
}

// Headers that the request asks to be answered instead of the stored ones.
void OverrideHeaders(const S3Call& call, Response& response) {
  for (std::string_view name : {"content-type", "content-language", "expires", "cache-control",
                                "content-disposition", "content-encoding"}) {
    const std::string* value = call.query.Find("response-" + std::string(name));
    if (value != nullptr) response.headers.Set(name, *value);
  }
}

void AddSelection(const S3Call& call, const ObjectVersion& object, const Selection& selection,
                  Response& response) {
  const ByteRange& range = selection.range;
  if (selection.partial && object.size() > 0) {
    response.status = 206;
    response.headers.Add("Content-Range", "bytes " + std::to_string(range.offset) + "-" +
                                              std::to_string(range.offset + range.size - 1) + "/" +
                                              std::to_string(object.size()));
  }
  if (call.query.Has("partNumber") && !object.parts.empty()) {
    response.headers.Add("x-amz-mp-parts-count", std::to_string(object.parts.size()));
  }
  const bool wants_checksum = EqualsIgnoringCase(call.Header("x-amz-checksum-mode"), "enabled");
  if (!wants_checksum || !object.checksum) return;
  if (range.size == object.size()) {
    AddChecksumHeaders(*object.checksum, response);
  } else if (selection.part != nullptr && !selection.part->checksum.empty()) {
    StoredChecksum of_part = *object.checksum;
    of_part.value = selection.part->checksum;
    AddChecksumHeaders(of_part, response);
  }
}

}  // namespace

bool IsArchived(const ObjectVersion& object) {
  return object.storage_class == "GLACIER" || object.storage_class == "DEEP_ARCHIVE";
}

S3Result<ObjectPtr> FindObject(S3Context& context, const S3Call& call, std::string_view bucket_name,
                               std::string_view key, const std::string* version_id) {
  Storage::Access access = context.storage.Lock();
  const Bucket* bucket = access.Find(bucket_name);
  if (bucket == nullptr) return NoSuchBucket(bucket_name);
  ObjectPtr object = version_id == nullptr || bucket->synthetic ? bucket->Latest(key)
                                                                : bucket->Version(key, *version_id);
  if (!object) {
    return version_id == nullptr ? NoSuchKey(key) : NoSuchVersion(key, *version_id);
  }
  if (object->delete_marker) return MarkerError(call, *object, version_id != nullptr);
  return object;
}

S3Result<Response> GetObject(S3Context& context, S3Call& call) {
  const S3Result<ObjectPtr> found =
      FindObject(context, call, call.bucket, call.key, call.query.Find("versionId"));
  if (const S3Error* error = ErrorOf(found)) return *error;
  const ObjectVersion& object = *std::get<ObjectPtr>(found);
  const bool with_body = call.operation == "GetObject";
  if (with_body && IsArchived(object)) return InvalidObjectState(object.storage_class);
  if (MaybeError error = ReadConditions::OfRequest(call).Check(object, 304)) return *error;
  const S3Result<Selection> selected = Select(call, object);
  if (const S3Error* error = ErrorOf(selected)) return *error;
  if (with_body && object.content.discarded()) {
    return S3Error{501, "NotImplemented", "This server discards the bodies it receives.", {}, {}};
  }
  const Selection& selection = std::get<Selection>(selected);
  Response response;
  AddObjectHeaders(object, response);
  OverrideHeaders(call, response);
  AddSelection(call, object, selection, response);
  response.content = selection.range.size == object.size()
                         ? object.content
                         : object.content.Slice(selection.range.offset, selection.range.size);
  return response;
}

}  // namespace fakecloud

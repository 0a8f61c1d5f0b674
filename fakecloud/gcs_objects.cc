#include <algorithm>

#include "fakecloud/encoding.h"
#include "fakecloud/gcs_handlers.h"
#include "fakecloud/gcs_resource.h"
#include "fakecloud/request_faults.h"
#include "fakecloud/s3_conditions.h"

namespace fakecloud {
namespace {

constexpr std::uint64_t kDocumentBytesMax = 1 << 20;
constexpr std::uint64_t kInsertBytesMax = 1ULL << 30;

std::optional<GcsFailure> CheckName(std::string_view key) {
  const bool bad = key.empty() || key.size() > 1024 || key == "." || key == ".." ||
                   key.find_first_of("\r\n") != std::string_view::npos;
  if (!bad) return std::nullopt;
  return GcsInvalid("Invalid object name.");
}

// The object that a request means: the live one, which must be the generation it names.
GcsResult<GcsObjectPtr> FindObject(GcsContext& context, const GcsCall& call,
                                   std::string_view generation_name,
                                   std::string_view condition_prefix, bool is_read) {
  const GcsResult<GcsConditions> conditions = ReadGcsConditions(call, condition_prefix);
  if (const auto* failure = std::get_if<GcsFailure>(&conditions)) return *failure;
  const std::lock_guard lock(context.storage.mutex);
  GcsBucket* bucket = context.storage.Find(call.bucket);
  if (bucket == nullptr) return NoGcsBucket();
  GcsObjectPtr object = bucket->Find(call.key);
  const std::string* generation = call.query.Find(generation_name);
  if (object == nullptr ||
      (generation != nullptr && *generation != std::to_string(object->generation))) {
    return NoGcsObject(call.bucket, call.key);
  }
  const auto failure = CheckGcsConditions(std::get<GcsConditions>(conditions), object, is_read);
  if (failure) return *failure;
  return object;
}

struct Related {
  std::string resource;
  std::string type;
  std::string_view media;  // Of the body that was read.
};

// The two parts of a multipart/related body.
std::optional<Related> ReadRelated(std::string_view content_type, std::string_view body) {
  const std::size_t found = content_type.find("boundary=");
  if (found == std::string_view::npos) return std::nullopt;
  std::string boundary(content_type.substr(found + 9));
  std::erase(boundary, '"');
  const std::string mark = "--" + boundary;
  const std::size_t first = body.find(mark);
  const std::size_t second = body.find("\r\n" + mark, first + mark.size());
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const std::string tail = "\r\n" + mark + "--";
  const std::size_t end = body.rfind(tail);
  const std::size_t head_end = body.find("\r\n\r\n", first);
  const std::size_t media = body.find("\r\n\r\n", second + 2);
  if (end == std::string_view::npos || head_end > second || media == std::string_view::npos ||
      media + 4 > end) {
    return std::nullopt;
  }
  Related related;
  related.resource = body.substr(head_end + 4, second - head_end - 4);
  const std::string_view fields = body.substr(second, media - second);
  const std::size_t type = LowerCase(fields).find("content-type:");
  if (type != std::string::npos) {
    const std::string_view line = fields.substr(type + 13);
    related.type = Trim(line.substr(0, line.find("\r\n")));
  }
  related.media = body.substr(media + 4, end - media - 4);
  return related;
}

void DamageInput(const GcsCall& call, std::string& media, GcsDeclared& declared) {
  const Fault* fault = call.FindFault(FaultKind::kCorrupt, FaultSide::kRequest);
  if (fault == nullptr) return;
  if (fault->corrupt == CorruptHow::kZero) std::fill(media.begin(), media.end(), '\0');
  if (fault->corrupt == CorruptHow::kDigestHeader) declared.crc32c = "AAAAAQ==";
  if (fault->corrupt != CorruptHow::kFlip) return;
  if (const auto offset = FaultOffset(*fault, media.size())) {
    media[*offset] = static_cast<char>(media[*offset] ^ static_cast<char>(fault->mask));
  }
}

void AddMediaHeaders(const GcsObject& object, Response& response) {
  const auto add = [&](std::string_view header, std::string_view field) {
    const auto found = object.fields.find(std::string(field));
    if (found != object.fields.end()) response.headers.Add(header, found->second);
  };
  add("Content-Encoding", "contentEncoding");
  add("Content-Disposition", "contentDisposition");
  add("Content-Language", "contentLanguage");
  add("Cache-Control", "cacheControl");
  const auto type = object.fields.find("contentType");
  response.headers.Add("Content-Type",
                       type == object.fields.end() ? "application/octet-stream" : type->second);
  response.headers.Add("x-goog-generation", std::to_string(object.generation));
  response.headers.Add("x-goog-metageneration", std::to_string(object.metageneration));
  response.headers.Add("x-goog-stored-content-length", std::to_string(object.content.size()));
  response.headers.Add("x-goog-hash", "crc32c=" + ToBase64(object.crc32c));
  if (!object.md5.empty()) response.headers.Add("x-goog-hash", "md5=" + ToBase64(object.md5));
}

}  // namespace

GcsResult<Response> GcsGetObject(GcsContext& context, GcsCall& call) {
  const GcsResult<GcsObjectPtr> found = FindObject(context, call, "generation", "if", true);
  if (const auto* failure = std::get_if<GcsFailure>(&found)) return *failure;
  return GcsJson(GcsResource(call.bucket, call.key, *std::get<GcsObjectPtr>(found)));
}

GcsResult<Response> GcsGetMedia(GcsContext& context, GcsCall& call) {
  const GcsResult<GcsObjectPtr> found = FindObject(context, call, "generation", "if", true);
  if (const auto* failure = std::get_if<GcsFailure>(&found)) return *failure;
  const GcsObject& object = *std::get<GcsObjectPtr>(found);
  Response response;
  AddMediaHeaders(object, response);
  const auto encoding = object.fields.find("contentEncoding");
  if (encoding != object.fields.end() && encoding->second == "gzip" &&
      call.Header("accept-encoding").find("gzip") == std::string_view::npos) {
    // Who does not take gzip gets other bytes than are stored.
    response.headers.Remove("x-goog-hash");
    response.headers.Remove("Content-Encoding");
    response.text = "(decompressed)";
    return response;
  }
  const std::string* range = call.request.headers.Find("range");
  response.content = object.content;
  if (range == nullptr) return response;
  const S3Result<std::optional<ByteRange>> parsed = ParseRange(*range, object.content.size());
  if (ErrorOf(parsed) != nullptr) {
    return GcsFailure{416, "requestedRangeNotSatisfiable", "Request range not satisfiable"};
  }
  if (const auto& part = std::get<0>(parsed)) {
    response.status = 206;
    response.content = object.content.Slice(part->offset, part->size);
    response.headers.Add("Content-Range", "bytes " + std::to_string(part->offset) + "-" +
                                              std::to_string(part->offset + part->size - 1) + "/" +
                                              std::to_string(object.content.size()));
  }
  return response;
}

GcsResult<Response> GcsInsertObject(GcsContext& context, GcsCall& call) {
  const GcsResult<GcsConditions> conditions = ReadGcsConditions(call, "if");
  if (const auto* failure = std::get_if<GcsFailure>(&conditions)) return *failure;
  const std::optional<std::string> body = ReadGcsBody(call, kInsertBytesMax);
  if (!body) return GcsFailure{400, "badRequest", "The request body ended early."};
  GcsObject object;
  GcsDeclared declared;
  std::string media;
  if (call.query.Get("uploadType") == "multipart") {
    std::optional<Related> related = ReadRelated(call.Header("content-type"), *body);
    if (!related) return GcsInvalid("Malformed multipart body.");
    if (!ReadGcsResource(related->resource, object, declared, call.key)) {
      return GcsFailure{400, "parseError", "Parse Error"};
    }
    media = related->media;
    if (!object.fields.contains("contentType")) object.fields["contentType"] = related->type;
  } else {
    media = *body;
    object.fields["contentType"] = call.Header("content-type");
  }
  if (auto failure = CheckName(call.key)) return *failure;
  ReadGcsHashHeader(call, declared);
  DamageInput(call, media, declared);
  object.content = Content::FromText(media);
  DigestGcs(object);
  if (auto failure = CheckGcsDeclared(declared, object.crc32c, object.md5)) return *failure;
  object.content = GcsDamagedInStore(call, std::move(object.content));
  const GcsResult<GcsObjectPtr> published =
      PublishGcs(context, call.bucket, call.key, std::move(object),
                 std::get<GcsConditions>(conditions), call.now);
  if (const auto* failure = std::get_if<GcsFailure>(&published)) return *failure;
  return GcsJson(GcsResource(call.bucket, call.key, *std::get<GcsObjectPtr>(published)));
}

GcsResult<Response> GcsPatchObject(GcsContext& context, GcsCall& call) {
  const std::optional<std::string> body = ReadGcsBody(call, kDocumentBytesMax);
  if (!body) return GcsFailure{400, "badRequest", "The request body ended early."};
  const GcsResult<GcsObjectPtr> found = FindObject(context, call, "generation", "if", false);
  if (const auto* failure = std::get_if<GcsFailure>(&found)) return *failure;
  auto object = std::make_shared<GcsObject>(*std::get<GcsObjectPtr>(found));
  if (!PatchGcsResource(*body, *object)) return GcsFailure{400, "parseError", "Parse Error"};
  ++object->metageneration;
  object->updated = call.now;
  const std::lock_guard lock(context.storage.mutex);
  GcsBucket* bucket = context.storage.Find(call.bucket);
  if (bucket == nullptr || bucket->Find(call.key) != std::get<GcsObjectPtr>(found)) {
    return GcsConditionFailed();
  }
  bucket->objects[call.key] = object;
  return GcsJson(GcsResource(call.bucket, call.key, *object));
}

GcsResult<Response> GcsDeleteObject(GcsContext& context, GcsCall& call) {
  const GcsResult<GcsObjectPtr> found = FindObject(context, call, "generation", "if", false);
  if (const auto* failure = std::get_if<GcsFailure>(&found)) return *failure;
  const std::lock_guard lock(context.storage.mutex);
  GcsBucket* bucket = context.storage.Find(call.bucket);
  if (bucket == nullptr || bucket->Find(call.key) != std::get<GcsObjectPtr>(found)) {
    return GcsConditionFailed();
  }
  bucket->objects.erase(call.key);
  Response response;
  response.status = 204;
  return response;
}

GcsResult<Response> GcsRewriteObject(GcsContext& context, GcsCall& call) {
  const std::optional<std::string> body = ReadGcsBody(call, kDocumentBytesMax);
  if (!body) return GcsFailure{400, "badRequest", "The request body ended early."};
  const GcsResult<GcsObjectPtr> found =
      FindObject(context, call, "sourceGeneration", "ifSource", false);
  if (const auto* failure = std::get_if<GcsFailure>(&found)) return *failure;
  const GcsResult<GcsConditions> conditions = ReadGcsConditions(call, "if");
  if (const auto* failure = std::get_if<GcsFailure>(&conditions)) return *failure;
  if (auto failure = CheckName(call.to_key)) return *failure;
  GcsObject copy = *std::get<GcsObjectPtr>(found);
  const std::uint64_t size = copy.content.size();
  const std::uint64_t step = context.options.rewrite_bytes;
  const std::uint64_t before = ParseDecimal(call.query.Get("rewriteToken")).value_or(0);
  if (step > 0 && before + step < size) {
    const std::string done = std::to_string(before + step);
    return GcsJson("{\"kind\":\"storage#rewriteResponse\",\"totalBytesRewritten\":\"" + done +
                   "\",\"objectSize\":\"" + std::to_string(size) +
                   "\",\"done\":false,\"rewriteToken\":\"" + done + "\"}");
  }
  GcsDeclared declared;
  std::string name;
  // A body replaces all of the metadata, none keeps it.
  if (!body->empty() && !ReadGcsResource(*body, copy, declared, name)) {
    return GcsFailure{400, "parseError", "Parse Error"};
  }
  const GcsResult<GcsObjectPtr> published =
      PublishGcs(context, call.to_bucket, call.to_key, std::move(copy),
                 std::get<GcsConditions>(conditions), call.now);
  if (const auto* failure = std::get_if<GcsFailure>(&published)) return *failure;
  const std::string bytes = std::to_string(size);
  return GcsJson("{\"kind\":\"storage#rewriteResponse\",\"totalBytesRewritten\":\"" + bytes +
                 "\",\"objectSize\":\"" + bytes + "\",\"done\":true,\"resource\":" +
                 GcsResource(call.to_bucket, call.to_key, *std::get<GcsObjectPtr>(published)) +
                 "}");
}

}  // namespace fakecloud

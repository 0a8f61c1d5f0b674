#include <algorithm>
#include <array>

#include "fakecloud/encoding.h"
#include "fakecloud/gcs_handlers.h"
#include "fakecloud/gcs_resource.h"
#include "fakecloud/request_faults.h"

// The XML multipart API. It has no conditions: whoever finishes last wins.

namespace fakecloud {
namespace {

constexpr std::uint64_t kDocumentBytesMax = 4 << 20;

std::string Element(std::string_view name, std::string_view text) {
  std::string out = "<";
  return out.append(name).append(">").append(EscapeXml(text)).append("</").append(name).append(">");
}

GcsFailure NoSuchUpload() { return {404, "NoSuchUpload", "The requested upload was not found."}; }

GcsPartsUpload* FindUpload(GcsContext& context, const GcsCall& call) {
  GcsBucket* bucket = context.storage.Find(call.bucket);
  if (bucket == nullptr) return nullptr;
  const auto found = bucket->uploads.find(std::string(call.query.Get("uploadId")));
  return found == bucket->uploads.end() || found->second.key != call.key ? nullptr : &found->second;
}

void ReadHeaders(const GcsCall& call, GcsObject& object) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kHeaders = {
      {{"content-type", "contentType"},
       {"cache-control", "cacheControl"},
       {"content-encoding", "contentEncoding"},
       {"content-disposition", "contentDisposition"},
       {"content-language", "contentLanguage"},
       {"x-goog-storage-class", "storageClass"}}};
  for (const auto& [header, field] : kHeaders) {
    const std::string* value = call.request.headers.Find(header);
    if (value != nullptr) object.fields[std::string(field)] = *value;
  }
  for (const auto& [name, value] : call.request.headers.all()) {
    const std::string lower = LowerCase(name);
    if (HasPrefix(lower, "x-goog-meta-")) object.metadata[lower.substr(12)] = value;
  }
}

// The part numbers and ETags of a list of parts; empty if it is malformed.
std::vector<std::pair<std::uint32_t, std::string>> ReadParts(std::string_view xml) {
  std::vector<std::pair<std::uint32_t, std::string>> parts;
  const auto text = [&xml](std::string_view name) -> std::optional<std::string> {
    const std::string open = "<" + std::string(name) + ">";
    const std::size_t begin = xml.find(open);
    const std::size_t end = xml.find("</" + std::string(name) + ">");
    if (begin == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
    std::string found(xml.substr(begin + open.size(), end - begin - open.size()));
    xml.remove_prefix(end + 1);
    std::erase(found, '"');
    return found;
  };
  while (xml.find("<PartNumber>") != std::string_view::npos) {
    const auto number = text("PartNumber");
    const auto etag = text("ETag");
    const auto value = number ? ParseDecimal(*number) : std::nullopt;
    if (!value || !etag) return {};
    parts.emplace_back(static_cast<std::uint32_t>(*value), *etag);
  }
  return parts;
}

}  // namespace

GcsResult<Response> GcsXmlBegin(GcsContext& context, GcsCall& call) {
  GcsPartsUpload upload;
  upload.key = call.key;
  upload.initiated = call.now;
  ReadHeaders(call, upload.draft);
  const std::lock_guard lock(context.storage.mutex);
  GcsBucket* bucket = context.storage.Find(call.bucket);
  if (bucket == nullptr) {
    return GcsFailure{404, "NoSuchBucket", "The specified bucket does not exist."};
  }
  const std::string id = ToBase64("upload" + std::to_string(context.storage.NextNumber()));
  bucket->uploads[id] = std::move(upload);
  return GcsXml("<InitiateMultipartUploadResult>" + Element("Bucket", call.bucket) +
                Element("Key", call.key) + Element("UploadId", id) +
                "</InitiateMultipartUploadResult>");
}

GcsResult<Response> GcsXmlPart(GcsContext& context, GcsCall& call) {
  const auto number = ParseDecimal(call.query.Get("partNumber"));
  if (!number || *number < 1 || *number > 10'000) {
    return GcsFailure{400, "InvalidArgument", "Invalid part number."};
  }
  FaultyBody body(*call.request.body, *call.request.waiter, call.faults);
  ContentWriter writer(context.storage.policy, call.request.body->announced_size().value_or(0));
  BodyHasher hasher;
  hasher.Want(ChecksumKind::kCrc32c);
  for (;;) {
    const std::span<std::byte> room = writer.Prepare();
    const std::ptrdiff_t got = body.Read(room);
    if (got == 0) break;
    if (got < 0) return GcsFailure{400, "IncompleteBody", "The body ended early."};
    const auto bytes = room.first(static_cast<std::size_t>(got));
    hasher.Update(bytes);
    if (!writer.Commit(bytes.size())) return GcsFailure{500, "InternalError", "The disk is full."};
  }
  hasher.Finish();
  GcsPart part;
  part.crc32c = hasher.value(ChecksumKind::kCrc32c);
  part.etag = ToHex(hasher.md5());
  GcsDeclared declared;
  ReadGcsHashHeader(call, declared);
  if (auto failure = CheckGcsDeclared(declared, part.crc32c, hasher.md5())) {
    return GcsFailure{400, "BadDigest", failure->message};
  }
  part.content = GcsDamagedInStore(call, writer.Finish());
  Response response;
  response.headers.Add("ETag", "\"" + part.etag + "\"");
  response.headers.Add("x-goog-hash", "crc32c=" + ToBase64(part.crc32c));
  const std::lock_guard lock(context.storage.mutex);
  GcsPartsUpload* upload = FindUpload(context, call);
  if (upload == nullptr) return NoSuchUpload();
  upload->parts[static_cast<std::uint32_t>(*number)] = std::move(part);
  return response;
}

GcsResult<Response> GcsXmlComplete(GcsContext& context, GcsCall& call) {
  const std::optional<std::string> body = ReadGcsBody(call, kDocumentBytesMax);
  if (!body) return GcsFailure{400, "IncompleteBody", "The body ended early."};
  const auto wanted = ReadParts(*body);
  if (wanted.empty()) return GcsFailure{400, "MalformedXML", "The list of parts is malformed."};
  GcsObject object;
  {
    const std::lock_guard lock(context.storage.mutex);
    const GcsPartsUpload* upload = FindUpload(context, call);
    if (upload == nullptr) return NoSuchUpload();
    object = upload->draft;
    std::uint32_t last = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto part = upload->parts.find(wanted[i].first);
      if (part == upload->parts.end() || part->second.etag != wanted[i].second ||
          wanted[i].first <= last) {
        return GcsFailure{400, "InvalidPart", "A part is missing or is another one."};
      }
      last = wanted[i].first;
      const std::uint64_t size = part->second.content.size();
      if (i + 1 < wanted.size() && size < context.options.part_bytes_min) {
        return GcsFailure{400, "EntityTooSmall", "A part is smaller than the minimum."};
      }
      object.crc32c =
          i == 0 ? part->second.crc32c
                 : CombineCrc(ChecksumKind::kCrc32c, object.crc32c, part->second.crc32c, size);
      object.content.Append(part->second.content);
    }
  }
  const GcsResult<GcsObjectPtr> published =
      PublishGcs(context, call.bucket, call.key, std::move(object), {}, call.now);
  if (const auto* failure = std::get_if<GcsFailure>(&published)) return *failure;
  const std::lock_guard lock(context.storage.mutex);
  if (GcsBucket* bucket = context.storage.Find(call.bucket)) {
    bucket->uploads.erase(std::string(call.query.Get("uploadId")));
  }
  return GcsXml("<CompleteMultipartUploadResult>" + Element("Bucket", call.bucket) +
                Element("Key", call.key) + Element("ETag", "\"parts\"") +
                "</CompleteMultipartUploadResult>");
}

GcsResult<Response> GcsXmlAbort(GcsContext& context, GcsCall& call) {
  const std::lock_guard lock(context.storage.mutex);
  if (FindUpload(context, call) == nullptr) return NoSuchUpload();
  context.storage.Find(call.bucket)->uploads.erase(std::string(call.query.Get("uploadId")));
  Response response;
  response.status = 204;
  return response;
}

GcsResult<Response> GcsXmlListParts(GcsContext& context, GcsCall& call) {
  const std::uint64_t after = ParseDecimal(call.query.Get("part-number-marker")).value_or(0);
  std::uint64_t left = ParseDecimal(call.query.Get("max-parts")).value_or(1000);
  const std::lock_guard lock(context.storage.mutex);
  const GcsPartsUpload* upload = FindUpload(context, call);
  if (upload == nullptr) return NoSuchUpload();
  std::string xml = "<ListPartsResult>";
  std::string last;
  bool truncated = false;
  for (const auto& [number, part] : upload->parts) {
    if (number <= after) continue;
    truncated = left == 0;
    if (truncated) break;
    --left;
    last = std::to_string(number);
    xml += "<Part>" + Element("PartNumber", last) + Element("ETag", "\"" + part.etag + "\"") +
           Element("Size", std::to_string(part.content.size())) + "</Part>";
  }
  xml += Element("IsTruncated", truncated ? "true" : "false");
  if (truncated) xml += Element("NextPartNumberMarker", last);
  return GcsXml(xml + "</ListPartsResult>");
}

GcsResult<Response> GcsXmlListUploads(GcsContext& context, GcsCall& call) {
  const std::string prefix(call.query.Get("prefix"));
  const std::lock_guard lock(context.storage.mutex);
  const GcsBucket* bucket = context.storage.Find(call.bucket);
  if (bucket == nullptr) {
    return GcsFailure{404, "NoSuchBucket", "The specified bucket does not exist."};
  }
  std::string xml = "<ListMultipartUploadsResult>";
  for (const auto& [id, upload] : bucket->uploads) {
    if (!HasPrefix(upload.key, prefix)) continue;
    xml += "<Upload>" + Element("Key", upload.key) + Element("UploadId", id) +
           Element("Initiated", FormatIsoTime(upload.initiated)) + "</Upload>";
  }
  return GcsXml(xml + "<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
}

}  // namespace fakecloud

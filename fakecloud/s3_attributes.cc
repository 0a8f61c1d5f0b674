#include <algorithm>

#include "fakecloud/encoding.h"
#include "fakecloud/s3_handlers.h"
#include "fakecloud/s3_objects.h"

namespace fakecloud {
namespace {

bool Asked(const S3Call& call, std::string_view attribute) {
  for (std::string_view name : Split(call.Header("x-amz-object-attributes"), ',')) {
    if (Trim(name) == attribute) return true;
  }
  return false;
}

std::string PartsElement(const S3Options& options, const S3Call& call,
                         const ObjectVersion& object) {
  const std::uint64_t marker = ParseDecimal(call.Header("x-amz-part-number-marker")).value_or(0);
  const std::uint64_t page_max = std::min<std::uint64_t>(
      ParseDecimal(call.Header("x-amz-max-parts")).value_or(1000), options.page_size);
  std::string parts;
  std::uint64_t count = 0, last = 0;
  bool truncated = false;
  for (const ObjectPart& part : object.parts) {
    if (part.number <= marker) continue;
    if (count == page_max) {
      truncated = true;
      break;
    }
    parts += "<Part>" + XmlElement("PartNumber", std::to_string(part.number)) +
             XmlElement("Size", std::to_string(part.size));
    if (!part.checksum.empty()) {
      parts += XmlElement(ChecksumElement(object.checksum->kind), part.checksum);
    }
    parts += "</Part>";
    last = part.number;
    ++count;
  }
  return "<ObjectParts>" + XmlElement("PartsCount", std::to_string(object.parts.size())) +
         XmlElement("PartNumberMarker", std::to_string(marker)) +
         XmlElement("NextPartNumberMarker", std::to_string(last)) +
         XmlElement("MaxParts", std::to_string(page_max)) +
         XmlElement("IsTruncated", truncated ? "true" : "false") + parts + "</ObjectParts>";
}

}  // namespace

S3Result<Response> GetObjectAttributes(S3Context& context, S3Call& call) {
  const S3Result<ObjectPtr> found =
      FindObject(context, call, call.bucket, call.key, call.query.Find("versionId"));
  if (const S3Error* error = ErrorOf(found)) return *error;
  const ObjectVersion& object = *std::get<ObjectPtr>(found);
  if (!call.request.headers.Has("x-amz-object-attributes")) {
    return InvalidRequest("Missing required header for this request: x-amz-object-attributes");
  }
  std::string body(kXmlHead);
  body += "<GetObjectAttributesResponse" + std::string(kXmlNamespace) + ">";
  if (Asked(call, "ETag")) body += XmlElement("ETag", object.etag);
  if (Asked(call, "Checksum") && object.checksum) {
    body += "<Checksum>" +
            XmlElement(ChecksumElement(object.checksum->kind), object.checksum->value) +
            XmlElement("ChecksumType", object.checksum->composite ? "COMPOSITE" : "FULL_OBJECT") +
            "</Checksum>";
  }
  if (Asked(call, "ObjectParts") && !object.parts.empty()) {
    body += PartsElement(context.options, call, object);
  }
  if (Asked(call, "StorageClass")) body += XmlElement("StorageClass", object.storage_class);
  if (Asked(call, "ObjectSize")) body += XmlElement("ObjectSize", std::to_string(object.size()));
  Response response = XmlResponse(body + "</GetObjectAttributesResponse>");
  response.headers.Add("Last-Modified", FormatHttpTime(object.modified));
  AddVersionHeader(object, response);
  return response;
}

}  // namespace fakecloud

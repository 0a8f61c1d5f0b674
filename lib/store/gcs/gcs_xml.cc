#include "lib/store/gcs/gcs_xml.h"

#include <utility>

#include "lib/base/text.h"
#include "lib/http/xml_reader.h"

namespace godwit {

Result<XmlDocument> SendForGcsXml(GcsChannel& channel, const CallContext& context,
                                  GcsRequest& request, std::string_view root) {
  const Result<HttpResponse> response = channel.Send(context, request);
  if (!response.ok()) return response.status();
  Result<XmlDocument> document = ReadXmlDocument(response->body);
  if (!document.ok()) return channel.Explain(request, document.status());
  if (document->root == "Error") {
    // Nothing tells how far the work had come: as if it had failed at the service.
    const GcsError error = ReadGcsError(response->body);
    return channel.Explain(request, MapGcsError(500, error, request.errors));
  }
  if (document->root == root) return document;
  return channel.Explain(
      request, Status(ErrorKind::kCorrupted, "the answer is <" + document->root + "> instead of <" +
                                                 std::string(root) + ">"));
}

std::string GcsCompleteXml(std::span<const PartReceipt> parts) {
  std::string xml = "<CompleteMultipartUpload>";
  for (const PartReceipt& part : parts) {
    bool representable = true;
    xml.append("<Part><PartNumber>").append(std::to_string(part.index + 1));
    xml.append("</PartNumber><ETag>\"").append(XmlEscape(part.token, representable));
    xml.append("\"</ETag></Part>");
  }
  return xml.append("</CompleteMultipartUpload>");
}

Result<PartReceipt> ReadGcsPart(const XmlDocument::Record& record) {
  const auto number = ParseUint64(record.Field("PartNumber"));
  const auto size = ParseUint64(record.Field("Size"));
  std::string token = record.Field("ETag");
  if (token.size() >= 2 && token.front() == '"' && token.back() == '"') {
    token = token.substr(1, token.size() - 2);
  }
  if (!number || *number == 0 || *number > 10'000 || !size || token.empty()) {
    return Status(ErrorKind::kCorrupted, "the list of parts is damaged");
  }
  PartReceipt part;
  part.index = static_cast<std::uint32_t>(*number - 1);
  part.size_bytes = *size;
  part.token = std::move(token);
  return part;
}

}  // namespace godwit

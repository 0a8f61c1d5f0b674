#include "fakecloud/s3_call.h"

#include "fakecloud/encoding.h"

namespace fakecloud {

const Fault* S3Call::FindFault(FaultKind kind) const {
  for (const Fault& fault : faults) {
    if (fault.kind == kind) return &fault;
  }
  return nullptr;
}

const Fault* S3Call::FindFault(FaultKind kind, FaultSide side) const {
  for (const Fault& fault : faults) {
    if (fault.kind == kind && fault.side == side) return &fault;
  }
  return nullptr;
}

Response XmlResponse(std::string body) {
  Response response;
  response.headers.Add("Content-Type", "application/xml");
  response.text = std::move(body);
  return response;
}

Response EmptyResponse(int status) {
  Response response;
  response.status = status;
  return response;
}

std::string XmlElement(std::string_view name, std::string_view text) {
  std::string out;
  out.reserve(name.size() * 2 + text.size() + 5);
  out += '<';
  out += name;
  out += '>';
  out += EscapeXml(text);
  out += "</";
  out += name;
  out += '>';
  return out;
}

std::string Quoted(std::string_view etag) {
  std::string out = "\"";
  out += etag;
  out += '"';
  return out;
}

Response ErrorResponse(const S3Call& call, const S3Error& error) {
  std::string body = std::string(kXmlHead) + "<Error>" + XmlElement("Code", error.code) +
                     XmlElement("Message", error.message);
  for (const auto& [element, text] : error.details) body += XmlElement(element, text);
  body += XmlElement("Resource", call.request.path) + XmlElement("RequestId", call.request_id) +
          XmlElement("HostId", call.request_id + call.request_id + "=") + "</Error>";
  Response response = XmlResponse(error.status == 304 ? std::string() : std::move(body));
  response.status = error.status;
  for (const auto& [name, value] : error.headers) response.headers.Add(name, value);
  if (call.request.method == "HEAD") {
    response.text.clear();
    response.headers.Remove("Content-Type");
  }
  return response;
}

}  // namespace fakecloud

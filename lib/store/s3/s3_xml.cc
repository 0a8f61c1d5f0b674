#include "lib/store/s3/s3_xml.h"

#include <utility>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/http/xml_reader.h"
#include "lib/store/s3/s3_wire.h"

namespace godwit {
namespace {

S3Error ErrorOf(const S3Document& document) {
  S3Error error;
  error.code = document.Field("Code");
  error.message = document.Field("Message");
  error.region = document.Field("Region");
  error.endpoint = document.Field("Endpoint");
  error.server_time = document.Field("ServerTime");
  error.request_id = document.Field("RequestId");
  return error;
}

void AppendElement(std::string& xml, std::string_view name, std::string_view text) {
  bool representable = true;
  xml.append("<").append(name).append(">").append(XmlEscape(text, representable));
  xml.append("</").append(name).append(">");
}

}  // namespace

Result<S3Answer> ReadS3Answer(std::string_view xml, std::string_view root, int record_depth) {
  Result<S3Document> document = ReadXmlDocument(xml, record_depth);
  if (!document.ok()) return document.status();
  S3Answer answer;
  answer.document = std::move(*document);
  if (answer.document.root == "Error") {
    answer.error = ErrorOf(answer.document);
    return answer;
  }
  if (answer.document.root != root) {
    return Status(ErrorKind::kCorrupted, "the answer is <" + answer.document.root +
                                             "> instead of <" + std::string(root) + ">");
  }
  return answer;
}

S3Error ReadS3Error(std::string_view xml) {
  if (xml.empty()) return {};
  const Result<S3Answer> answer = ReadS3Answer(xml, "Error");
  return answer.ok() ? *answer->error : S3Error();
}

std::optional<std::string> DecodeListed(std::string_view text) {
  if (text.find('+') == std::string_view::npos) return PercentDecode(text);
  std::string spaced(text);
  for (char& c : spaced) {
    if (c == '+') c = ' ';
  }
  return PercentDecode(spaced);
}

std::string_view ChecksumElement(DigestKind kind) {
  return kind == DigestKind::kCrc32c ? "ChecksumCRC32C" : "ChecksumCRC64NVME";
}

bool IsXmlText(std::string_view text) {
  bool representable = true;
  XmlEscape(text, representable);
  return representable;
}

std::string DeleteXml(std::span<const S3DeleteKey> keys) {
  std::string xml = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>";
  for (const S3DeleteKey& item : keys) {
    xml += "<Object>";
    AppendElement(xml, "Key", item.key);
    if (!item.etag.empty()) AppendElement(xml, "ETag", item.etag);
    xml += "</Object>";
  }
  return xml + "</Delete>";
}

std::string CompleteXml(std::span<const PartReceipt> parts, std::optional<DigestKind> checksum) {
  std::string xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const PartReceipt& part : parts) {
    xml += "<Part>";
    AppendElement(xml, "PartNumber", std::to_string(part.index + 1));
    AppendElement(xml, "ETag", "\"" + part.token + "\"");
    const Digest* digest = checksum.has_value() ? part.digests.Find(*checksum) : nullptr;
    if (digest != nullptr) {
      AppendElement(xml, ChecksumElement(*checksum), Base64Of(*digest));
    }
    xml += "</Part>";
  }
  return xml + "</CompleteMultipartUpload>";
}

std::string CreateBucketXml(std::string_view region) {
  std::string xml = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  AppendElement(xml, "LocationConstraint", region);
  return xml + "</CreateBucketConfiguration>";
}

}  // namespace godwit

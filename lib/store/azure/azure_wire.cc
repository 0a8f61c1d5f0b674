#include "lib/store/azure/azure_wire.h"

#include <array>
#include <span>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/http/byte_range.h"
#include "lib/http/entity_tag.h"
#include "lib/store/answer_sinks.h"
#include "lib/store/azure/azure_metadata.h"

namespace godwit {
namespace {

Status NotAzure(std::string message) { return Status(ErrorKind::kCorrupted, std::move(message)); }

// What every answer about an object tells, but its size and its digest.
Result<ObjectMeta> ObjectWithoutSize(std::string_view key, const HttpHeaders& headers) {
  if (IsAzureFolder(headers)) {
    return Status(ErrorKind::kNotFound, "no such object: a folder has this name");
  }
  ObjectMeta meta;
  meta.entry.key = key;
  meta.entry.version = UnquoteEtag(headers.Find("etag").value_or(""));
  if (meta.entry.version.empty()) return NotAzure("the answer has no ETag");
  const auto modified = ParseHttpDate(headers.Find("last-modified").value_or(""));
  if (!modified.has_value()) return NotAzure("the answer has no Last-Modified");
  meta.entry.modified = *modified;
  meta.attributes = AzureAttributesOf(headers);
  meta.entry.storage_class = meta.attributes.storage_class;
  meta.entry.archived = meta.entry.storage_class == "Archive";
  return meta;
}

void TakeMd5(std::string_view text, ObjectMeta& meta) {
  if (const std::optional<Digest> md5 = DigestFromBase64(DigestKind::kMd5, text))
    meta.entry.digests.Set(*md5);
}

}  // namespace

AzureRequest AzureHeadRequest(std::string_view key) {
  AzureRequest request;
  request.method = HttpMethod::kHead;
  request.request_class = RequestClass::kHead;
  request.operation = "read";
  request.key = key;
  request.errors.head = true;
  return request;
}

AzureRequest AzureGetRequest(std::string_view key, const GetOptions& options) {
  AzureRequest request;
  request.request_class = RequestClass::kGet;
  request.operation = "read";
  request.key = key;
  if (!options.version.empty()) request.headers.Add("if-match", QuoteEtag(options.version));
  const ByteRange range{options.offset, options.length};
  if (!range.IsWhole()) request.headers.Add("range", range.Header());
  return request;
}

AzureRequest AzurePutRequest(std::string_view key) {
  AzureRequest request;
  request.method = HttpMethod::kPut;
  request.request_class = RequestClass::kPut;
  request.operation = "write";
  request.key = key;
  request.errors.changes = true;
  return request;
}

AzureRequest AzureDeleteRequest(const DeleteRequest& request) {
  AzureRequest http;
  http.method = HttpMethod::kDelete;
  http.request_class = RequestClass::kDelete;
  http.operation = "delete";
  http.key = request.key;
  http.errors.changes = true;
  if (!request.if_version.empty()) {
    AddAzureCondition(WriteCondition::IfVersion(request.if_version), http);
  }
  return http;
}

AzureRequest AzureListRequest(const ListRequest& request, std::string_view marker,
                              std::uint32_t keys_max) {
  AzureRequest http;
  http.request_class = RequestClass::kList;
  http.operation = "list";
  http.errors.container = true;
  http.parameters = {{"restype", "container"},
                     {"comp", "list"},
                     {"maxresults", std::to_string(keys_max)},
                     {"include", "metadata"}};
  if (!request.prefix.empty()) http.parameters.emplace_back("prefix", request.prefix);
  if (!request.delimiter.empty()) http.parameters.emplace_back("delimiter", request.delimiter);
  if (!marker.empty()) http.parameters.emplace_back("marker", marker);
  return http;
}

std::vector<std::pair<std::string, std::string>> AzureBlockParameters(std::string_view block_id) {
  return {{"comp", "block"}, {"blockid", Base64Encode(block_id)}};
}

AzureXmlBody::AzureXmlBody(std::string xml)
    : xml_(std::move(xml)), source_(std::as_bytes(std::span(xml_))) {}

void AzureXmlBody::AttachTo(AzureRequest& request) {
  request.headers.Set("content-type", "application/xml");
  request.body = &source_;
}

void AddAzureCondition(const WriteCondition& condition, AzureRequest& request) {
  if (condition.kind == WriteCondition::Kind::kNone) return;
  request.errors.conditional = true;
  if (condition.kind == WriteCondition::Kind::kCreateOnly) {
    request.headers.Set("if-none-match", "*");
  } else {
    request.headers.Set("if-match", QuoteEtag(condition.version));
  }
}

std::string AzureCrcText(std::uint64_t crc64nvme) {
  std::array<char, 8> bytes{};
  for (char& byte : bytes) {
    byte = static_cast<char>(crc64nvme & 0xFF);
    crc64nvme >>= 8;
  }
  return Base64Encode({bytes.data(), bytes.size()});
}

std::optional<std::uint64_t> ParseAzureCrc(std::string_view text) {
  const std::optional<std::string> bytes = Base64Decode(text);
  if (!bytes.has_value() || bytes->size() != 8) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>((*bytes)[i]);
  return value;
}

Result<ObjectMeta> AzureObjectFromHead(std::string_view key, const HttpHeaders& headers) {
  Result<ObjectMeta> meta = ObjectWithoutSize(key, headers);
  if (!meta.ok()) return meta;
  const auto size = ParseUint64(headers.Find("content-length").value_or(""));
  if (!size.has_value()) return NotAzure("the answer does not tell the object's size");
  meta->entry.size_bytes = *size;
  TakeMd5(headers.Find("content-md5").value_or(""), *meta);
  return meta;
}

Result<ObjectDownload> AzureObjectFromGet(std::string_view key, const HttpResponse& head,
                                          const GetOptions& options) {
  Result<ObjectMeta> meta = ObjectWithoutSize(key, head.headers);
  if (!meta.ok()) return meta.status();
  ObjectDownload download;
  download.meta = std::move(*meta);
  if (!options.version.empty() && options.version != download.meta.entry.version) {
    return Status(ErrorKind::kPreconditionFailed, "the object has changed");
  }
  const Result<ServedRange> served = ReadServedRange(head, {options.offset, options.length});
  if (!served.ok()) return served.status();
  download.length = served->length;
  download.meta.entry.size_bytes = served->object_bytes;
  // Of a range, Content-MD5 would be that of the range.
  const char* const md5 = head.status == 206 ? "x-ms-blob-content-md5" : "content-md5";
  TakeMd5(head.headers.Find(md5).value_or(""), download.meta);
  return download;
}

}  // namespace godwit

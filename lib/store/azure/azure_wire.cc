#include "lib/store/azure/azure_wire.h"

#include <array>
#include <span>

#include "lib/base/text.h"
#include "lib/store/azure/azure_metadata.h"

namespace godwit {
namespace {

Status NotAzure(std::string message) { return Status(ErrorKind::kCorrupted, std::move(message)); }

Status OutsideRange() {
  return Status(ErrorKind::kInvalidArgument, "the range lies outside of the object");
}

bool WantsWhole(const GetOptions& options) { return options.offset == 0 && options.length == 0; }

std::string RangeText(const GetOptions& options) {
  std::string text = "bytes=" + std::to_string(options.offset) + "-";
  if (options.length != 0) text += std::to_string(options.offset + options.length - 1);
  return text;
}

// "bytes 0-9/100".
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t total = 0;
};

std::optional<ContentRange> ParseContentRange(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) {
    return std::nullopt;
  }
  const auto first = ParseUint64(text.substr(0, dash));
  const auto last = ParseUint64(text.substr(dash + 1, slash - dash - 1));
  const auto total = ParseUint64(text.substr(slash + 1));
  if (!first || !last || !total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

// What every answer about an object tells, but its size and its digest.
Result<ObjectMeta> ObjectWithoutSize(std::string_view key, const HttpHeaders& headers) {
  if (IsAzureFolder(headers)) {
    return Status(ErrorKind::kNotFound, "no such object: a folder has this name");
  }
  ObjectMeta meta;
  meta.entry.key = key;
  meta.entry.version = UnquoteAzureEtag(headers.Find("etag").value_or(""));
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
  if (const std::optional<Digest> md5 = Md5FromBase64(text)) meta.entry.digests.Set(*md5);
}

// Of a 206: the range must be the one asked for.
Status TakePart(const HttpResponse& head, const GetOptions& options, AzureDownload& download) {
  const auto range = ParseContentRange(head.headers.Find("content-range").value_or(""));
  if (!range.has_value()) return NotAzure("the answer does not tell its range");
  if (options.offset >= range->total) return OutsideRange();
  if (range->last < range->first || range->last >= range->total) {
    return NotAzure("the answer does not tell its range");
  }
  const std::uint64_t rest = range->total - options.offset;
  if (options.length > rest) return OutsideRange();
  const std::uint64_t wanted = options.length != 0 ? options.length : rest;
  const std::uint64_t length = range->last - range->first + 1;
  if (range->first != options.offset || length != wanted) {
    return NotAzure("another range came than was asked for");
  }
  const auto announced = head.headers.Find("content-length");
  if (announced.has_value() && ParseUint64(*announced) != length) {
    return NotAzure("the answer's length is not that of its range");
  }
  download.length = length;
  download.meta.entry.size_bytes = range->total;
  TakeMd5(head.headers.Find("x-ms-blob-content-md5").value_or(""), download.meta);
  return Status::Ok();
}

// Of a 200: the whole object.
Status TakeWhole(const HttpResponse& head, const GetOptions& options, AzureDownload& download) {
  const auto size = ParseUint64(head.headers.Find("content-length").value_or(""));
  if (!size.has_value()) return NotAzure("the answer does not tell its length");
  const bool all = options.offset == 0 && (options.length == 0 || options.length == *size);
  if (!all) return NotAzure("the whole object came instead of a range");
  download.length = *size;
  download.meta.entry.size_bytes = *size;
  TakeMd5(head.headers.Find("content-md5").value_or(""), download.meta);
  return Status::Ok();
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
  if (!options.version.empty()) request.headers.Add("if-match", QuoteAzureEtag(options.version));
  if (!WantsWhole(options)) request.headers.Add("range", RangeText(options));
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
    request.headers.Set("if-match", QuoteAzureEtag(condition.version));
  }
}

std::string UnquoteAzureEtag(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

std::string QuoteAzureEtag(std::string_view etag) { return "\"" + std::string(etag) + "\""; }

std::string Base64OfMd5(const Digest& md5) {
  return Base64Encode({reinterpret_cast<const char*>(md5.bytes().data()), md5.bytes().size()});
}

std::optional<Digest> Md5FromBase64(std::string_view text) {
  const std::optional<std::string> bytes = Base64Decode(text);
  if (!bytes.has_value() || bytes->size() != DigestSize(DigestKind::kMd5)) return std::nullopt;
  return Digest(DigestKind::kMd5,
                {reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
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

Result<AzureDownload> AzureObjectFromGet(std::string_view key, const HttpResponse& head,
                                         const GetOptions& options) {
  Result<ObjectMeta> meta = ObjectWithoutSize(key, head.headers);
  if (!meta.ok()) return meta.status();
  AzureDownload download;
  download.meta = std::move(*meta);
  if (!options.version.empty() && options.version != download.meta.entry.version) {
    return Status(ErrorKind::kPreconditionFailed, "the object has changed");
  }
  if (head.status == 206 && WantsWhole(options)) {
    return NotAzure("a range came without being asked for");
  }
  GODWIT_RETURN_IF_ERROR(head.status == 206 ? TakePart(head, options, download)
                                            : TakeWhole(head, options, download));
  return download;
}

}  // namespace godwit

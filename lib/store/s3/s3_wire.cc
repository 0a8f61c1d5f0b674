#include "lib/store/s3/s3_wire.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/crypto/md5.h"
#include "lib/crypto/sha256.h"
#include "lib/http/ascii.h"
#include "lib/http/byte_range.h"
#include "lib/http/entity_tag.h"
#include "lib/store/answer_sinks.h"
#include "lib/store/page_token.h"
#include "lib/store/s3/s3_metadata.h"

namespace godwit {
namespace {

std::string_view AsText(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Status NotS3(std::string message) { return Status(ErrorKind::kCorrupted, std::move(message)); }

// Objects in these classes cannot be read until they are restored.
bool IsArchiveClass(std::string_view storage_class) {
  return storage_class == "GLACIER" || storage_class == "DEEP_ARCHIVE";
}

bool IsArchived(const HttpHeaders& headers) {
  const bool in_archive = IsArchiveClass(headers.Find("x-amz-storage-class").value_or("")) ||
                          headers.Find("x-amz-archive-status").has_value();
  const std::string_view restore = headers.Find("x-amz-restore").value_or("");
  return in_archive && restore.find("ongoing-request=\"false\"") == std::string_view::npos;
}

// What every answer about an object tells, but its size.
Result<ObjectMeta> ObjectWithoutSize(std::string_view key, const HttpHeaders& headers,
                                     bool etag_is_md5) {
  ObjectMeta meta;
  meta.entry.key = key;
  meta.entry.version = UnquoteEtag(headers.Find("etag").value_or(""));
  if (meta.entry.version.empty()) return NotS3("the answer has no ETag");
  const auto modified = ParseHttpDate(headers.Find("last-modified").value_or(""));
  if (!modified.has_value()) return NotS3("the answer has no Last-Modified");
  meta.entry.modified = *modified;
  meta.entry.archived = IsArchived(headers);
  for (const DigestKind kind : {DigestKind::kCrc64Nvme, DigestKind::kCrc32c, DigestKind::kSha256}) {
    if (const auto digest = WholeDigest(headers, kind)) meta.entry.digests.Set(*digest);
  }
  const std::optional<Digest> md5 = Md5OfEtag(meta.entry.version);
  if (md5.has_value() && etag_is_md5 && !HidesMd5(headers)) meta.entry.digests.Set(*md5);
  meta.attributes = AttributesFromHeaders(headers);
  meta.entry.storage_class = meta.attributes.storage_class;
  return meta;
}

}  // namespace

S3Request HeadRequest(std::string_view key) {
  S3Request request;
  request.method = HttpMethod::kHead;
  request.request_class = RequestClass::kHead;
  request.operation = "read";
  request.key = key;
  request.headers.Add("x-amz-checksum-mode", "ENABLED");
  request.errors.head = true;
  return request;
}

S3Request GetRequest(std::string_view key, const GetOptions& options) {
  S3Request request;
  request.request_class = RequestClass::kGet;
  request.operation = "read";
  request.key = key;
  if (!options.version.empty()) request.headers.Add("if-match", QuoteEtag(options.version));
  const ByteRange range{options.offset, options.length};
  if (range.IsWhole()) {
    request.headers.Add("x-amz-checksum-mode", "ENABLED");
  } else {
    request.headers.Add("range", range.Header());
  }
  return request;
}

Result<S3ListCursor> ReadListToken(const ListRequest& request) {
  if (request.page_token.empty()) return S3ListCursor{"", request.start_after};
  std::optional<std::pair<std::string, std::string>> parts = SplitPair(request.page_token);
  if (parts.has_value() && !parts->second.empty()) {
    return S3ListCursor{std::move(parts->second), std::move(parts->first)};
  }
  return Status(ErrorKind::kInvalidArgument, "not a page token of this store");
}

S3Request ListRequestFor(const ListRequest& request, const S3ListCursor& cursor,
                         std::uint32_t keys_max, bool restore_status) {
  S3Request http;
  http.request_class = RequestClass::kList;
  http.operation = "list";
  http.key = "";
  http.errors.subject = S3Subject::kBucket;
  const std::string count = std::to_string(keys_max);
  QueryParameters query{{"encoding-type", "url"}, {"max-keys", count}};
  if (!request.prefix.empty()) query.emplace_back("prefix", request.prefix);
  if (!request.delimiter.empty()) query.emplace_back("delimiter", request.delimiter);
  std::pair<std::string, std::string> markers(cursor.after, "");
  if (request.versions) {
    query.emplace_back("versions", "");
    if (auto parts = SplitPair(cursor.token)) markers = std::move(*parts);
    if (!markers.first.empty()) query.emplace_back("key-marker", markers.first);
    if (!markers.second.empty()) query.emplace_back("version-id-marker", markers.second);
  } else {
    query.emplace_back("list-type", "2");
    if (!cursor.token.empty()) {
      query.emplace_back("continuation-token", cursor.token);
    } else if (!cursor.after.empty()) {
      query.emplace_back("start-after", cursor.after);
    }
    if (restore_status) http.headers.Add("x-amz-optional-object-attributes", "RestoreStatus");
  }
  http.query = CanonicalQuery(query);
  return http;
}

S3Request PutRequest(std::string_view key) {
  S3Request request;
  request.method = HttpMethod::kPut;
  request.request_class = RequestClass::kPut;
  request.operation = "write";
  request.key = key;
  request.errors.changes = true;
  return request;
}

S3Request PostRequest(std::string_view key, const QueryParameters& query) {
  S3Request request = PutRequest(key);
  request.method = HttpMethod::kPost;
  request.query = CanonicalQuery(query);
  return request;
}

void AddCondition(const WriteCondition& condition, bool unquoted, S3Request& request) {
  if (condition.kind == WriteCondition::Kind::kNone) return;
  request.errors.conditional = true;
  if (condition.kind == WriteCondition::Kind::kCreateOnly) {
    request.headers.Set("if-none-match", "*");
    return;
  }
  request.errors.if_match = true;
  request.headers.Set("if-match", unquoted ? condition.version : QuoteEtag(condition.version));
}

void AddCopySource(const CopySource& source, HttpHeaders& headers) {
  headers.Add("x-amz-copy-source",
              "/" + PercentEncode(source.container, false) + "/" + PercentEncode(source.key, true));
  if (!source.version.empty()) {
    headers.Add("x-amz-copy-source-if-match", QuoteEtag(source.version));
  }
}

S3XmlBody::S3XmlBody(std::string xml)
    : xml_(std::move(xml)), source_(std::as_bytes(std::span(xml_))) {}

void S3XmlBody::AttachTo(S3Request& request, bool with_md5) {
  request.headers.Set("content-type", "application/xml");
  if (with_md5) request.headers.Set("content-md5", Base64Encode(AsText(Md5(xml_))));
  request.payload_hash = HexEncode(AsText(Sha256(xml_)));
  request.body = &source_;
}

std::optional<Digest> Md5OfEtag(std::string_view etag) {
  if (etag.size() != 32) return std::nullopt;
  const std::optional<std::string> bytes = HexDecode(etag);
  if (!bytes.has_value()) return std::nullopt;
  return Digest(DigestKind::kMd5,
                {reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
}

std::optional<std::string> EtagOfParts(std::span<const PartReceipt> parts) {
  Md5Hasher hasher;
  for (const PartReceipt& part : parts) {
    const std::optional<Digest> md5 = Md5OfEtag(part.token);
    const Digest* known = part.digests.Find(DigestKind::kMd5);
    if (!md5.has_value() || known == nullptr || *known != *md5) return std::nullopt;
    hasher.Update(AsText(md5->bytes()));
  }
  return HexEncode(AsText(hasher.Finish())) + "-" + std::to_string(parts.size());
}

std::string_view ChecksumHeader(DigestKind kind) {
  switch (kind) {
    case DigestKind::kCrc64Nvme:
      return "x-amz-checksum-crc64nvme";
    case DigestKind::kCrc32c:
      return "x-amz-checksum-crc32c";
    case DigestKind::kSha256:
      return "x-amz-checksum-sha256";
    default:
      return "";
  }
}

std::optional<Digest> WholeDigest(const HttpHeaders& headers, DigestKind kind) {
  const auto text = headers.Find(ChecksumHeader(kind));
  if (!text.has_value()) return std::nullopt;
  // Composite checksums are those of the parts' checksums; they end in "-N" and do not decode.
  const std::string_view type = headers.Find("x-amz-checksum-type").value_or("FULL_OBJECT");
  if (!EqualsIgnoreCase(type, "FULL_OBJECT")) return std::nullopt;
  return DigestFromBase64(kind, *text);
}

bool HidesMd5(const HttpHeaders& headers) {
  const auto encryption = headers.Find("x-amz-server-side-encryption");
  return (encryption.has_value() && *encryption != "AES256") ||
         headers.Find("x-amz-server-side-encryption-customer-algorithm").has_value();
}

Result<ObjectMeta> ObjectFromHead(std::string_view key, const HttpHeaders& headers,
                                  bool etag_is_md5) {
  Result<ObjectMeta> meta = ObjectWithoutSize(key, headers, etag_is_md5);
  if (!meta.ok()) return meta;
  const auto size = ParseUint64(headers.Find("content-length").value_or(""));
  if (!size.has_value()) return NotS3("the answer does not tell the object's size");
  meta->entry.size_bytes = *size;
  return meta;
}

Result<ObjectDownload> ObjectFromGet(std::string_view key, const HttpResponse& head,
                                     const GetOptions& options, bool etag_is_md5) {
  Result<ObjectMeta> meta = ObjectWithoutSize(key, head.headers, etag_is_md5);
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
  // A checksum here may be that of one part.
  if (served->length != served->object_bytes) {
    const Digest* md5 = download.meta.entry.digests.Find(DigestKind::kMd5);
    download.meta.entry.digests = md5 == nullptr ? DigestSet() : DigestSet{*md5};
  }
  return download;
}

}  // namespace godwit

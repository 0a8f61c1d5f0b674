#include "fakecloud/encoding.h"
#include "fakecloud/s3_conditions.h"
#include "fakecloud/s3_handlers.h"
#include "fakecloud/s3_objects.h"
#include "fakecloud/s3_uploads.h"

namespace fakecloud {
namespace {

constexpr std::uint64_t kCopyBytesMax = 5ULL << 30;

struct SourceName {
  std::string bucket;
  std::string key;
  std::optional<std::string> version_id;
};

// "/bucket/key" or "bucket/key", percent-encoded, with "?versionId=..." at the end if there is one.
S3Result<SourceName> SourceOf(const S3Call& call) {
  const std::string_view header = call.Header("x-amz-copy-source");
  const auto refuse = [&] {
    return InvalidArgument(
        "Copy Source must mention the source bucket and key: "
        "sourcebucket/sourcekey",
        "x-amz-copy-source", header);
  };
  std::string_view text = header;
  SourceName source;
  const std::size_t mark = text.find('?');
  if (mark != std::string_view::npos) {
    constexpr std::string_view kVersion = "versionId=";
    if (!HasPrefix(text.substr(mark + 1), kVersion)) return refuse();
    source.version_id = text.substr(mark + 1 + kVersion.size());
    text = text.substr(0, mark);
  }
  if (HasPrefix(text, "/")) text.remove_prefix(1);
  const std::optional<std::string> plain = DecodePercent(text, true);
  if (!plain) return refuse();
  const std::size_t slash = plain->find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == plain->size()) return refuse();
  source.bucket = plain->substr(0, slash);
  source.key = plain->substr(slash + 1);
  return source;
}

S3Result<ObjectPtr> OpenSource(S3Context& context, const S3Call& call, const SourceName& name) {
  S3Result<ObjectPtr> source = FindObject(context, call, name.bucket, name.key,
                                          name.version_id ? &*name.version_id : nullptr);
  if (const S3Error* error = ErrorOf(source)) return *error;
  const ObjectVersion& object = *std::get<ObjectPtr>(source);
  if (MaybeError error = ReadConditions::OfCopySource(call).Check(object, 412)) return *error;
  if (IsArchived(object)) return InvalidObjectState(object.storage_class);
  return source;
}

bool Replaces(const S3Call& call, std::string_view header) {
  return EqualsIgnoringCase(call.Header(header), "REPLACE");
}

MaybeError CheckDirectives(const S3Call& call) {
  for (std::string_view header : {"x-amz-metadata-directive", "x-amz-tagging-directive"}) {
    const std::string_view value = call.Header(header);
    if (value.empty() || value == "COPY" || value == "REPLACE") continue;
    return InvalidArgument("Unknown directive.", header, value);
  }
  return std::nullopt;
}

// The digests of bytes that the server has itself.
struct Rehash {
  std::string md5, crc64nvme, extra;
};

Rehash HashContent(const Content& content, std::optional<ChecksumKind> extra) {
  BodyHasher hasher;
  if (extra) hasher.Want(*extra);
  content.Visit([&](std::span<const std::byte> bytes) {
    hasher.Update(bytes);
    return true;
  });
  hasher.Finish();
  return {hasher.md5(), hasher.value(ChecksumKind::kCrc64Nvme),
          extra ? hasher.value(*extra) : std::string()};
}

S3Result<std::optional<ChecksumKind>> ChecksumAskedFor(const S3Call& call) {
  const std::string_view name = call.Header("x-amz-checksum-algorithm");
  const std::optional<ChecksumKind> kind = ChecksumFromName(name);
  if (!name.empty() && !kind) return InvalidRequest("Checksum algorithm provided is unsupported.");
  return kind;
}

// The copy becomes an object of one part: its ETag and checksum are those of the whole.
void CopyContent(const ObjectVersion& source, std::optional<ChecksumKind> asked,
                 ObjectVersion& copy) {
  copy.content = source.content;
  copy.crc64nvme = source.crc64nvme;
  ChecksumKind kind = source.checksum ? source.checksum->kind : ChecksumKind::kCrc64Nvme;
  if (asked) kind = *asked;
  const bool same = source.parts.empty() && source.checksum && source.checksum->kind == kind;
  if (same) {
    copy.etag = source.etag;
    copy.checksum = source.checksum;
    return;
  }
  const Rehash hashes = HashContent(source.content, kind);
  copy.etag = ToHex(hashes.md5);
  copy.checksum = StoredChecksum{kind, false, ToBase64(hashes.extra)};
}

S3Result<ObjectVersion> MakeCopy(S3Context& context, const S3Call& call,
                                 const ObjectVersion& source) {
  S3Result<ObjectVersion> described = DescribeObject(context, call);
  if (const S3Error* error = ErrorOf(described)) return *error;
  ObjectVersion& copy = std::get<ObjectVersion>(described);
  if (!Replaces(call, "x-amz-metadata-directive")) copy.headers = source.headers;
  if (!Replaces(call, "x-amz-tagging-directive")) copy.tags = source.tags;
  const S3Result<std::optional<ChecksumKind>> kind = ChecksumAskedFor(call);
  if (const S3Error* error = ErrorOf(kind)) return *error;
  CopyContent(source, std::get<0>(kind), copy);
  return described;
}

bool ChangesNothing(const S3Call& call, const SourceName& source) {
  return source.bucket == call.bucket && source.key == call.key && !source.version_id &&
         !Replaces(call, "x-amz-metadata-directive") &&
         !call.request.headers.Has("x-amz-storage-class") &&
         !call.request.headers.Has("x-amz-server-side-encryption");
}

std::string ChecksumXml(const StoredChecksum& checksum) {
  return XmlElement(ChecksumElement(checksum.kind), checksum.value) +
         XmlElement("ChecksumType", checksum.composite ? "COMPOSITE" : "FULL_OBJECT");
}

S3Error SourceTooLarge() {
  return InvalidRequest(
      "The specified copy source is larger than the maximum allowable size for "
      "a copy source: " +
      std::to_string(kCopyBytesMax));
}

// The range of a part copy, which must be of the form bytes=a-b and lie inside the source.
S3Result<ByteRange> SourceRange(const S3Call& call, std::uint64_t size) {
  const std::string* header = call.request.headers.Find("x-amz-copy-source-range");
  if (header == nullptr) return ByteRange{0, size};
  const S3Result<std::optional<ByteRange>> parsed = ParseRange(*header, size);
  const std::string_view last = std::string_view(*header).substr(header->find('-') + 1);
  const std::optional<std::uint64_t> end = ParseDecimal(last);
  const bool usable = ErrorOf(parsed) == nullptr && std::get<0>(parsed) && end && *end < size &&
                      !HasPrefix(*header, "bytes=-");
  if (!usable) {
    return InvalidArgument(
        "The x-amz-copy-source-range value must be of the form bytes=first-last "
        "where first and last are the zero-based offsets of the first and last "
        "bytes to copy",
        "x-amz-copy-source-range", *header);
  }
  return *std::get<0>(parsed);
}

}  // namespace

S3Result<Response> CopyObject(S3Context& context, S3Call& call) {
  if (MaybeError error = CheckDirectives(call)) return *error;
  const S3Result<SourceName> name = SourceOf(call);
  if (const S3Error* error = ErrorOf(name)) return *error;
  if (ChangesNothing(call, std::get<SourceName>(name))) {
    return InvalidRequest(
        "This copy request is illegal because it is trying to copy an object to "
        "itself without changing the object's metadata, storage class, website "
        "redirect location or encryption attributes.");
  }
  const S3Result<ObjectPtr> opened = OpenSource(context, call, std::get<SourceName>(name));
  if (const S3Error* error = ErrorOf(opened)) return *error;
  const ObjectVersion& source = *std::get<ObjectPtr>(opened);
  if (source.size() > kCopyBytesMax) return SourceTooLarge();
  S3Result<ObjectVersion> copy = MakeCopy(context, call, source);
  if (const S3Error* error = ErrorOf(copy)) return *error;
  const S3Result<ObjectPtr> published =
      PublishObject(context, call, std::move(std::get<ObjectVersion>(copy)));
  if (const S3Error* error = ErrorOf(published)) return *error;

  const ObjectVersion& object = *std::get<ObjectPtr>(published);
  Response response =
      XmlResponse(std::string(kXmlHead) + "<CopyObjectResult" + std::string(kXmlNamespace) + ">" +
                  XmlElement("LastModified", FormatIsoTime(object.modified)) +
                  XmlElement("ETag", Quoted(object.etag)) + ChecksumXml(*object.checksum) +
                  "</CopyObjectResult>");
  if (source.version_id != "null") {
    response.headers.Add("x-amz-copy-source-version-id", source.version_id);
  }
  response.headers.Add("x-amz-server-side-encryption", object.encryption);
  AddVersionHeader(object, response);
  return response;
}

S3Result<Response> UploadPartCopy(S3Context& context, S3Call& call) {
  const S3Result<std::uint32_t> number = PartNumberOf(call);
  if (const S3Error* error = ErrorOf(number)) return *error;
  const S3Result<std::optional<StoredChecksum>> declared = ChecksumOfUpload(context, call);
  if (const S3Error* error = ErrorOf(declared)) return *error;
  const S3Result<SourceName> name = SourceOf(call);
  if (const S3Error* error = ErrorOf(name)) return *error;
  const S3Result<ObjectPtr> opened = OpenSource(context, call, std::get<SourceName>(name));
  if (const S3Error* error = ErrorOf(opened)) return *error;
  const ObjectVersion& source = *std::get<ObjectPtr>(opened);
  const S3Result<ByteRange> range = SourceRange(call, source.size());
  if (const S3Error* error = ErrorOf(range)) return *error;
  const ByteRange& wanted = std::get<ByteRange>(range);
  if (wanted.size > kCopyBytesMax) return SourceTooLarge();

  Part part;
  part.content = source.content.Slice(wanted.offset, wanted.size);
  std::optional<ChecksumKind> kind;
  if (const auto& promise = std::get<0>(declared)) kind = promise->kind;
  const Rehash hashes = HashContent(part.content, kind);
  part.etag = ToHex(hashes.md5);
  part.crc64nvme = hashes.crc64nvme;
  part.modified = call.now;
  std::string checksum;
  if (kind) {
    part.checksum = ToBase64(hashes.extra);
    checksum = XmlElement(ChecksumElement(*kind), part.checksum);
  }
  Response response =
      XmlResponse(std::string(kXmlHead) + "<CopyPartResult" + std::string(kXmlNamespace) + ">" +
                  XmlElement("LastModified", FormatIsoTime(call.now)) +
                  XmlElement("ETag", Quoted(part.etag)) + checksum + "</CopyPartResult>");
  return StorePart(context, call, std::get<std::uint32_t>(number), std::move(part),
                   std::move(response));
}

}  // namespace fakecloud

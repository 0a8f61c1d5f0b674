#include "lib/store/gcs/gcs_wire.h"

#include <utility>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/http/ascii.h"

namespace godwit {
namespace {

constexpr std::string_view kObjectFields =
    "kind,name,bucket,size,generation,metageneration,crc32c,md5Hash,timeCreated,updated,"
    "contentType,contentEncoding,cacheControl,contentDisposition,contentLanguage,storageClass,"
    "metadata";

bool IsGeneration(std::string_view text) { return ParseUint64(text).value_or(0) > 0; }

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

void AddParameter(std::string& query, std::string_view name, std::string_view value) {
  if (!query.empty()) query += '&';
  query.append(name).append("=").append(PercentEncode(value, false));
}

std::string GcsBucketPath(std::string_view bucket) {
  return "/storage/v1/b/" + PercentEncode(bucket, false);
}

std::string GcsObjectPath(std::string_view bucket, std::string_view key) {
  return GcsBucketPath(bucket) + "/o/" + PercentEncode(key, false);
}

std::string GcsInsertPath(std::string_view bucket) {
  return "/upload" + GcsBucketPath(bucket) + "/o";
}

std::string GcsXmlPath(std::string_view bucket, std::string_view key) {
  const std::string path = "/" + PercentEncode(bucket, false);
  return key.empty() ? path : path + "/" + PercentEncode(key, true);
}

std::string_view GcsObjectFields() { return kObjectFields; }

std::string GcsListFields() {
  return "kind,nextPageToken,prefixes,items(" + std::string(kObjectFields) + ")";
}

Status AddGcsCondition(const WriteCondition& condition, GcsRequest& request) {
  if (condition.kind == WriteCondition::Kind::kNone) return Status::Ok();
  const bool create = condition.kind == WriteCondition::Kind::kCreateOnly;
  if (!create && !IsGeneration(condition.version)) {
    return Status(ErrorKind::kPreconditionFailed, "the object at the target has changed");
  }
  AddParameter(request.query, "ifGenerationMatch", create ? "0" : condition.version);
  request.errors.conditional = true;
  return Status::Ok();
}

std::string GcsHashHeader(const Digest& crc32c) { return "crc32c=" + Base64Of(crc32c); }

DigestSet ReadGcsHashHeaders(const HttpHeaders& headers) {
  DigestSet digests;
  for (const auto& [name, value] : headers.all()) {
    if (!EqualsIgnoreCase(name, "x-goog-hash")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view item = Trim(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      for (const DigestKind kind : {DigestKind::kCrc32c, DigestKind::kMd5}) {
        const std::string label = std::string(DigestName(kind)) + "=";
        if (!item.starts_with(label)) continue;
        const auto digest = DigestFromBase64(kind, item.substr(label.size()));
        if (digest.has_value()) digests.Set(*digest);
      }
    }
  }
  return digests;
}

Result<GcsObject> ReadGcsObject(const JsonValue& resource, std::string_view bucket,
                                std::string_view key) {
  const auto broken = [](const char* what) {
    return Status(ErrorKind::kCorrupted, std::string("the answer is no object: ") + what);
  };
  const auto name = resource.FindText("name");
  const auto size = resource.FindUint64("size");
  const auto generation = resource.FindUint64("generation");
  if (resource.FindText("kind").value_or("storage#object") != "storage#object") {
    return broken("it is of another kind");
  }
  if (!name.has_value() || name->empty() || (!key.empty() && *name != key)) {
    return broken("it has another name");
  }
  if (resource.FindText("bucket").value_or(bucket) != bucket) return broken("another bucket");
  if (!size.has_value() || generation.value_or(0) == 0) return broken("no size or generation");
  auto written = ParseRfc3339(resource.FindText("timeCreated").value_or(""));
  if (!written) written = ParseRfc3339(resource.FindText("updated").value_or(""));
  if (!written.has_value()) return broken("no time");
  GcsObject object;
  ObjectEntry& entry = object.meta.entry;
  entry.key = *name;
  entry.size_bytes = *size;
  entry.modified = *written;
  entry.version = std::to_string(*generation);
  for (const auto& [kind, member] :
       {std::pair(DigestKind::kCrc32c, "crc32c"), std::pair(DigestKind::kMd5, "md5Hash")}) {
    const auto text = resource.FindText(member);
    if (!text.has_value() || text->empty()) continue;
    const auto digest = DigestFromBase64(kind, *text);
    if (!digest.has_value()) return broken("a digest cannot be read");
    entry.digests.Set(*digest);
  }
  entry.storage_class = resource.FindText("storageClass").value_or("");
  object.metageneration = resource.FindUint64("metageneration").value_or(0);
  return object;
}

std::string GcsContentRange(std::uint64_t begin, std::uint64_t end,
                            std::optional<std::uint64_t> total) {
  const std::string whole = total.has_value() ? std::to_string(*total) : "*";
  if (begin == end) return "bytes */" + whole;
  return "bytes " + std::to_string(begin) + "-" + std::to_string(end - 1) + "/" + whole;
}

Result<std::uint64_t> KeptBytesOf(const HttpHeaders& headers) {
  const auto range = headers.Find("range");
  if (!range.has_value()) return std::uint64_t{0};
  std::string_view text = *range;
  if (text.starts_with("bytes=")) text.remove_prefix(6);
  const std::optional<std::uint64_t> last =
      text.starts_with("0-") ? ParseUint64(text.substr(2)) : std::nullopt;
  if (!last.has_value() || *last == UINT64_MAX) {
    return Status(ErrorKind::kCorrupted, "the session's Range cannot be read");
  }
  // An emulator's way to say "nothing"; a byte that is sent again does no harm.
  return *last == 0 ? std::uint64_t{0} : *last + 1;
}

}  // namespace godwit

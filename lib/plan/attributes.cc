#include "lib/plan/attributes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr std::string_view kUnknownType = "application/octet-stream";

struct TypeOfExtension {
  std::string_view extension;
  std::string_view type;
};
constexpr std::array kTypes = std::to_array<TypeOfExtension>({
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"avro", "application/vnd.apache.avro"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"geojson", "application/geo+json"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"h5", "application/x-hdf5"},
    {"hdf5", "application/x-hdf5"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ico", "image/vnd.microsoft.icon"},
    {"ics", "text/calendar"},
    {"ipynb", "application/x-ipynb+json"},
    {"jar", "application/java-archive"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"jsonl", "application/jsonl"},
    {"m4a", "audio/mp4"},
    {"md", "text/markdown"},
    {"mjs", "text/javascript"},
    {"mkv", "video/x-matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpeg", "video/mpeg"},
    {"mpg", "video/mpeg"},
    {"ndjson", "application/x-ndjson"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"ogg", "audio/ogg"},
    {"otf", "font/otf"},
    {"parquet", "application/vnd.apache.parquet"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"ps", "application/postscript"},
    {"py", "text/x-python"},
    {"rar", "application/vnd.rar"},
    {"rtf", "application/rtf"},
    {"sh", "application/x-sh"},
    {"sqlite", "application/vnd.sqlite3"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tgz", "application/gzip"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"toml", "application/toml"},
    {"tsv", "text/tab-separated-values"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
});
static_assert(std::is_sorted(kTypes.begin(), kTypes.end(),
                             [](const TypeOfExtension& a, const TypeOfExtension& b) {
                               return a.extension < b.extension;
                             }));

// User metadata that a service keeps at most, by its rules; `mtime` and our claim count as well.
constexpr std::uint64_t kS3MetadataBytes = 2048;
constexpr std::uint64_t kOtherMetadataBytes = 8192;
constexpr std::uint64_t kOwnMetadataBytes = 96;

bool IsHeaderText(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool IsToken(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [kOthers](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

// A type that follows from the key, or that a service gives to what came without one.
bool TellsNothing(std::string_view content_type, std::string_view key) {
  return content_type == ContentTypeOf(key) || content_type == kUnknownType ||
         content_type == "binary/octet-stream";
}

// Takes out of `wanted` what does not fit `limits`, and names it.
class Fitting {
 public:
  Fitting(const AttributeLimits& limits, ObjectAttributes& wanted)
      : limits_(limits), wanted_(wanted) {}

  std::vector<std::string> Run(std::string_view key) && {
    Header(TellsNothing(wanted_.content_type, key) ? "" : "content-type", wanted_.content_type);
    Header("cache-control", wanted_.cache_control);
    Header("content-encoding", wanted_.content_encoding);
    Header("content-disposition", wanted_.content_disposition);
    Header("content-language", wanted_.content_language);
    if (!limits_.tags && !wanted_.tags.empty()) {
      wanted_.tags.clear();
      dropped_.emplace_back("tags");
    }
    UserMetadata();
    return std::move(dropped_);
  }

 private:
  void Header(std::string_view name, std::string& value) {
    const bool fits = limits_.headers && (!limits_.in_headers || IsHeaderText(value));
    if (fits || value.empty()) return;
    value.clear();
    if (!name.empty()) dropped_.emplace_back(name);
  }

  void UserMetadata() {
    std::uint64_t bytes = kOwnMetadataBytes;
    for (auto place = wanted_.user_metadata.begin(); place != wanted_.user_metadata.end();) {
      const auto& [name, value] = *place;
      const std::uint64_t size = name.size() + value.size();
      const bool room =
          limits_.metadata_bytes_max == 0 || bytes + size <= limits_.metadata_bytes_max;
      const bool sendable = !limits_.in_headers || (IsToken(name) && IsHeaderText(value));
      if (limits_.user_metadata && sendable && room) {
        bytes += size;
        ++place;
        continue;
      }
      dropped_.push_back("metadata:" + name);
      place = wanted_.user_metadata.erase(place);
    }
  }

  const AttributeLimits& limits_;
  ObjectAttributes& wanted_;
  std::vector<std::string> dropped_;
};

ObjectAttributes Wanted(const AttributeRules& rules, const ObjectMeta& source,
                        std::string_view key) {
  ObjectAttributes wanted;
  if (rules.keep_metadata) wanted = source.attributes;
  // These two say how the bytes are to be read; without them a copy would be another thing.
  wanted.content_encoding = source.attributes.content_encoding;
  wanted.content_type = rules.content_type.value_or(source.attributes.content_type);
  if (wanted.content_type.empty()) wanted.content_type = ContentTypeOf(key);
  wanted.storage_class = rules.storage_class.value_or("");
  wanted.tags.clear();
  if (rules.keep_tags) wanted.tags = source.attributes.tags;
  for (const auto& [name, value] : rules.set_metadata) {
    wanted.user_metadata.insert_or_assign(AsciiLower(name), value);
  }
  wanted.mtime = source.attributes.mtime ? source.attributes.mtime : source.entry.modified;
  wanted.claimed_crc64nvme.reset();
  return wanted;
}

}  // namespace

AttributeLimits AttributeLimits::Of(const Capabilities& target) {
  AttributeLimits limits;
  if (target.is_local) {
    limits.headers = limits.user_metadata = limits.tags = false;
    return limits;
  }
  const KeyRules rules = target.key_rules;
  limits.in_headers = rules == KeyRules::kS3 || rules == KeyRules::kAzure;
  limits.tags = rules != KeyRules::kGcs;
  if (rules == KeyRules::kS3) limits.metadata_bytes_max = kS3MetadataBytes;
  if (rules == KeyRules::kGcs || rules == KeyRules::kAzure) {
    limits.metadata_bytes_max = kOtherMetadataBytes;
  }
  return limits;
}

std::string_view ContentTypeOf(std::string_view key) {
  const std::string_view name = key.substr(key.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return kUnknownType;
  const std::string extension = AsciiLower(name.substr(dot + 1));
  const auto place = std::lower_bound(kTypes.begin(), kTypes.end(), extension,
                                      [](const TypeOfExtension& entry, std::string_view wanted) {
                                        return entry.extension < wanted;
                                      });
  return place != kTypes.end() && place->extension == extension ? place->type : kUnknownType;
}

DigestSet DigestsToMeet(const DigestSet& told, const ObjectAttributes& attributes) {
  if (!told.empty() || !attributes.claimed_crc64nvme) return told;
  return DigestSet{Digest::Crc64Nvme(*attributes.claimed_crc64nvme)};
}

ObjectAttributes TargetAttributes(const AttributeRules& rules, const ObjectMeta& source,
                                  std::string_view key) {
  ObjectAttributes wanted = Wanted(rules, source, key);
  Fitting(rules.limits, wanted).Run(key);
  return wanted;
}

std::vector<std::string> DroppedAttributes(const AttributeRules& rules, const ObjectMeta& source,
                                           std::string_view key) {
  ObjectAttributes wanted = Wanted(rules, source, key);
  return Fitting(rules.limits, wanted).Run(key);
}

}  // namespace godwit

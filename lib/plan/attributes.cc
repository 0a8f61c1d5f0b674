#include "lib/plan/attributes.h"

#include <algorithm>
#include <array>

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

}  // namespace

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

ObjectAttributes TargetAttributes(const AttributeRules& rules, const ObjectMeta& source,
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

}  // namespace godwit

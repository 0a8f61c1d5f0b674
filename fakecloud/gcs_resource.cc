#include "fakecloud/gcs_resource.h"

#include <array>
#include <nlohmann/json.hpp>

#include "fakecloud/encoding.h"

namespace fakecloud {
namespace {

using Json = nlohmann::json;

constexpr std::array<const char*, 6> kFields = {"contentType",        "contentEncoding",
                                                "contentDisposition", "contentLanguage",
                                                "cacheControl",       "storageClass"};

Json Parse(std::string_view json) { return Json::parse(json, nullptr, false); }

std::string Text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace

std::string JsonQuoted(std::string_view text) {
  return Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string GcsResource(std::string_view bucket, std::string_view key, const GcsObject& object) {
  Json json{{"kind", "storage#object"},
            {"id", std::string(bucket) + "/" + std::string(key) + "/" +
                       std::to_string(object.generation)},
            {"name", std::string(key)},
            {"bucket", std::string(bucket)},
            {"generation", std::to_string(object.generation)},
            {"metageneration", std::to_string(object.metageneration)},
            {"size", std::to_string(object.content.size())},
            {"crc32c", ToBase64(object.crc32c)},
            {"etag", ToBase64(std::to_string(object.generation + object.metageneration))},
            {"timeCreated", FormatIsoTime(object.created)},
            {"updated", FormatIsoTime(object.updated)},
            {"storageClass", "STANDARD"}};
  if (!object.md5.empty()) json["md5Hash"] = ToBase64(object.md5);
  for (const auto& [name, value] : object.fields) json[name] = value;
  if (!object.metadata.empty()) json["metadata"] = object.metadata;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool ReadGcsResource(std::string_view json, GcsObject& object, GcsDeclared& declared,
                     std::string& name) {
  object.fields.clear();
  object.metadata.clear();
  const Json resource = json.empty() ? Json::object() : Parse(json);
  if (!resource.is_object()) return false;
  if (resource.contains("name")) name = Text(resource["name"]);
  if (resource.contains("crc32c")) declared.crc32c = Text(resource["crc32c"]);
  if (resource.contains("md5Hash")) declared.md5 = Text(resource["md5Hash"]);
  for (const char* field : kFields) {
    if (resource.contains(field)) object.fields[field] = Text(resource[field]);
  }
  if (!resource.contains("metadata")) return true;
  if (!resource["metadata"].is_object()) return false;
  for (const auto& [key, value] : resource["metadata"].items()) object.metadata[key] = Text(value);
  return true;
}

bool PatchGcsResource(std::string_view json, GcsObject& object) {
  const Json patch = Parse(json);
  if (!patch.is_object()) return false;
  for (const char* field : kFields) {
    if (!patch.contains(field)) continue;
    object.fields.erase(field);
    if (patch[field].is_string()) object.fields[field] = Text(patch[field]);
  }
  if (!patch.contains("metadata")) return true;
  if (patch["metadata"].is_null()) object.metadata.clear();
  if (!patch["metadata"].is_object()) return patch["metadata"].is_null();
  for (const auto& [key, value] : patch["metadata"].items()) {
    object.metadata.erase(key);
    if (value.is_string()) object.metadata[key] = Text(value);
  }
  return true;
}

bool ReadGcsBucket(std::string_view json, std::string& name, std::string& location) {
  const Json bucket = Parse(json);
  if (!bucket.is_object() || !bucket.contains("name")) return false;
  name = Text(bucket["name"]);
  if (bucket.contains("location")) location = Text(bucket["location"]);
  return !name.empty();
}

std::optional<std::string> JsonMember(std::string_view json, std::string_view name) {
  const Json object = Parse(json);
  const std::string key(name);
  if (!object.is_object() || !object.contains(key)) return std::nullopt;
  return object[key].is_string() ? Text(object[key]) : object[key].dump();
}

}  // namespace fakecloud

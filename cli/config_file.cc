#include "cli/config_file.h"

#include <sys/stat.h>

#include <toml++/toml.h>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace godwit {
namespace {

constexpr std::array kCommonKeys{"type",       "endpoint",  "bucket",   "location",
                                 "allow_http", "ca_bundle", "anonymous"};
constexpr std::array kSwitchKeys{"allow_http", "anonymous"};
constexpr std::array kS3Keys{"region",
                             "addressing",
                             "checksum",
                             "profile",
                             "credentials_file",
                             "access_key_id_env",
                             "secret_access_key_env",
                             "session_token_env"};
constexpr std::array kGcsKeys{"credentials_file", "parallel_upload", "user_project"};
constexpr std::array kAzureKeys{"account", "account_key_env", "sas_token_env",
                                "connection_string_env"};
constexpr std::array kFileKeys{"path"};

template <std::size_t N>
bool Has(const std::array<const char*, N>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool TakesKey(std::string_view type, std::string_view key) {
  if (Has(kCommonKeys, key)) return true;
  if (type == "s3") return Has(kS3Keys, key);
  if (type == "gcs") return Has(kGcsKeys, key);
  if (type == "azure") return Has(kAzureKeys, key);
  return Has(kFileKeys, key);
}

Status At(const std::string& path, const toml::source_region& where, const std::string& message) {
  return Status(ErrorKind::kInvalidArgument,
                path + ":" + std::to_string(where.begin.line) + ": " + message);
}

std::optional<std::string> AsText(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  return std::nullopt;
}

Result<Remote> ReadRemote(const std::string& path, const std::string& name,
                          const toml::table& table) {
  Remote remote;
  remote.name = name;
  remote.type = table["type"].value_or(std::string());
  static constexpr std::array kTypes{"s3", "gcs", "azure", "file"};
  if (!Has(kTypes, remote.type)) {
    return At(
        path, table.source(),
        "remote '" + name + "': type is '" + remote.type + "'; it takes s3, gcs, azure or file");
  }
  for (const auto& [key, node] : table) {
    const std::string key_text(key.str());
    if (!TakesKey(remote.type, key_text)) {
      return At(path, node.source(),
                "remote '" + name + "': a remote of type " + remote.type + " has no key '" +
                    key_text + "'");
    }
    const std::optional<std::string> value = AsText(node);
    if (!value) return At(path, node.source(), "'" + key_text + "' must be text, true or false");
    if (Has(kSwitchKeys, key_text) && *value != "true" && *value != "false") {
      return At(path, node.source(), "'" + key_text + "' must be true or false");
    }
    remote.keys[key_text] = *value;
  }
  return remote;
}

using Defaults = std::map<std::string, std::vector<std::string>>;

// A value, or for a list option also an array of them.
std::optional<std::vector<std::string>> AsValues(const OptionSpec* option, const toml::node& node) {
  std::vector<std::string> values;
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    std::optional<std::string> value = AsText(node);
    if (!value) return std::nullopt;
    return std::vector<std::string>{std::move(*value)};
  }
  if (option == nullptr || option->kind != OptionKind::kList) return std::nullopt;
  for (const toml::node& item : *array) {
    std::optional<std::string> value = AsText(item);
    if (!value) return std::nullopt;
    values.push_back(std::move(*value));
  }
  return values;
}

Result<Defaults> ReadDefaults(const std::string& path, const toml::table& table) {
  Defaults defaults;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const std::string bare = name.starts_with("no-") ? name.substr(3) : name;
    if (FindOption(name) == nullptr && FindOption(bare) == nullptr) {
      return At(path, node.source(), "defaults: there is no option '" + name + "'");
    }
    std::optional<std::vector<std::string>> values = AsValues(FindOption(name), node);
    if (!values) {
      return At(path, node.source(), "'" + name + "' must be text, a number, true or false");
    }
    defaults[name] = *std::move(values);
  }
  return defaults;
}

Status ReadTables(const std::string& path, const toml::table& root, ConfigFile& config) {
  for (const auto& [key, node] : root) {
    const toml::table* table = node.as_table();
    if (table == nullptr || (key.str() != "remote" && key.str() != "defaults")) {
      return At(
          path, node.source(),
          "unknown entry '" + std::string(key.str()) + "'; it takes [remote.NAME] and [defaults]");
    }
    if (key.str() == "defaults") {
      Result<Defaults> defaults = ReadDefaults(path, *table);
      if (!defaults.ok()) return defaults.status();
      config.defaults = std::move(*defaults);
      continue;
    }
    for (const auto& [name, entry] : *table) {
      const toml::table* remote_table = entry.as_table();
      if (remote_table == nullptr) return At(path, entry.source(), "a remote must be a table");
      Result<Remote> remote = ReadRemote(path, std::string(name.str()), *remote_table);
      if (!remote.ok()) return remote.status();
      config.remotes.emplace(remote->name, std::move(*remote));
    }
  }
  return Status::Ok();
}

// The first of the usual places that exists; "" if none does.
std::string FindConfigFile(const Environment& environment) {
  if (const auto named = environment("GODWIT_CONFIG"); named && !named->empty()) return *named;
  std::string home = environment("XDG_CONFIG_HOME").value_or("");
  if (home.empty()) home = environment("HOME").value_or("") + "/.config";
  for (const std::string& path :
       {home + "/godwit/config.toml", std::string("/etc/godwit/config.toml")}) {
    struct stat unused;
    if (stat(path.c_str(), &unused) == 0) return path;
  }
  return "";
}

}  // namespace

std::string Remote::Get(std::string_view key) const {
  const auto found = keys.find(key);
  return found == keys.end() ? "" : found->second;
}

Result<ConfigFile> ParseConfigFile(std::string_view text, const std::string& path) {
  ConfigFile config;
  config.path = path;
  try {
    GODWIT_RETURN_IF_ERROR(ReadTables(path, toml::parse(text), config));
  } catch (const toml::parse_error& error) {
    return At(path, error.source(), std::string(error.description()));
  }
  return config;
}

Result<ConfigFile> LoadConfigFile(const std::string& path, const Environment& environment) {
  const std::string found = path.empty() ? FindConfigFile(environment) : path;
  if (found.empty()) return ConfigFile{};
  std::ifstream in(found, std::ios::binary);
  std::ostringstream text;
  // A folder opens like a file, and reads like an empty one.
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(found, error);
  if (in) text << in.rdbuf();
  if (!in || is_folder) {
    return Status(ErrorKind::kInvalidArgument,
                  "cannot read the configuration file '" + found + "'");
  }
  return ParseConfigFile(text.str(), found);
}

}  // namespace godwit

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "godwit/result.h"

namespace godwit {

// One [remote.NAME] of the configuration file: its keys as text, checked against those that its
// type takes. Holds no secret: secrets are named by the variables that hold them.
struct Remote {
  std::string name;
  std::string type;  // "s3", "gcs", "azure", "file".
  std::map<std::string, std::string, std::less<>> keys;

  // "" if absent.
  std::string Get(std::string_view key) const;
  bool IsTrue(std::string_view key) const { return Get(key) == "true"; }
};

struct ConfigFile {
  std::string path;  // Empty: there is none.
  std::map<std::string, Remote, std::less<>> remotes;
  // Long option name -> its value; several for an option that is a list.
  std::map<std::string, std::vector<std::string>> defaults;
};

// Reads `path` ("" finds it: GODWIT_CONFIG, $XDG_CONFIG_HOME/godwit/config.toml, then
// /etc/godwit/config.toml; none of them is an empty configuration). Fails with kInvalidArgument
// on text that is not TOML and on unknown tables, keys and types, naming file and line.
Result<ConfigFile> LoadConfigFile(const std::string& path, const Environment& environment);

// The same from text; `path` is for messages.
Result<ConfigFile> ParseConfigFile(std::string_view text, const std::string& path);

}  // namespace godwit

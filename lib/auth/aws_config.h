#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/result.h"
#include "lib/base/environment.h"

namespace godwit {

// Reads a small file whole. Fails with kNotFound if it does not exist.
using FileReader = std::function<Result<std::string>(const std::string& path)>;

// FileReader over the real file system; refuses files over 1 MiB.
Result<std::string> ReadSmallFile(const std::string& path);

// The settings of one section: keys in lower case. A setting of a nested block is found as
// "BLOCK.KEY": `s3 =` followed by an indented `addressing_style = path` as "s3.addressing_style".
class AwsSection {
 public:
  // Empty values count as absent.
  std::optional<std::string> Find(std::string_view key) const;
  void Set(std::string key, std::string value);

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// A shared config file or credentials file of the AWS tools, parsed. Pure. Later settings win;
// `#` and `;` begin a comment at the beginning of a line and behind white space.
class AwsConfigFile {
 public:
  enum class Kind : std::uint8_t { kConfig, kCredentials };

  // Fails with kInvalidArgument, naming `path` and the line, never its text (it may be a secret).
  static Result<AwsConfigFile> Parse(std::string_view text, Kind kind, const std::string& path);

  // Null if there is no such section.
  const AwsSection* Profile(std::string_view name) const;
  const AwsSection* Services(std::string_view name) const;  // [services NAME]

 private:
  std::map<std::string, AwsSection, std::less<>> profiles_;
  std::map<std::string, AwsSection, std::less<>> services_;
};

// Where the AWS tools look for their two files, and which profile they use.
struct AwsFiles {
  std::string config_path;       // AWS_CONFIG_FILE, else ~/.aws/config; empty without a HOME.
  std::string credentials_path;  // AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials.
  std::string profile;           // AWS_PROFILE, else "default".

  static AwsFiles Locate(const Environment& environment);
};

// Reads and parses one of the files; none if `path` is empty or there is no such file.
Result<std::optional<AwsConfigFile>> LoadAwsConfigFile(const std::string& path,
                                                       AwsConfigFile::Kind kind,
                                                       const FileReader& read_file);

}  // namespace godwit

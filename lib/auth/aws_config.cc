#include "lib/auth/aws_config.h"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// Cuts a comment that follows white space.
std::string_view WithoutComment(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if ((text[i] == '#' || text[i] == ';') && IsBlank(text[i - 1])) return text.substr(0, i);
  }
  return text;
}

struct Setting {
  std::string key;
  std::string value;
};

std::optional<Setting> SplitSetting(std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view key = Trim(line.substr(0, equals));
  if (key.empty()) return std::nullopt;
  return Setting{AsciiLower(key), std::string(Trim(WithoutComment(line.substr(equals + 1))))};
}

// What stands between the brackets, with a word and an optional name: "profile fra".
struct SectionName {
  std::string kind;
  std::string name;
};

std::optional<SectionName> SplitSection(std::string_view line) {
  const std::size_t close = line.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view inside = Trim(line.substr(1, close - 1));
  const std::size_t gap = inside.find_first_of(" \t");
  if (gap == std::string_view::npos) return SectionName{"", std::string(inside)};
  std::string_view name = Trim(inside.substr(gap));
  if (name.size() >= 2 && name.front() == name.back() && (name[0] == '"' || name[0] == '\'')) {
    name = name.substr(1, name.size() - 2);
  }
  return SectionName{std::string(inside.substr(0, gap)), std::string(name)};
}

}  // namespace

Result<std::string> ReadSmallFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return Status(missing ? ErrorKind::kNotFound : ErrorKind::kLocalIo,
                  missing ? "no such file" : "cannot be opened")
        .WithOperation("read")
        .WithObject(path);
  }
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || text.size() > kFileBytesMax) {
    return Status(ErrorKind::kLocalIo, file.bad() ? "read error" : "larger than 1 MiB")
        .WithOperation("read")
        .WithObject(path);
  }
  return text;
}

std::optional<std::string> AwsSection::Find(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

void AwsSection::Set(std::string key, std::string value) {
  values_[std::move(key)] = std::move(value);
}

namespace {

// Takes the lines of one file, one by one.
class LineReader {
 public:
  LineReader(AwsConfigFile::Kind kind, std::map<std::string, AwsSection, std::less<>>& profiles,
             std::map<std::string, AwsSection, std::less<>>& services)
      : kind_(kind), profiles_(profiles), services_(services) {}

  // False if the line cannot be understood.
  bool Take(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const std::string_view text = Trim(line);
    if (text.empty() || text[0] == '#' || text[0] == ';') return true;
    if (IsBlank(line[0])) return TakeNested(text);
    block_.clear();
    if (text[0] == '[') return TakeSection(text);
    std::optional<Setting> setting = SplitSetting(text);
    if (!setting.has_value() || !in_section_) return false;
    if (setting->value.empty()) block_ = setting->key;
    if (section_ != nullptr) section_->Set(std::move(setting->key), std::move(setting->value));
    return true;
  }

 private:
  bool TakeSection(std::string_view text) {
    const std::optional<SectionName> name = SplitSection(text);
    if (!name.has_value() || name->name.empty()) return false;
    in_section_ = true;
    section_ = SectionOf(*name);
    return true;
  }

  // Null for sections that nothing here reads.
  AwsSection* SectionOf(const SectionName& section) {
    if (kind_ == AwsConfigFile::Kind::kCredentials) {
      // Profile names with blanks stand here as they are.
      const std::string gap = section.kind.empty() ? "" : section.kind + " ";
      return &profiles_[gap + section.name];
    }
    if (section.kind == "services") return &services_[section.name];
    if (section.kind == "profile") return &profiles_[section.name];
    return section.kind.empty() && section.name == "default" ? &profiles_["default"] : nullptr;
  }

  // An indented line: a setting of the block above it, or the rest of a long value, which no
  // setting that is read here has.
  bool TakeNested(std::string_view text) {
    if (!in_section_) return false;
    std::optional<Setting> setting = SplitSetting(text);
    if (block_.empty() || section_ == nullptr) return true;
    if (!setting.has_value()) return false;
    section_->Set(block_ + "." + setting->key, std::move(setting->value));
    return true;
  }

  const AwsConfigFile::Kind kind_;
  std::map<std::string, AwsSection, std::less<>>& profiles_;
  std::map<std::string, AwsSection, std::less<>>& services_;
  AwsSection* section_ = nullptr;
  bool in_section_ = false;
  std::string block_;  // The setting without a value whose indented lines follow.
};

}  // namespace

Result<AwsConfigFile> AwsConfigFile::Parse(std::string_view text, Kind kind,
                                           const std::string& path) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  AwsConfigFile file;
  LineReader reader(kind, file.profiles_, file.services_);
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    if (!reader.Take(text.substr(0, end))) {
      return Status(ErrorKind::kInvalidArgument,
                    "line " + std::to_string(number) + " is neither a section nor a setting")
          .WithOperation("use")
          .WithObject(path);
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return file;
}

const AwsSection* AwsConfigFile::Profile(std::string_view name) const {
  const auto found = profiles_.find(name);
  return found == profiles_.end() ? nullptr : &found->second;
}

const AwsSection* AwsConfigFile::Services(std::string_view name) const {
  const auto found = services_.find(name);
  return found == services_.end() ? nullptr : &found->second;
}

AwsFiles AwsFiles::Locate(const Environment& environment) {
  const std::string home = environment("HOME").value_or("");
  const auto path = [&](std::string_view variable, const char* name) {
    const std::string named = environment(variable).value_or("");
    if (named.empty()) return home.empty() ? std::string() : home + "/.aws/" + name;
    return named.starts_with("~/") && !home.empty() ? home + named.substr(1) : named;
  };
  AwsFiles files;
  files.config_path = path("AWS_CONFIG_FILE", "config");
  files.credentials_path = path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
  files.profile = environment("AWS_PROFILE").value_or("");
  if (files.profile.empty()) files.profile = "default";
  return files;
}

Result<std::optional<AwsConfigFile>> LoadAwsConfigFile(const std::string& path,
                                                       AwsConfigFile::Kind kind,
                                                       const FileReader& read_file) {
  if (path.empty()) return std::optional<AwsConfigFile>();
  const Result<std::string> text = read_file(path);
  if (text.status().Is(ErrorKind::kNotFound)) return std::optional<AwsConfigFile>();
  if (!text.ok()) return text.status();
  Result<AwsConfigFile> file = AwsConfigFile::Parse(*text, kind, path);
  if (!file.ok()) return file.status();
  return std::optional<AwsConfigFile>(std::move(*file));
}

}  // namespace godwit

#include "cli/settings.h"

#include <array>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>
#include <utility>

#include "lib/base/text.h"

namespace godwit {
namespace {

Status BadOption(std::string_view option, std::string_view value, const std::string& why) {
  return Status(ErrorKind::kInvalidArgument,
                "--" + std::string(option) + " '" + EscapeForDisplay(value) + "': " + why);
}

// Longer than anything meant, and short enough that no sum with a time overflows.
constexpr std::chrono::hours kDurationMax{24 * 36'500};
constexpr const char* kTooLong = "it must be at most 36500d";

// Reads options one after the other; remembers the first thing that was wrong.
class OptionReader {
 public:
  explicit OptionReader(const OptionValues& values) : values_(values) {}

  const Status& status() const { return status_; }

  template <typename Choice, std::size_t N>
  void Choose(std::string_view option, const std::array<std::pair<const char*, Choice>, N>& choices,
              Choice& result) {
    const std::string& value = values_.Value(option);
    if (value.empty()) return;
    std::string names;
    for (const auto& [name, choice] : choices) {
      if (value == name) {
        result = choice;
        return;
      }
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    Fail(BadOption(option, value, "it takes one of " + names));
  }

  void Size(std::string_view option, std::optional<std::uint64_t>& result) {
    const std::string& value = values_.Value(option);
    if (value.empty()) return;
    result = ParseByteSize(value);
    if (!result) Fail(BadOption(option, value, "expected a size such as 4096, 64KiB or 1.5GiB"));
  }

  // A size within limits; "auto" leaves the result alone.
  void SizeWithin(std::string_view option, std::uint64_t least, std::uint64_t most,
                  std::optional<std::uint64_t>& result) {
    const std::string& value = values_.Value(option);
    if (value == "auto") return;
    Size(option, result);
    if (result && (*result < least || *result > most)) {
      Fail(BadOption(option, value,
                     "it must be from " + FormatByteSize(least) + " to " + FormatByteSize(most)));
    }
  }

  // So much a second, with or without "/s"; "none" leaves the result alone.
  void Rate(std::string_view option,
            const std::function<std::optional<std::uint64_t>(std::string_view)>& parse,
            const char* example, std::optional<std::uint64_t>& result) {
    const std::string& value = values_.Value(option);
    if (value.empty() || value == "none") return;
    std::string_view rate = value;
    if (rate.ends_with("/s")) rate.remove_suffix(2);
    result = parse(rate);
    if (result.value_or(0) > 0) return;
    Fail(BadOption(option, value,
                   std::string("expected a rate of at least 1 such as ") + example + ", or none"));
  }

  void Duration(std::string_view option, std::optional<std::chrono::milliseconds>& result) {
    const std::string& value = values_.Value(option);
    if (value.empty()) return;
    result = ParseDuration(value);
    if (!result) Fail(BadOption(option, value, "expected a duration such as 30s, 10m, 2h or 7d"));
    if (result && *result > kDurationMax) Fail(BadOption(option, value, kTooLong));
  }

  // An age before `now`, or a moment.
  void Moment(std::string_view option, Timestamp now, std::optional<Timestamp>& result) {
    const std::string& value = values_.Value(option);
    if (value.empty()) return;
    if (const auto age = ParseDuration(value)) {
      if (*age > kDurationMax) return Fail(BadOption(option, value, kTooLong));
      result = now - *age;
    } else if (const auto moment = ParseRfc3339(value)) {
      result = moment->time;
    } else {
      Fail(BadOption(option, value,
                     "expected an age such as 7d, or a time such as "
                     "2026-01-31T12:00:00Z"));
    }
  }

  // A whole number within limits; "auto" leaves the result alone.
  void Number(std::string_view option, std::uint64_t least, std::uint64_t most,
              std::optional<std::uint64_t>& result) {
    const std::string& value = values_.Value(option);
    if (value.empty() || value == "auto") return;
    result = ParseUint64(value);
    if (!result || *result < least || *result > most) {
      Fail(BadOption(
          option, value,
          "it takes a whole number from " + std::to_string(least) + " to " + std::to_string(most)));
    }
  }

  void Fail(Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  const std::string& Text(std::string_view option) const { return values_.Value(option); }
  bool IsOn(std::string_view option) const { return values_.IsOn(option); }

 private:
  const OptionValues& values_;
  Status status_;
};

Result<std::string> ReadWholeFile(std::string_view option, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return BadOption(option, path, std::string("cannot read it: ") + std::strerror(errno));
  return text.str();
}

Status AddFilters(const OptionValues& values, KeyFilter& filter) {
  for (const auto& [option, value] : values.lists()) {
    Status added;
    if (option == "include" || option == "exclude") {
      added = filter.Add(option == "include", value);
    } else if (option == "filter-from") {
      Result<std::string> text = ReadWholeFile(option, value);
      if (!text.ok()) return text.status();
      added = filter.AddFile(*text);
    }
    if (!added.ok()) return BadOption(option, value, added.message());
  }
  const std::string& files_from = values.Value("files-from");
  if (files_from.empty()) return Status::Ok();
  Result<std::string> text = ReadWholeFile("files-from", files_from);
  if (!text.ok()) return text.status();
  std::vector<std::string> keys;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) keys.push_back(std::move(line));
  }
  filter.RestrictTo(std::move(keys));
  return Status::Ok();
}

Status AddMetadata(const OptionValues& values, AttributeRules& rules) {
  for (const auto& [option, value] : values.lists()) {
    if (option != "set-metadata") continue;
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos || equals == 0) {
      return BadOption(option, value, "expected NAME=VALUE");
    }
    rules.set_metadata[AsciiLower(value.substr(0, equals))] = value.substr(equals + 1);
  }
  return Status::Ok();
}

void ReadWhat(OptionReader& reader, SyncOptions& sync) {
  sync.dry_run = reader.IsOn("dry-run");
  sync.delete_extra = reader.IsOn("delete");
  sync.delete_excluded = reader.IsOn("delete-excluded");
  sync.allow_empty_source = reader.IsOn("allow-empty-source");
  sync.check_tags = reader.IsOn("check-tags");
  sync.resume = reader.IsOn("resume");
  reader.Choose(
      "compare",
      std::array<std::pair<const char*, CompareMode>, 6>{{{"auto", CompareMode::kAuto},
                                                          {"digest", CompareMode::kDigest},
                                                          {"mtime", CompareMode::kMtime},
                                                          {"size-mtime", CompareMode::kSizeMtime},
                                                          {"size", CompareMode::kSize},
                                                          {"always", CompareMode::kAlways}}},
      sync.compare);
  reader.Choose(
      "conflict",
      std::array<std::pair<const char*, ConflictMode>, 3>{{{"overwrite", ConflictMode::kOverwrite},
                                                           {"skip", ConflictMode::kSkip},
                                                           {"fail", ConflictMode::kFail}}},
      sync.conflict);
  reader.Choose(
      "symlinks",
      std::array<std::pair<const char*, SymlinkMode>, 3>{{{"follow", SymlinkMode::kFollow},
                                                          {"skip", SymlinkMode::kSkip},
                                                          {"fail", SymlinkMode::kFail}}},
      sync.symlinks);
  const std::string& limit = reader.Text("max-delete");
  if (limit.empty()) return;
  if (const auto parsed = DeleteLimit::Parse(limit)) {
    sync.max_delete = *parsed;
  } else {
    reader.Fail(
        BadOption("max-delete", limit, "it takes a number, a percentage up to 100%, or all"));
  }
}

void ReadAttributes(OptionReader& reader, AttributeRules& rules) {
  const std::array<std::pair<const char*, bool>, 2> keep_or_none{{{"keep", true}, {"none", false}}};
  reader.Choose("metadata", keep_or_none, rules.keep_metadata);
  reader.Choose("tags", keep_or_none, rules.keep_tags);
  if (const std::string& type = reader.Text("content-type"); !type.empty()) {
    rules.content_type = type;
  }
  if (const std::string& storage = reader.Text("storage-class"); !storage.empty()) {
    rules.storage_class = storage;
  }
}

void ReadCost(OptionReader& reader, Settings& settings) {
  SyncOptions& sync = settings.sync;
  std::optional<std::uint64_t> memory;
  reader.Size("memory", memory);
  constexpr std::uint64_t kMemoryMin = 16ULL << 20;
  if (memory && *memory < kMemoryMin) {
    reader.Fail(BadOption("memory", reader.Text("memory"), "it must be at least 16MiB"));
  }
  // What any service takes as one part.
  constexpr std::uint64_t kPartMax = 5ULL << 30;
  sync.memory_bytes = memory.value_or(sync.memory_bytes);
  reader.SizeWithin("part-size", 1, kPartMax, sync.part_size_bytes);
  reader.Rate("bwlimit", ParseByteSize, "10MiB", settings.bytes_per_second);
  reader.Rate("request-limit", ParseUint64, "100/s", settings.requests_per_second);
  std::optional<std::uint64_t> number;
  reader.Number("jobs", 1, 256, number);
  if (number) {
    sync.jobs = static_cast<std::uint32_t>(*number);
    sync.jobs_max = *sync.jobs;
  }
  number.reset();
  reader.Number("retries", 0, 1000, number);
  if (number) sync.retry.repeats_max = static_cast<int>(*number);
  if (reader.Text("max-runtime") != "none") reader.Duration("max-runtime", sync.max_runtime);
  std::optional<std::chrono::milliseconds> stall;
  reader.Duration("timeout", stall);
  if (stall && stall->count() < 100) {
    reader.Fail(BadOption("timeout", reader.Text("timeout"), "it must be at least 100ms"));
  }
  settings.stall_timeout = stall.value_or(settings.stall_timeout);
}

void ReadOutput(OptionReader& reader, const OptionValues& values, Settings& settings) {
  settings.json = reader.IsOn("json");
  settings.quiet = reader.IsOn("quiet");
  settings.verbosity = static_cast<int>(values.Count("verbose"));
  settings.sync.report_unchanged = settings.verbosity > 0;
  settings.report_file = reader.Text("report");
  reader.Choose("log-format",
                std::array<std::pair<const char*, LogFormat>, 2>{
                    {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}},
                settings.log_format);
  reader.Choose(
      "progress",
      std::array<std::pair<const char*, ProgressMode>, 4>{{{"auto", ProgressMode::kPlain},
                                                           {"bar", ProgressMode::kPlain},
                                                           {"plain", ProgressMode::kPlain},
                                                           {"none", ProgressMode::kNone}}},
      settings.progress);
  if (settings.quiet) settings.progress = ProgressMode::kNone;
  int unused = 0;
  reader.Choose(
      "color",
      std::array<std::pair<const char*, int>, 3>{{{"auto", 0}, {"always", 1}, {"never", 2}}},
      unused);
}

std::string DefaultStateDir(const Environment& environment) {
  if (const auto home = environment("XDG_STATE_HOME"); home && home->starts_with('/')) {
    return *home + "/godwit";
  }
  return environment("HOME").value_or("") + "/.local/state/godwit";
}

}  // namespace

LogLevel Settings::log_level() const {
  if (quiet) return LogLevel::kError;
  if (verbosity >= 2) return LogLevel::kDebug;
  return verbosity == 1 ? LogLevel::kInfo : LogLevel::kWarning;
}

Result<Settings> MakeSettings(const CommandSpec& command, const OptionValues& values,
                              const Environment& environment, const Clock& clock) {
  Settings settings;
  OptionReader reader(values);
  ReadWhat(reader, settings.sync);
  ReadAttributes(reader, settings.sync.attributes);
  ReadCost(reader, settings);
  ReadOutput(reader, values, settings);
  reader.Size("min-size", settings.sync.limits.size_min);
  reader.Size("max-size", settings.sync.limits.size_max);
  reader.Moment("newer-than", clock.WallNow(), settings.sync.limits.newer_than);
  reader.Moment("older-than", clock.WallNow(), settings.sync.limits.older_than);
  settings.fsync = reader.IsOn("fsync");
  settings.recursive = reader.IsOn("recursive");
  settings.yes = reader.IsOn("yes");
  reader.Duration("older", settings.older);
  settings.state_dir = reader.Text("state-dir");
  if (settings.state_dir.empty()) settings.state_dir = DefaultStateDir(environment);
  if (command.bit == kRmBit && !values.WasGiven("max-delete")) {
    settings.sync.max_delete.kind = DeleteLimit::Kind::kAll;
  }
  GODWIT_RETURN_IF_ERROR(reader.status());
  GODWIT_RETURN_IF_ERROR(AddFilters(values, settings.sync.filter));
  GODWIT_RETURN_IF_ERROR(AddMetadata(values, settings.sync.attributes));
  return settings;
}

}  // namespace godwit

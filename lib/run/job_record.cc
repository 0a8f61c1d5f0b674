#include "lib/run/job_record.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <span>
#include <system_error>

#include <unistd.h>

#include "lib/base/errno_status.h"
#include "lib/base/text.h"
#include "lib/checksum/crc.h"
#include "lib/crypto/sha256.h"
#include "lib/run/small_file.h"

namespace godwit {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFirstLine = "godwit-job 1\n";
constexpr std::string_view kSum = "sum ";
constexpr std::string_view kOperation = "keep the record of the job";
constexpr std::string_view kNamePrefix = "job-";
constexpr std::size_t kIdChars = 12;
constexpr std::array<std::string_view, 3> kStates = {"running", "interrupted", "failed"};

std::string SumOf(std::string_view text) {
  return std::to_string(Crc32c(0, std::as_bytes(std::span(text))));
}

std::string PathOf(const std::string& folder, std::string_view id) {
  return folder + '/' + std::string(kNamePrefix) + std::string(id);
}

// Takes one line's value into the record. False if it is damaged; unknown names are, too.
bool TakeLine(std::string_view name, std::string_view value, JobRecord& record) {
  if (name == "process") {
    const std::optional<ProcessIdentity> process = DecodeProcess(value);
    if (process) record.process = *process;
    return process.has_value();
  }
  if (name == "option") {
    const std::size_t equals = value.find('=');
    if (equals == std::string_view::npos) return false;
    const auto option = PercentDecode(value.substr(0, equals));
    const auto given = PercentDecode(value.substr(equals + 1));
    if (option && given) record.options.emplace_back(*option, *given);
    return option && given;
  }
  const std::optional<std::string> text = PercentDecode(value);
  if (!text) return false;
  if (name == "started") {
    const std::optional<PreciseTime> started = ParseRfc3339(*text);
    if (started) record.started = started->time;
    return started.has_value();
  }
  if (name == "state") {
    const auto found = std::find(kStates.begin(), kStates.end(), *text);
    record.state = static_cast<JobState>(found - kStates.begin());
    return found != kStates.end();
  }
  if (name == "operand") {
    record.operands.push_back(*text);
    return true;
  }
  const std::array<std::pair<std::string_view, std::string*>, 6> texts{
      {{"id", &record.id},
       {"command", &record.command},
       {"folder", &record.working_folder},
       {"config", &record.config_path},
       {"source", &record.source_identity},
       {"target", &record.target_identity}}};
  for (const auto& [known, field] : texts) {
    if (known != name) continue;
    *field = *text;
    return true;
  }
  return false;
}

}  // namespace

std::string MakeJobId(std::string_view command, std::string_view source_identity,
                      std::string_view target_identity,
                      const std::vector<JobRecord::Option>& options) {
  std::string all;
  // Each text with its length, so that no two jobs look alike.
  const auto add = [&all](std::string_view text) {
    all += std::to_string(text.size()) + ':' + std::string(text);
  };
  add(command);
  add(source_identity);
  add(target_identity);
  for (const auto& [name, value] : options) {
    add(name);
    add(value);
  }
  const Sha256Bytes hash = Sha256(std::string_view(all));
  std::string bytes;
  for (std::size_t i = 0; i < kIdChars / 2; ++i) bytes.push_back(static_cast<char>(hash[i]));
  return HexEncode(bytes);
}

std::string OwnerOf(const JobRecord& record) { return record.id.substr(0, record.id.find('-')); }

std::string EncodeJobRecord(const JobRecord& record) {
  std::string text(kFirstLine);
  const auto add = [&text](std::string_view name, std::string_view value) {
    text += std::string(name) + ' ' + PercentEncode(value, true) + '\n';
  };
  add("id", record.id);
  add("command", record.command);
  for (const std::string& operand : record.operands) add("operand", operand);
  for (const auto& [name, value] : record.options) {
    text += "option " + PercentEncode(name, true) + '=' + PercentEncode(value, true) + '\n';
  }
  add("folder", record.working_folder);
  add("config", record.config_path);
  add("source", record.source_identity);
  add("target", record.target_identity);
  add("started", FormatRfc3339(record.started, 9));
  add("state", kStates[static_cast<std::size_t>(record.state)]);
  text += "process " + EncodeProcess(record.process) + '\n';
  return text + std::string(kSum) + SumOf(text) + '\n';
}

std::optional<JobRecord> DecodeJobRecord(std::string_view text) {
  const std::size_t sum = text.rfind(kSum);
  if (!text.starts_with(kFirstLine) || sum == std::string_view::npos) return std::nullopt;
  const std::string_view body = text.substr(0, sum);
  if (text.substr(sum) != std::string(kSum) + SumOf(body) + '\n') return std::nullopt;
  JobRecord record;
  for (std::string_view rest = body.substr(kFirstLine.size()); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    const std::size_t space = line.find(' ');
    if (end == std::string_view::npos || space == std::string_view::npos) return std::nullopt;
    if (!TakeLine(line.substr(0, space), line.substr(space + 1), record)) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
  if (record.id.empty() || record.operands.size() < 2) return std::nullopt;
  return record;
}

Status WriteJobRecord(const std::string& folder, const JobRecord& record) {
  GODWIT_RETURN_IF_ERROR(
      ReplaceFile(PathOf(folder, record.id), EncodeJobRecord(record), kOperation));
  SyncFolder(folder);
  return Status::Ok();
}

Status RemoveJobRecord(const std::string& folder, const std::string& id) {
  const std::string path = PathOf(folder, id);
  const bool gone = unlink(path.c_str()) == 0 || errno == ENOENT;
  return gone ? Status::Ok() : ErrnoStatus(errno, kOperation, path);
}

namespace {

// Under a name that is no record's: nobody will come upon it again.
void SetAside(const fs::path& folder, const std::string& name, Log& log) {
  const fs::path path = folder / name;
  const fs::path aside = folder / ("damaged-" + name);
  std::error_code error;
  fs::rename(path, aside, error);
  log.Warn("the record of a job, " + path.string() + ", is damaged and was " +
           (error ? "ignored: " + error.message() : "set aside as " + aside.string()) +
           "; give its command again to go on with it");
}

// A run may end, and take its folder with it, at any moment.
void FindJobsIn(const fs::path& folder, Log& log, std::vector<FoundJob>& jobs) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(kNamePrefix) || name.ends_with(".next")) continue;
    const Result<std::string> text = ReadWholeFile(entry->path().string(), kOperation);
    if (text.status().Is(ErrorKind::kNotFound)) continue;
    std::optional<JobRecord> record = text.ok() ? DecodeJobRecord(*text) : std::nullopt;
    if (record) {
      jobs.push_back({folder.string(), std::move(*record)});
    } else if (!text.ok()) {
      log.Warn("the record of a job is ignored: " + text.status().ToString());
    } else {
      SetAside(folder, name, log);
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    log.Warn("cannot look for jobs in " + folder.string() + ": " + error.message());
  }
}

}  // namespace

Result<std::vector<FoundJob>> FindJobs(const std::string& state_dir, Log& log) {
  std::vector<FoundJob> jobs;
  std::error_code error;
  const std::string top = state_dir + "/jobs";
  fs::directory_iterator folder(top, error);
  if (error == std::errc::no_such_file_or_directory) return jobs;
  for (; !error && folder != fs::directory_iterator(); folder.increment(error)) {
    FindJobsIn(folder->path(), log, jobs);
  }
  if (error) return ErrnoStatus(error.value(), "list jobs", top);
  std::sort(jobs.begin(), jobs.end(), [](const FoundJob& a, const FoundJob& b) {
    return a.record.started < b.record.started;
  });
  return jobs;
}

}  // namespace godwit

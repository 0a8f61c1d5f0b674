#include "cli/job_records.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <utility>

#include "lib/base/text.h"
#include "lib/run/process_identity.h"

namespace godwit {
namespace {

namespace fs = std::filesystem;

using Option = JobRecord::Option;

// Not of the run: where its record lies, and what the record has a field for.
constexpr std::array<std::string_view, 3> kNotRecorded{"state-dir", "config", "dry-run"};
// Of the categories that change what is stored, but these do not.
constexpr std::array<std::string_view, 5> kOfNoJob{"yes", "fsync", "max-delete",
                                                   "allow-empty-source", "dry-run"};

template <typename Names>
bool Contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// All that was given, whether typed or by environment or file, so that the run can be repeated
// where those differ.
std::vector<Option> GivenOptions(const OptionValues& values) {
  std::vector<Option> given;
  for (const OptionSpec& option : AllOptions()) {
    if (option.kind == OptionKind::kList || !values.WasGiven(option.name)) continue;
    if (Contains(kNotRecorded, option.name)) continue;
    given.emplace_back(option.name, values.Value(option.name));
  }
  for (const auto& [name, value] : values.lists()) given.emplace_back(name, value);
  return given;
}

// Those that change bytes, keys or metadata.
std::vector<Option> OptionsOfJob(const std::vector<Option>& given) {
  std::vector<Option> of_job;
  for (const Option& option : given) {
    const OptionSpec* spec = FindOption(option.first);
    if (ChangesWhatIsStored(*spec) && !Contains(kOfNoJob, spec->name)) of_job.push_back(option);
  }
  return of_job;
}

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  return path.empty() ? "" : fs::absolute(path, error).string();
}

// What `outer` was given and the command takes, too: forms of output, limits.
void AddOwnOptions(const Session& outer, CommandLine& line) {
  for (const auto& [name, value] : outer.line.given) {
    const bool taken = (FindOption(name)->commands & line.command->bit) != 0;
    if (taken && !Contains(kNotRecorded, name)) line.given.emplace_back(name, value);
  }
}

Status EnterFolder(const std::string& folder) {
  if (chdir(folder.c_str()) == 0) return Status::Ok();
  return Status(
      ErrorKind::kInvalidArgument,
      "the folder '" + EscapeForDisplay(folder) +
          "', in which the command was given, cannot be entered: " + std::strerror(errno));
}

}  // namespace

JobRecord MakeJobRecord(const Session& session, const JobLabel& label,
                        const std::string& source_identity, const std::string& target_identity) {
  std::error_code error;
  JobRecord record;
  record.command = label.command;
  record.operands = {label.source, label.target};
  record.options = GivenOptions(session.values);
  record.working_folder = fs::current_path(error).string();
  record.config_path = AbsolutePath(session.config.path);
  record.source_identity = source_identity;
  record.target_identity = target_identity;
  record.started = session.clock.WallNow();
  record.process = ThisProcess();
  record.id =
      MakeJobId(label.command, source_identity, target_identity, OptionsOfJob(record.options));
  return record;
}

void OpenRecord(Session& session, const std::string& folder, const JobRecord& record) {
  const Status status = WriteJobRecord(folder, record);
  if (!status.ok()) session.log.Warn("the run is not recorded: " + status.ToString());
}

void CloseRecord(Session& session, const std::string& folder, JobRecord record, JobStore& state,
                 const SyncSummary& summary) {
  const Result<std::vector<JournaledUpload>> uploads = state.ReadUploads();
  const bool uploads_left =
      !uploads.ok() || std::any_of(uploads->begin(), uploads->end(),
                                   [](const auto& upload) { return upload.of_this_job; });
  Status status;
  if (summary.resumable || uploads_left) {
    record.state = summary.stopped ? JobState::kInterrupted : JobState::kFailed;
    status = WriteJobRecord(folder, record);
  } else {
    status = RemoveJobRecord(folder, record.id);
  }
  if (!status.ok()) session.log.Warn("the end of the run is not recorded: " + status.ToString());
}

Status OtherPlace(const std::string& job_id, RecordedSide side, const std::string& then,
                  const std::string& now) {
  const std::string name = side == RecordedSide::kSource ? "source" : "target";
  return Status(ErrorKind::kInvalidArgument,
                "the " + name + " of job " + job_id + " is another place now: it was " +
                    EscapeForDisplay(then) + ", and is " + EscapeForDisplay(now) +
                    "; give the environment of then; nothing was touched");
}

Status CheckRecorded(const Session& session, RecordedSide side, const std::string& identity) {
  if (!session.recorded) return Status::Ok();
  const std::string& then = side == RecordedSide::kSource ? session.recorded->source_identity
                                                          : session.recorded->target_identity;
  return then == identity ? Status::Ok()
                          : OtherPlace(session.recorded->job_id, side, then, identity);
}

Status CheckRecordedContainer(const Session& session, RecordedSide side,
                              const std::string& container_identity) {
  if (!session.recorded) return Status::Ok();
  const std::string& then = side == RecordedSide::kSource ? session.recorded->source_identity
                                                          : session.recorded->target_identity;
  return then.starts_with(container_identity)
             ? Status::Ok()
             : OtherPlace(session.recorded->job_id, side, then, container_identity);
}

Result<std::unique_ptr<RecordedCommand>> RecordedCommand::Make(Session& outer,
                                                               const JobRecord& record,
                                                               Options options) {
  std::unique_ptr<RecordedCommand> made(new RecordedCommand());
  CommandLine& line = made->line_;
  line.command = FindCommand(record.command);
  if (line.command == nullptr) {
    return Status(ErrorKind::kInvalidArgument, "'" + record.command + "' is no command");
  }
  line.operands = record.operands;
  if (options == Options::kAll) {
    GODWIT_RETURN_IF_ERROR(EnterFolder(record.working_folder));
    line.given = record.options;
  } else if (chdir(record.working_folder.c_str()) != 0 && outer.settings.verbosity > 0) {
    outer.log.Info("its working folder is gone: " + record.working_folder);
  }
  AddOwnOptions(outer, line);
  for (const auto& [name, value] : line.given) {
    const OptionSpec* spec = FindOption(name);
    if (spec == nullptr || (spec->commands & line.command->bit) == 0) {
      return Status(ErrorKind::kInvalidArgument, "--" + name + " is not in this version");
    }
  }
  if (!record.config_path.empty()) {
    Result<ConfigFile> config = LoadConfigFile(record.config_path, outer.environment);
    if (!config.ok()) return config.status();
    made->config_ = std::move(*config);
  }
  // What environment and file gave then is in the record; what they give now is another run's.
  const Environment nothing = [](std::string_view) { return std::nullopt; };
  Result<OptionValues> values = OptionValues::Resolve(line, nothing, {});
  if (!values.ok()) return values.status();
  made->values_ = std::move(*values);
  Result<Settings> settings =
      MakeSettings(*line.command, made->values_, outer.environment, outer.clock);
  if (!settings.ok()) return settings.status();
  settings->state_dir = outer.settings.state_dir;
  made->log_.emplace(std::cerr, settings->log_level(), settings->log_format);
  made->session_.emplace(Session{line, made->values_, made->config_, outer.environment, outer.clock,
                                 std::move(*settings), *made->log_, outer.results, made->meter_});
  made->session_->stop_signal = outer.stop_signal;
  made->session_->stop = outer.stop;
  if (options == Options::kAll) {
    made->session_->recorded =
        RecordedPlaces{record.id, record.source_identity, record.target_identity};
  }
  return made;
}

}  // namespace godwit

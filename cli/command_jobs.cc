// jobs: the runs that were interrupted, and what to do with them.

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/job_clean.h"
#include "cli/job_records.h"
#include "lib/base/text.h"
#include "lib/run/sqlite_job_store.h"

namespace godwit {
namespace {

// What `jobs list` shows of one job.
JobView ViewOf(const FoundJob& job) {
  JobView view;
  view.state = StateName(job.record);
  const Result<std::vector<JournaledUpload>> uploads = PeekUploads(
      job.folder, job.record.source_identity, job.record.target_identity, OwnerOf(job.record));
  if (!uploads.ok()) return view;
  view.uploads = uploads->size();
  view.bytes_left = 0;
  for (const JournaledUpload& upload : *uploads) {
    std::uint64_t there = 0;
    for (const PartReceipt& part : upload.parts) there += part.size_bytes;
    *view.bytes_left += upload.size_bytes - std::min(there, upload.size_bytes);
  }
  return view;
}

std::string Padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text + "  ";
}

std::string Row(const std::string& id, const std::string& state, const std::string& started,
                const std::string& uploads, const std::string& left, const std::string& job) {
  return Padded(id, 12) + Padded(state, 11) + Padded(started, 20) + Padded(uploads, 7) +
         Padded(left, 10) + job;
}

int ListJobs(Session& session, const std::vector<FoundJob>& jobs) {
  const bool json = session.settings.json;
  if (!json && !jobs.empty()) {
    session.results.Line(Row("ID", "STATE", "STARTED", "UPLOADS", "LEFT", "JOB"));
  }
  for (const FoundJob& job : jobs) {
    const JobRecord& record = job.record;
    const JobView view = ViewOf(job);
    session.results.Line(json ? JobJson(record, view)
                              : Row(record.id, view.state, FormatRfc3339(record.started, 0),
                                    view.uploads ? std::to_string(*view.uploads) : "-",
                                    view.bytes_left ? FormatByteSize(*view.bytes_left) : "-",
                                    record.command + ' ' + EscapeForDisplay(record.operands[0]) +
                                        " -> " + EscapeForDisplay(record.operands[1])));
  }
  return kExitDone;
}

// The command again. Its output and exit code are its own.
int ResumeJob(Session& session, const FoundJob& job) {
  Result<std::unique_ptr<RecordedCommand>> command =
      RecordedCommand::Make(session, job.record, RecordedCommand::Options::kAll);
  if (!command.ok()) {
    session.log.Error("job " + job.record.id + " cannot be resumed: " + command.status().message());
    return kExitUsage;
  }
  return RunCommand((*command)->session());
}

int ResumeJobs(Session& session, const std::vector<FoundJob>& jobs) {
  const bool one = session.line.operands.size() > 1;
  int exit_code = kExitDone;
  bool any = false;
  for (const FoundJob& job : jobs) {
    if (one && job.record.id != session.line.operands[1]) continue;
    any = true;
    if (IsRunning(job.record)) {
      if (!one) continue;
      session.log.Error("job " + job.record.id + " is running: pid " +
                        std::to_string(job.record.process.pid) + " on host " +
                        job.record.process.host);
      return kExitHeld;
    }
    exit_code = StrongerExitCode(exit_code, ResumeJob(session, job));
    if (session.stop_exit_code() != 0) {
      exit_code = StrongerExitCode(exit_code, session.stop_exit_code());
      break;
    }
  }
  if (one && !any) {
    session.log.Error("there is no job '" + EscapeForDisplay(session.line.operands[1]) +
                      "'; 'godwit jobs list' shows them");
    return kExitUsage;
  }
  return exit_code;
}

int CleanJobs(Session& session, const std::vector<FoundJob>& jobs) {
  int exit_code = kExitDone;
  const std::optional<std::chrono::milliseconds> older = session.settings.older;
  for (const FoundJob& job : jobs) {
    if (older && job.record.started > session.clock.WallNow() - *older) continue;
    exit_code = StrongerExitCode(exit_code, CleanJob(session, job));
    if (session.stop_exit_code() != 0) {
      return StrongerExitCode(exit_code, session.stop_exit_code());
    }
  }
  return exit_code;
}

Status NotTaken(const std::string& what) {
  return Status(ErrorKind::kInvalidArgument,
                "'jobs " + EscapeForDisplay(what) + "': it takes list, resume [ID] or clean");
}

}  // namespace

int RunJobs(Session& session) {
  const std::string& what = session.line.operands[0];
  const bool known = what == "list" || what == "resume" || what == "clean";
  if (!known || (what != "resume" && session.line.operands.size() > 1)) {
    return session.Fail(NotTaken(what));
  }
  if (session.settings.older && what != "clean") {
    return session.Fail(Status(ErrorKind::kInvalidArgument, "--older is for 'jobs clean'"));
  }
  // Commands are repeated in folders of their own.
  std::error_code error;
  session.settings.state_dir =
      std::filesystem::absolute(session.settings.state_dir, error).string();
  const Result<std::vector<FoundJob>> jobs = FindJobs(session.settings.state_dir, session.log);
  if (!jobs.ok()) {
    session.log.Error(jobs.status().ToString());
    return kExitUsage;
  }
  if (what == "list") return ListJobs(session, *jobs);
  const StopScope stop(session);
  return what == "resume" ? ResumeJobs(session, *jobs) : CleanJobs(session, *jobs);
}

}  // namespace godwit

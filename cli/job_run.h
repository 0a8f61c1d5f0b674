#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "lib/run/job.h"
#include "lib/run/job_store.h"

namespace godwit {

// What a job command shows about itself.
struct JobLabel {
  std::string command;
  std::string source;
  std::string target;
  bool show_target = false;                       // Several targets: action lines say which.
  std::optional<Timestamp> unsettled_since = {};  // See JobSettings.
};

// Runs one job and shows its reports and its summary. Returns the summary; its exit code is the
// job's.
SyncSummary RunAndReport(Session& session, const Endpoint& source, const Endpoint& target,
                         const SyncOptions& options, JobStore& job_store, const JobLabel& label);

// Shows a summary for a command that could not start its job (the target is locked, the source is
// missing, a signal came): nothing happened. Returns its exit code.
int ReportNotStarted(Session& session, const JobLabel& label, const Status& status, int exit_code);

// Shows one action that was carried out without the engine (stdin, a single rm), with its error
// and a summary. Returns the exit code, which is `exit_code` unless the report cannot be written.
int ReportDirect(Session& session, const JobLabel& label, const ActionReport& action,
                 const Status& status, int exit_code);

// The summary line over several targets; returns its exit code.
int ReportTotal(Session& session, const JobLabel& label, const std::vector<SyncSummary>& parts);

}  // namespace godwit

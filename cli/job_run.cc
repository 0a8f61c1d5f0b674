#include "cli/job_run.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "cli/exit_code.h"
#include "cli/job_output.h"
#include "lib/base/random.h"
#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr std::size_t kErrorsKept = 100;

std::chrono::milliseconds Elapsed(const Session& session) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               session.started);
}

// With the requests since the last frame: what a job sent before it began is its own, too.
SummaryFrame MakeFrame(Session& session, const JobLabel& label, std::chrono::milliseconds elapsed) {
  SummaryFrame frame;
  frame.command = label.command;
  frame.run_id = MakeRunId();
  frame.source = label.source;
  frame.target = label.target;
  frame.elapsed = elapsed;
  const RequestCounts now = CountsOf(session.meter);
  for (std::size_t i = 0; i < now.size(); ++i) {
    frame.requests[i] = now[i] - session.shown_requests[i];
  }
  session.shown_requests = now;
  return frame;
}

void KeepErrors(Session& session, const std::vector<ErrorReport>& errors) {
  for (const ErrorReport& error : errors) {
    if (session.errors.size() == kErrorsKept) return;
    session.errors.push_back(error);
  }
}

// False if the report that was asked for could not be written.
bool WriteReport(Session& session, const SyncSummary& summary, const SummaryFrame& frame) {
  const std::string& path = session.settings.report_file;
  if (path.empty()) return true;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << session.log.Redacted(ReportJson(summary, frame, session.errors)) << '\n';
  out.close();
  if (out) return true;
  session.log.Error("cannot write the report '" + path + "': " + std::strerror(errno));
  return false;
}

// Writes the report, if this is the command's last summary, and shows the summary.
void Show(Session& session, SyncSummary& summary, const SummaryFrame& frame, bool last) {
  if (last && !WriteReport(session, summary, frame)) {
    summary.exit_code = StrongerExitCode(summary.exit_code, kExitUnable);
  }
  if (session.settings.json) {
    session.results.Line(SummaryJson(summary, frame));
  } else if (!session.settings.quiet) {
    std::cerr << "godwit: " << SummaryText(summary, frame) << '\n';
  }
  session.results.Flush();
}

}  // namespace

SyncSummary RunAndReport(Session& session, const Endpoint& source, const Endpoint& target,
                         const SyncOptions& options, JobStore& job_store, const JobLabel& label) {
  JobSettings settings;
  settings.options = options;
  settings.stall_timeout = session.settings.stall_timeout;
  settings.stop_signal = session.stop_signal;
  settings.unsettled_since = label.unsettled_since;
  settings.server_copy_possible =
      !source.copy_domain.empty() && source.copy_domain == target.copy_domain;
  JobOutput output(session.settings, session.results, session.log,
                   label.show_target ? label.target : "");
  JobOutcome outcome =
      RunJob(source, target, settings, job_store, session.meter, output, session.log);
  if (output.confirmation_missing()) {
    outcome.summary.exit_code = kExitUsage;
    return outcome.summary;
  }
  KeepErrors(session, output.errors());
  Show(session, outcome.summary, MakeFrame(session, label, outcome.elapsed), !label.show_target);
  return outcome.summary;
}

int ReportNotStarted(Session& session, const JobLabel& label, const Status& status, int exit_code) {
  SyncSummary summary;
  summary.exit_code = exit_code;
  summary.dry_run = session.settings.sync.dry_run;
  const ErrorReport error{status.object(), status};
  if (exit_code == kExitUsage) {
    session.log.Error(status.ToString());
    return exit_code;
  }
  if (!IsStopExitCode(exit_code)) {
    if (session.settings.json) {
      session.results.Line(
          session.log.Redacted(ErrorJson(error, label.show_target ? label.target : "")));
    }
    session.log.Error(status.ToString());
    KeepErrors(session, {error});
  }
  Show(session, summary, MakeFrame(session, label, Elapsed(session)), !label.show_target);
  return summary.exit_code;
}

int ReportDirect(Session& session, const JobLabel& label, const ActionReport& action,
                 const Status& status, int exit_code) {
  SyncSummary summary;
  summary.exit_code = exit_code;
  summary.dry_run = session.settings.sync.dry_run;
  if (!status.ok()) {
    summary.failed = 1;
  } else if (action.status == ActionStatus::kSkipped) {
    summary.skipped = 1;
  } else if (action.action == ActionKind::kCopy) {
    summary.copied = 1;
    summary.bytes_copied = action.bytes;
  } else {
    summary.deleted = 1;
  }
  JobOutput output(session.settings, session.results, session.log, "");
  output.OnReport(action);
  if (!status.ok()) output.OnReport(ErrorReport{action.key, status});
  KeepErrors(session, output.errors());
  Show(session, summary, MakeFrame(session, label, Elapsed(session)), true);
  return summary.exit_code;
}

int ReportTotal(Session& session, const JobLabel& label, const std::vector<SyncSummary>& parts) {
  SyncSummary total;
  for (const SyncSummary& part : parts) {
    total.exit_code = StrongerExitCode(total.exit_code, part.exit_code);
    total.dry_run = part.dry_run;
    total.listed_source += part.listed_source;
    total.listed_target += part.listed_target;
    total.copied += part.copied;
    total.metadata += part.metadata;
    total.unchanged += part.unchanged;
    total.deleted += part.deleted;
    total.skipped += part.skipped;
    total.failed += part.failed;
    total.denied += part.denied;
    total.bytes_copied += part.bytes_copied;
    total.bytes_reused += part.bytes_reused;
    for (std::size_t i = 0; i < total.evidence.size(); ++i) total.evidence[i] += part.evidence[i];
    total.retries += part.retries;
    total.resumable |= part.resumable;
  }
  SummaryFrame frame;
  frame.command = label.command;
  frame.run_id = MakeRunId();
  frame.source = label.source;
  frame.target_count = parts.size();
  frame.elapsed = Elapsed(session);
  frame.requests = CountsOf(session.meter);
  Show(session, total, frame, true);
  return total.exit_code;
}

}  // namespace godwit

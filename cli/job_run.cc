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

SummaryFrame MakeFrame(const JobLabel& label, const RequestMeter& meter,
                       std::chrono::milliseconds elapsed) {
  SummaryFrame frame;
  frame.command = label.command;
  frame.run_id = MakeRunId();
  frame.source = label.source;
  frame.target = label.target;
  frame.elapsed = elapsed;
  frame.meter = &meter;
  return frame;
}

void WriteReport(Session& session, const SyncSummary& summary, const SummaryFrame& frame,
                 const std::vector<ErrorReport>& errors) {
  const std::string& path = session.settings.report_file;
  if (path.empty()) return;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << ReportJson(summary, frame, errors) << '\n';
  out.close();
  if (!out) {
    session.log.Error("cannot write the report '" + path + "': " + std::strerror(errno));
  }
}

void Show(Session& session, const SyncSummary& summary, const SummaryFrame& frame,
          const std::vector<ErrorReport>& errors) {
  WriteReport(session, summary, frame, errors);
  if (session.settings.json) {
    session.results.Line(SummaryJson(summary, frame));
  } else if (!session.settings.quiet) {
    std::cerr << "godwit: " << SummaryText(summary, frame) << '\n';
  }
  session.results.Flush();
}

}  // namespace

SyncSummary RunAndReport(Session& session, const Endpoint& source, const Endpoint& target,
                         const SyncOptions& options, JobStore& job_store, const JobLabel& label,
                         const volatile int* stop_signal) {
  JobSettings settings;
  settings.options = options;
  settings.stall_timeout = session.settings.stall_timeout;
  settings.stop_signal = stop_signal;
  settings.server_copy_possible =
      !source.copy_domain.empty() && source.copy_domain == target.copy_domain;
  JobOutput output(session.settings, session.results, session.log,
                   label.show_target ? label.target : "");
  RequestMeter meter;
  JobOutcome outcome = RunJob(source, target, settings, job_store, meter, output, session.log);
  if (output.confirmation_missing()) {
    outcome.summary.exit_code = kExitUsage;
    return outcome.summary;
  }
  Show(session, outcome.summary, MakeFrame(label, meter, outcome.elapsed), output.errors());
  return outcome.summary;
}

int ReportNotStarted(Session& session, const JobLabel& label, const Status& status, int exit_code) {
  SyncSummary summary;
  summary.exit_code = exit_code;
  summary.dry_run = session.settings.sync.dry_run;
  const RequestMeter meter;
  const ErrorReport error{status.object(), status};
  if (exit_code == kExitUsage) {
    session.log.Error(status.ToString());
    return exit_code;
  }
  if (session.settings.json) session.results.Line(ErrorJson(error, ""));
  session.log.Error(status.ToString());
  Show(session, summary, MakeFrame(label, meter, {}), {error});
  return exit_code;
}

int ReportDirect(Session& session, const JobLabel& label, const ActionReport& action,
                 const Status& status) {
  SyncSummary summary;
  summary.exit_code = ExitCodeOf(status);
  const bool copy = action.action == ActionKind::kCopy;
  if (!status.ok()) {
    summary.failed = 1;
  } else if (copy) {
    summary.copied = 1;
    summary.bytes_copied = action.bytes;
  } else {
    summary.deleted = 1;
  }
  JobOutput output(session.settings, session.results, session.log, "");
  output.OnReport(action);
  if (!status.ok()) output.OnReport(ErrorReport{action.key, status});
  Show(session, summary, MakeFrame(label, session.meter, {}), output.errors());
  return summary.exit_code;
}

void ReportTotal(Session& session, const JobLabel& label, const std::vector<SyncSummary>& parts) {
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
  Show(session, total, frame, {});
}

}  // namespace godwit

#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "cli/config_file.h"
#include "cli/job_output.h"
#include "cli/location.h"
#include "cli/settings.h"
#include "godwit/call_context.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

namespace godwit {

// What one command runs with. Made by main(), passed down; there is no other shared state.
struct Session {
  const CommandLine& line;
  const OptionValues& values;
  const ConfigFile& config;
  const Environment& environment;
  const Clock& clock;
  Settings settings;
  Log& log;
  ResultWriter& results;
  RequestMeter& meter;  // Of every request that the command sends.
  // Those of the meter that a summary has shown already.
  RequestCounts shown_requests{};
  std::vector<ErrorReport> errors{};  // The first hundred of all jobs.
  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();

  // A context for direct store calls.
  CallContext Context() const {
    CallContext context;
    context.stall_timeout = settings.stall_timeout;
    context.meter = &meter;
    return context;
  }

  // Reports `status` (an error line in JSON mode) and returns its exit code.
  int Fail(const Status& status) const;
};

// Carries out the session's command: returns the exit code.
int RunCommand(Session& session);

// One function a command.
int RunSync(Session& session);
int RunCp(Session& session);
int RunRm(Session& session);
int RunLs(Session& session);
int RunDu(Session& session);
int RunStat(Session& session);
int RunCat(Session& session);
int RunMb(Session& session);
int RunJobs(Session& session);
int RunVersion(Session& session);

}  // namespace godwit

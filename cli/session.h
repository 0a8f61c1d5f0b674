#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
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
#include "lib/run/signals.h"

namespace godwit {

// Where a recorded run worked. It may be repeated there only.
struct RecordedPlaces {
  std::string job_id;
  std::string source_identity;
  std::string target_identity;
};

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
  std::vector<ErrorReport> errors{};         // The first hundred of all jobs.
  std::optional<RecordedPlaces> recorded{};  // Of a command that is repeated from its record.
  // Set while signals ask for a clean stop (StopScope): SignalGuard::flag() and token().
  const volatile int* stop_signal = nullptr;
  std::stop_token stop{};
  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();

  // A context for direct store calls; a signal stops them.
  CallContext Context() const {
    CallContext context = CleanupContext();
    context.stop = stop;
    return context;
  }
  // For what is to be done after a stop, too.
  CallContext CleanupContext() const {
    CallContext context;
    context.stall_timeout = settings.stall_timeout;
    context.meter = &meter;
    return context;
  }

  // 0, or the exit code of the signal that came.
  int stop_exit_code() const { return stop_signal != nullptr ? *stop_signal : 0; }
  // As ExitCodeOf; of a call that a signal stopped, that signal's.
  int ExitCode(const Status& status) const;
  // Reports `status` (an error line in JSON mode) and returns its exit code.
  int Fail(const Status& status) const;
};

// In its scope signals ask the session's command for a clean stop. One inside of another does
// nothing.
class StopScope {
 public:
  explicit StopScope(Session& session);
  ~StopScope();
  StopScope(const StopScope&) = delete;
  StopScope& operator=(const StopScope&) = delete;

 private:
  Session& session_;
  std::optional<SignalGuard> guard_;
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

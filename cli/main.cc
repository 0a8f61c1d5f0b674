// godwit: reads its arguments, builds what the command needs, runs it.

#include <malloc.h>
#include <sched.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "cli/exit_code.h"
#include "cli/session.h"

namespace godwit {
namespace {

std::optional<std::string> ReadVariable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

int UsageError(const Status& status) {
  std::cerr << "godwit: " << status.message() << '\n';
  return kExitUsage;
}

// The results that could not be printed are missing, unless nobody wanted to read on.
int CheckedOutput(Session& session, int exit_code) {
  session.results.Flush();
  const int error = session.results.error();
  if (error == 0 || error == EPIPE || exit_code != kExitDone) return exit_code;
  session.log.Error(std::string("cannot write to stdout: ") + std::strerror(error));
  return kExitUnable;
}

int Main(const std::vector<std::string>& arguments) {
  const Environment environment = ReadVariable;
  Result<CommandLine> line = ParseCommandLine(arguments);
  if (!line.ok()) return UsageError(line.status());
  if (line->help_short || line->help_long) {
    std::cout << HelpText(line->command, line->help_long) << std::flush;
    return std::cout || errno == EPIPE ? kExitDone : kExitUnable;
  }
  std::string config_path;
  for (const auto& [name, value] : line->given) {
    if (name == "config") config_path = value;
  }
  Result<ConfigFile> config = LoadConfigFile(config_path, environment);
  if (!config.ok()) return UsageError(config.status());
  Result<OptionValues> values = OptionValues::Resolve(*line, environment, config->defaults);
  if (!values.ok()) return UsageError(values.status());
  const SystemClock clock;
  Result<Settings> settings = MakeSettings(*line->command, *values, environment, clock);
  if (!settings.ok()) return UsageError(settings.status());
  Log log(std::cerr, settings->log_level(), settings->log_format);
  ResultWriter results;
  RequestMeter meter;
  Session session{*line, *values, *config, environment, clock, std::move(*settings),
                  log,   results, meter};
  return CheckedOutput(session, RunCommand(session));
}

}  // namespace
}  // namespace godwit

int main(int argc, char** argv) {
  // Whoever closes the other end of stdout ends the output, not the program.
  std::signal(SIGPIPE, SIG_IGN);
  // Many worker threads would each get an arena of their own and keep what they freed.
  mallopt(M_ARENA_MAX, 4);
  // A thread that is woken need not push aside the one that woke it: fewer switches on few cores.
  // Where it is forbidden nothing is lost.
  const sched_param none{};
  sched_setscheduler(0, SCHED_BATCH, &none);
  return godwit::Main({argv + 1, argv + argc});
}

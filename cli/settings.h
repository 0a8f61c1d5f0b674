#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/command_line.h"
#include "godwit/result.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/sync/options.h"

namespace godwit {

enum class ProgressMode : std::uint8_t { kNone, kPlain };

// What the options of one command mean, checked.
struct Settings {
  SyncOptions sync;
  bool json = false;
  bool quiet = false;
  int verbosity = 0;
  LogFormat log_format = LogFormat::kText;
  ProgressMode progress = ProgressMode::kPlain;
  std::chrono::milliseconds stall_timeout{60'000};
  std::optional<std::uint64_t> bytes_per_second;
  std::optional<std::uint64_t> requests_per_second;
  bool fsync = true;
  bool recursive = false;
  bool yes = false;
  std::string state_dir;
  std::optional<std::chrono::milliseconds> older;  // jobs clean
  std::string report_file;

  LogLevel log_level() const;
};

// Turns option values into settings. Reads the files that options name (--filter-from,
// --files-from); touches nothing else. `clock` resolves ages. Fails with kInvalidArgument, naming
// option, value and limit.
Result<Settings> MakeSettings(const CommandSpec& command, const OptionValues& values,
                              const Environment& environment, const Clock& clock);

}  // namespace godwit

#pragma once

#include "godwit/status.h"
#include "lib/sync/exit_strength.h"

namespace godwit {

inline constexpr int kExitDone = 0;
inline constexpr int kExitSomeFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNotFound = 7;
inline constexpr int kExitUnable = 8;
inline constexpr int kExitHeld = 10;

// The exit code of a command that one failure ended, by the table of the manual.
int ExitCodeOf(const Status& status);

}  // namespace godwit

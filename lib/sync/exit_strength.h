#pragma once

namespace godwit {

// The one of two exit codes that a run ends with when both apply: 5, 130/143/129, 4, 3, 7, 6, 10,
// 9, 8, 2, 1, any other, 0 in this order.
int StrongerExitCode(int a, int b);

// Whether the code says that a signal ended the run (128 + SIGINT, SIGTERM or SIGHUP).
bool IsStopExitCode(int exit_code);

}  // namespace godwit

#include "lib/sync/exit_strength.h"

#include <algorithm>
#include <array>
#include <csignal>

namespace godwit {

namespace {

constexpr int kSignalBase = 128;
constexpr std::array kStops{kSignalBase + SIGINT, kSignalBase + SIGTERM, kSignalBase + SIGHUP};
constexpr std::array kOrder{5, kStops[0], kStops[1], kStops[2], 4, 3, 7, 6, 10, 9, 8, 2, 1};

// The smaller, the stronger. A code that nobody foresaw is no success.
std::ptrdiff_t Rank(int code) {
  if (code == 0) return kOrder.size() + 1;
  return std::find(kOrder.begin(), kOrder.end(), code) - kOrder.begin();
}

}  // namespace

int StrongerExitCode(int a, int b) { return Rank(a) <= Rank(b) ? a : b; }

bool IsStopExitCode(int exit_code) {
  return std::find(kStops.begin(), kStops.end(), exit_code) != kStops.end();
}

}  // namespace godwit

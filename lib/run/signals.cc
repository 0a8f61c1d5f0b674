#include "lib/run/signals.h"

#include <array>
#include <cassert>
#include <csignal>

#include <unistd.h>

namespace godwit {

namespace {

constexpr std::array<int, 3> kStopSignals = {SIGINT, SIGTERM, SIGHUP};
constexpr int kExitBase = 128;

static_assert(sizeof(volatile int) == sizeof(volatile std::sig_atomic_t));
volatile std::sig_atomic_t stop_signal_seen = 0;
std::array<struct sigaction, kStopSignals.size()> actions_before;
struct sigaction pipe_before;
bool guarded = false;

// Async-signal-safe.
void OnStopSignal(int number) {
  if (stop_signal_seen != 0 && number == SIGINT) _exit(kExitBase + number);
  if (stop_signal_seen == 0) stop_signal_seen = kExitBase + number;
}

}  // namespace

SignalGuard::SignalGuard() {
  assert(!guarded);
  guarded = true;
  stop_signal_seen = 0;
  struct sigaction action {};
  action.sa_handler = &OnStopSignal;
  // Interrupted writes to the terminal go on; whoever waits polls the flag.
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
    sigaction(kStopSignals[i], nullptr, &actions_before[i]);
    // nohup: a signal that was ignored on purpose stays ignored.
    if (actions_before[i].sa_handler != SIG_IGN) sigaction(kStopSignals[i], &action, nullptr);
  }
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &pipe_before);
}

SignalGuard::~SignalGuard() {
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
    sigaction(kStopSignals[i], &actions_before[i], nullptr);
  }
  sigaction(SIGPIPE, &pipe_before, nullptr);
  guarded = false;
}

const volatile int* SignalGuard::flag() const { return &stop_signal_seen; }

}  // namespace godwit

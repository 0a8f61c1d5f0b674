#include "lib/run/signals.h"

#include <array>
#include <cassert>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#include "lib/run/quiet_thread.h"

namespace godwit {

namespace {

constexpr std::array<int, 3> kStopSignals = {SIGINT, SIGTERM, SIGHUP};
constexpr int kExitBase = 128;

static_assert(sizeof(volatile int) == sizeof(volatile std::sig_atomic_t));
volatile std::sig_atomic_t stop_signal_seen = 0;
std::array<struct sigaction, kStopSignals.size()> actions_before;
struct sigaction pipe_before;
bool guarded = false;
// Wakes the watcher: a byte at a signal, the end of the pipe at the end of the guard.
std::array<int, 2> wake_pipe{-1, -1};

// Async-signal-safe.
void OnStopSignal(int number) {
  if (stop_signal_seen != 0 && number == SIGINT) _exit(kExitBase + number);
  if (stop_signal_seen != 0) return;
  stop_signal_seen = kExitBase + number;
  const int error = errno;
  // A pipe that takes no byte has one already.
  [[maybe_unused]] const ssize_t written = write(wake_pipe[1], "", 1);
  errno = error;
}

// True at a signal, false at the end of the guard.
bool AwaitSignal(int pipe_end) {
  char byte = 0;
  ssize_t count = 0;
  do {
    count = read(pipe_end, &byte, 1);
  } while (count < 0 && errno == EINTR);
  return count == 1;
}

}  // namespace

SignalGuard::SignalGuard() {
  assert(!guarded);
  guarded = true;
  stop_signal_seen = 0;
  if (pipe2(wake_pipe.data(), O_CLOEXEC) == 0) {
    watcher_ = StartWithoutSignals([this] {
      if (AwaitSignal(wake_pipe[0])) stop_.request_stop();
    });
  }
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
  if (watcher_.joinable()) {
    close(wake_pipe[1]);
    watcher_.join();
    close(wake_pipe[0]);
    wake_pipe = {-1, -1};
  }
  guarded = false;
}

const volatile int* SignalGuard::flag() const { return &stop_signal_seen; }

}  // namespace godwit

#pragma once

#include <stop_token>
#include <thread>

namespace godwit {

// While it lives: SIGINT, SIGTERM and SIGHUP ask for a clean stop instead of killing the process,
// a SIGINT after the first such signal ends it at once with exit code 130, and SIGPIPE is ignored
// (writes fail with EPIPE). What the signals did before comes back with its end. At most one lives
// at a time; made and destroyed in the main thread.
class SignalGuard {
 public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

  // 0, or 128 + the number of the first signal that came. For JobSettings::stop_signal.
  const volatile int* flag() const;
  // Requested once a signal has come. For direct store calls.
  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::jthread watcher_;
};

}  // namespace godwit

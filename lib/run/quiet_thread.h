#pragma once

#include <csignal>
#include <thread>
#include <utility>

#include <pthread.h>

namespace godwit {

// Blocks all signals in this scope, so that threads started in it never handle one: signals go to
// the thread that waits for them.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// A thread that handles no signals.
template <typename Function>
std::jthread StartWithoutSignals(Function function) {
  const SignalsBlocked blocked;
  return std::jthread(std::move(function));
}

}  // namespace godwit

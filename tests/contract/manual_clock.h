#pragma once

#include <chrono>
#include <mutex>

#include "lib/base/clock.h"

namespace godwit {

// A clock that stands still until it is told to go on. Safe from any thread.
class ManualClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override {
    const std::lock_guard lock(mutex_);
    return std::chrono::steady_clock::time_point(elapsed_);
  }
  Timestamp WallNow() const override {
    const std::lock_guard lock(mutex_);
    return Timestamp(std::chrono::seconds(1'700'000'000) + elapsed_);
  }
  void Advance(std::chrono::nanoseconds time) {
    const std::lock_guard lock(mutex_);
    elapsed_ += time;
  }

 private:
  mutable std::mutex mutex_;  // Guards elapsed_.
  std::chrono::nanoseconds elapsed_{0};
};

}  // namespace godwit

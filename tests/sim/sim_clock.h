#pragma once

#include <chrono>

#include "lib/base/clock.h"

namespace godwit {

// Virtual time: stands still until somebody moves it. One thread at a time.
class SimClock final : public Clock {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  Instant Now() const override { return now_; }
  Timestamp WallNow() const override {
    return Timestamp(std::chrono::seconds(1'700'000'000)) + now_.time_since_epoch();
  }
  // Never goes back.
  void AdvanceTo(Instant instant) { now_ = std::max(now_, instant); }
  void Advance(std::chrono::nanoseconds span) { now_ += span; }

 private:
  Instant now_{};
};

}  // namespace godwit

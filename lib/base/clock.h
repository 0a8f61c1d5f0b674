#pragma once

#include <chrono>

#include "godwit/object_meta.h"

namespace godwit {

// The two clocks. Whoever decides by time takes a Clock; only main() and tests make one.
// Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic; for deadlines and delays.
  virtual std::chrono::steady_clock::time_point Now() const = 0;
  // Wall clock; for signatures, names and reports, never for deadlines.
  virtual Timestamp WallNow() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override;
  Timestamp WallNow() const override;
};

}  // namespace godwit

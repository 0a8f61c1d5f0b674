#pragma once

#include <chrono>
#include <optional>

#include "godwit/status.h"
#include "lib/base/random.h"

namespace godwit {

// True if the kind of failure may pass by itself: throttled, unavailable, timeout, conflict,
// corrupted (damage on the way), unreachable. Whether the operation is safe to repeat is a
// separate question that its caller answers.
bool IsRetryable(const Status& status);

// When to repeat, as a value. Full jitter: the delay is uniform in [0, min(base * 2^n, max)), with
// a larger base for throttling; a service's own wish (Retry-After) is the least, up to `wish_max`.
// Copyable; pure.
struct RetryPolicy {
  int repeats_max = 10;
  std::chrono::milliseconds base{100};
  std::chrono::milliseconds throttle_base{1000};
  std::chrono::milliseconds delay_max{20'000};
  std::chrono::milliseconds wish_max{120'000};

  // The delay before the next attempt after `attempts` (>= 1) of them failed, the last with
  // `status`; none if the failure is final or the repeats are used up.
  std::optional<std::chrono::milliseconds> Next(const Status& status, int attempts,
                                                Random& random) const;

  // For tests: as many repeats, no waiting.
  static RetryPolicy Immediate(int repeats_max = 10);
};

}  // namespace godwit

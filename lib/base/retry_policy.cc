#include "lib/base/retry_policy.h"

#include <algorithm>

namespace godwit {
bool IsRetryable(const Status& status) {
  if (status.ok()) return false;
  switch (status.kind()) {
    case ErrorKind::kThrottled:
    case ErrorKind::kUnavailable:
    case ErrorKind::kUnreachable:
    case ErrorKind::kTimeout:
    case ErrorKind::kConflict:
    case ErrorKind::kCorrupted:
      return true;
    default:
      return false;
  }
}

std::optional<std::chrono::milliseconds> RetryPolicy::Next(const Status& status, int attempts,
                                                           Random& random) const {
  if (!IsRetryable(status) || attempts > repeats_max) return std::nullopt;
  const bool throttled = status.Is(ErrorKind::kThrottled);
  const std::chrono::milliseconds first = throttled ? throttle_base : base;
  const int doublings = std::min(attempts - 1, 16);
  const std::chrono::milliseconds ceiling = std::min(first * (1 << doublings), delay_max);
  const auto jittered =
      static_cast<std::int64_t>(static_cast<double>(ceiling.count()) * random.Fraction());
  std::chrono::milliseconds delay{jittered};
  if (status.retry_after()) delay = std::max(delay, std::min(*status.retry_after(), wish_max));
  return delay;
}

RetryPolicy RetryPolicy::Immediate(int repeats_max) {
  constexpr std::chrono::milliseconds kNone{0};
  return {repeats_max, kNone, kNone, kNone, kNone};
}

}  // namespace godwit

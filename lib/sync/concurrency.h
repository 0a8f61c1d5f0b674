#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace godwit {

// How many commands may be in flight. Starts at 8 and doubles while goodput grows with it; after
// that it feels its way up by one and steps down when a service throttles or when latency grows
// without more goodput. A fixed number (--jobs) is the start and the cap; throttling lowers it
// for a while all the same. Pure; one thread at a time.
class AdaptiveLimit {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  AdaptiveLimit(std::optional<std::uint32_t> fixed, std::uint32_t max);

  std::uint32_t limit() const { return limit_; }

  // A command ended after `latency` having moved `bytes`; `saturated` says that others waited for
  // a place: without that, goodput says nothing about the limit.
  void OnDone(TimePoint now, Duration latency, std::uint64_t bytes, bool saturated);
  // A service asked for fewer requests. Counts at most once a second.
  void OnThrottled(TimePoint now);

 private:
  void EndWindow(TimePoint now);
  void OpenWindow(TimePoint now);

  std::uint32_t limit_;
  std::uint32_t max_;
  bool fixed_;
  bool doubling_;
  double best_goodput_ = 0;  // Work a second, at the best limit so far.
  double best_latency_ = 0;  // Seconds a command in that window.
  std::optional<TimePoint> throttled_at_;

  std::optional<TimePoint> window_start_;
  std::uint32_t window_count_ = 0;
  std::uint32_t window_saturated_ = 0;
  double window_work_ = 0;
  Duration window_latency_{};
};

}  // namespace godwit

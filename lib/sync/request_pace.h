#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace godwit {

// How many commands a second may begin once a service has refused some for being too many. Free
// until then. A refusal sets the pace a little below what the service accepted of late; from there
// it rises, slowly at first, until the next refusal, and is given up after a minute without one.
// While everything is refused it falls to a trickle; the first success then brings back half of
// what was accepted before, so that no herd follows a pause. Pure; one thread at a time.
class RequestPace {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // A command was accepted.
  void OnAccepted(TimePoint now);
  // A command that was sent at `sent` was refused as one too many. Those that were under way when
  // the pace was lowered do not lower it again.
  void OnThrottled(TimePoint now, TimePoint sent);

  // Whether a command may begin now.
  bool MayBegin(TimePoint now);
  void OnBegun();
  // When MayBegin will say yes after it has said no.
  TimePoint next() const;

  // Commands a second; none while it is free.
  std::optional<double> rate() const { return paced_ ? std::optional(rate_) : std::nullopt; }

 private:
  void Advance(TimePoint now);
  double Accepted(TimePoint now) const;
  void Lower(TimePoint now);

  bool paced_ = false;
  double rate_ = 0;
  double good_ = 0;    // Accepted a second, when that was last known.
  double tokens_ = 0;  // Commands that may begin at once; negative after a refusal.
  TimePoint advanced_{};
  TimePoint lowered_{};
  bool accepted_since_ = false;  // Since it was lowered.

  // Accepted commands, weighted by age.
  double weight_ = 0;
  TimePoint weighed_{};
  std::optional<TimePoint> first_;
};

}  // namespace godwit

#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>

namespace godwit {

// What is to happen later: the engine's only notion of waiting. One thread at a time.
class RetrySchedule {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void At(TimePoint time, std::function<void()> action) {
    actions_.emplace(time, std::move(action));
  }
  // The time of the earliest action; none if nothing waits.
  std::optional<TimePoint> next() const;
  // Runs what is due, in order of time and then of At. Actions may add actions; those that are
  // due at once run too.
  void RunDue(TimePoint now);
  // Runs all that wait now, as if their time had come. Actions added meanwhile stay.
  void RunAll();

 private:
  std::multimap<TimePoint, std::function<void()>> actions_;
};

}  // namespace godwit

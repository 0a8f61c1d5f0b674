#include "lib/sync/retry_schedule.h"

#include <utility>

namespace godwit {

std::optional<RetrySchedule::TimePoint> RetrySchedule::next() const {
  if (actions_.empty()) return std::nullopt;
  return actions_.begin()->first;
}

void RetrySchedule::RunDue(TimePoint now) {
  while (!actions_.empty() && actions_.begin()->first <= now) {
    const std::function<void()> action = std::move(actions_.begin()->second);
    actions_.erase(actions_.begin());
    action();
  }
}

void RetrySchedule::RunAll() {
  const std::multimap<TimePoint, std::function<void()>> waiting = std::exchange(actions_, {});
  for (const auto& [time, action] : waiting) action();
}

}  // namespace godwit

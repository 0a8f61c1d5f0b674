#include "lib/run/event_queue.h"

#include <utility>

namespace godwit {

void EventQueue::Push(Event event) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    wake = std::exchange(waiting_, false);
  }
  if (wake) filled_.notify_one();
}

void EventQueue::Take(std::chrono::steady_clock::time_point until, std::vector<Event>& events) {
  std::unique_lock lock(mutex_);
  if (events_.empty()) {
    waiting_ = true;
    filled_.wait_until(lock, until, [this] { return !events_.empty(); });
    waiting_ = false;
  }
  events.swap(events_);
}

}  // namespace godwit

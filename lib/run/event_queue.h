#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "lib/sync/event.h"

namespace godwit {

// Carries events from the threads that do things to the one that runs the engine. Push from any
// thread; Take from one. Many events that come while the taker is at work cost one wake-up.
class EventQueue {
 public:
  void Push(Event event);

  // Waits for an event, but not beyond `until`, and moves all that are there to the empty `events`.
  void Take(std::chrono::steady_clock::time_point until, std::vector<Event>& events);

 private:
  std::mutex mutex_;  // Guards all below.
  std::condition_variable filled_;
  std::vector<Event> events_;
  bool waiting_ = false;
};

}  // namespace godwit

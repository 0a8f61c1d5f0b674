#include "lib/sync/lanes.h"

#include <cstddef>
#include <utility>

namespace godwit {
namespace {

std::size_t Index(Lane lane) { return static_cast<std::size_t>(lane); }

}  // namespace

Lanes::Lanes(std::uint64_t memory_bytes)
    : small_budget_(memory_bytes / 4), part_budget_(memory_bytes - memory_bytes / 4) {}

void Lanes::Push(Lane lane, Entry entry) { queues_[Index(lane)].push_back(std::move(entry)); }

bool Lanes::waiting() const {
  for (const std::deque<Entry>& queue : queues_) {
    if (!queue.empty()) return true;
  }
  return false;
}

bool Lanes::Admit(Lane lane) {
  const std::deque<Entry>& queue = queues_[Index(lane)];
  return !queue.empty() && Budget(lane).TryTake(queue.front().bytes);
}

Lanes::Entry Lanes::PopFront(Lane lane) {
  std::deque<Entry>& queue = queues_[Index(lane)];
  Entry entry = std::move(queue.front());
  queue.pop_front();
  ++in_flight_[Index(lane)];
  return entry;
}

std::optional<Lanes::Entry> Lanes::Pop(std::uint32_t places) {
  if (!queues_[Index(Lane::kListing)].empty()) return PopFront(Lane::kListing);
  if (in_flight() >= places) return std::nullopt;
  const bool parts_behind = in_flight_[Index(Lane::kPart)] <= in_flight_[Index(Lane::kSmall)];
  const Lane first = parts_behind ? Lane::kPart : Lane::kSmall;
  const Lane second = parts_behind ? Lane::kSmall : Lane::kPart;
  if (Admit(first)) return PopFront(first);
  if (Admit(second)) return PopFront(second);
  return std::nullopt;
}

void Lanes::Release(Lane lane, std::uint64_t bytes) {
  --in_flight_[Index(lane)];
  if (lane != Lane::kListing) Budget(lane).Give(bytes);
}

std::vector<Lanes::Entry> Lanes::Drop(const std::function<bool(const Entry&)>& unwanted) {
  std::vector<Entry> dropped;
  for (std::deque<Entry>& queue : queues_) {
    std::deque<Entry> kept;
    for (Entry& entry : queue) {
      if (unwanted(entry)) {
        dropped.push_back(std::move(entry));
      } else {
        kept.push_back(std::move(entry));
      }
    }
    queue = std::move(kept);
  }
  return dropped;
}

}  // namespace godwit

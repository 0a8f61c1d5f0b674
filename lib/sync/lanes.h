#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "lib/base/byte_budget.h"
#include "lib/sync/command.h"

namespace godwit {

// What waits for the same places and the same memory. Small requests and parts have a lane each,
// so that neither starves the other; listings always go.
enum class Lane : std::uint8_t { kListing, kSmall, kPart };

// How a command is queued.
struct CallOptions {
  Lane lane = Lane::kSmall;
  std::uint64_t body_bytes = 0;   // Memory for the body, beside kRequestBytes.
  std::uint64_t moved_bytes = 0;  // What the body is in goodput.
  bool starts = false;            // See Lanes::Entry.
  bool cleanup = false;
};

// Memory of a command beside its body: buffers of its connection.
inline constexpr std::uint64_t kRequestBytes = 256ULL << 10;
// Memory of the pipe of a streamed body.
inline constexpr std::uint64_t kPipeBytes = 1ULL << 20;

// Commands that wait for their turn. A command takes a place and its whole memory when it goes and
// gives both back when it ends; none waits while holding some. One thread at a time.
class Lanes {
 public:
  struct Entry {
    CommandId id = 0;
    std::uint64_t bytes = 0;  // Taken from the lane's share of the memory.
    bool starts = false;      // Begins something new: dropped once nothing new may start.
    bool cleanup = false;     // Goes even after a stop.
    decltype(Command::body) body;
  };

  explicit Lanes(std::uint64_t memory_bytes);

  void Push(Lane lane, Entry entry);
  // The next command that may go while at most `places` of both lanes together are in flight.
  std::optional<Entry> Pop(std::uint32_t places);
  // Gives back what a popped command took.
  void Release(Lane lane, std::uint64_t bytes);
  // Takes out, in order, those that wait and that `unwanted` names.
  std::vector<Entry> Drop(const std::function<bool(const Entry&)>& unwanted);

  bool waiting() const;
  std::uint32_t in_flight() const { return in_flight_[1] + in_flight_[2]; }
  // An object over this is streamed instead of buffered: half a dozen must fit side by side.
  std::uint64_t buffered_bytes_max() const { return part_budget_.limit_bytes() / 8; }
  // Likewise a part. A stream costs a thread and two copies more, so that few buffers are better.
  std::uint64_t buffered_part_bytes_max() const { return part_budget_.limit_bytes() / 3; }

 private:
  bool Admit(Lane lane);
  Entry PopFront(Lane lane);
  ByteBudget& Budget(Lane lane) { return lane == Lane::kPart ? part_budget_ : small_budget_; }

  std::array<std::deque<Entry>, 3> queues_;
  std::array<std::uint32_t, 3> in_flight_{};
  ByteBudget small_budget_;
  ByteBudget part_budget_;
};

}  // namespace godwit

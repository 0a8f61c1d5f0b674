#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "godwit/call_context.h"
#include "godwit/result.h"

namespace godwit {

// Decides when one exchange is given up: on a stop, at the deadline, and when nothing moves for
// too long. Time comes in from outside. One thread at a time.
class ExchangeWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  // Connecting has its own limit, which is libcurl's.
  enum class Phase : std::uint8_t { kConnecting, kMoving, kAwaitingAnswer };

  // `first_byte_timeout` applies while the answer is awaited; 0: the stall timeout. `peer` is named
  // in messages. `context` must outlive the watch.
  ExchangeWatch(const CallContext& context, std::chrono::milliseconds first_byte_timeout,
                std::string peer, TimePoint now);

  // `moved` is any number that changes when bytes move. Fails with kCancelled or kTimeout.
  Status Check(TimePoint now, Phase phase, std::uint64_t moved);
  // True if no byte has moved for a second while bytes should.
  bool Idle(TimePoint now) const;
  // How long nobody needs to look again, unless something happens; at most a second.
  std::chrono::milliseconds NextCheckIn(TimePoint now) const;

 private:
  std::chrono::milliseconds LimitOf(Phase phase) const;

  const CallContext& context_;
  const std::chrono::milliseconds first_byte_timeout_;
  const std::string peer_;
  Phase phase_ = Phase::kConnecting;
  std::uint64_t moved_ = 0;
  TimePoint moved_at_;
};

// kCancelled or kTimeout if `context` is stopped or past its deadline.
Status CheckContext(const CallContext& context, ExchangeWatch::TimePoint now);

}  // namespace godwit

#include "lib/http/exchange_watch.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace godwit {
namespace {

constexpr std::chrono::milliseconds kCheckInterval{1000};

}  // namespace

Status CheckContext(const CallContext& context, ExchangeWatch::TimePoint now) {
  if (context.stop.stop_requested()) return Status(ErrorKind::kCancelled, "stopped");
  if (context.deadline && now >= *context.deadline) {
    return Status(ErrorKind::kTimeout, "the deadline has passed");
  }
  return Status::Ok();
}

ExchangeWatch::ExchangeWatch(const CallContext& context,
                             std::chrono::milliseconds first_byte_timeout, std::string peer,
                             TimePoint now)
    : context_(context),
      first_byte_timeout_(first_byte_timeout),
      peer_(std::move(peer)),
      moved_at_(now) {}

std::chrono::milliseconds ExchangeWatch::LimitOf(Phase phase) const {
  const bool patient =
      phase == Phase::kAwaitingAnswer && first_byte_timeout_ > std::chrono::milliseconds(0);
  return patient ? first_byte_timeout_ : context_.stall_timeout;
}

Status ExchangeWatch::Check(TimePoint now, Phase phase, std::uint64_t moved) {
  GODWIT_RETURN_IF_ERROR(CheckContext(context_, now));
  if (phase != phase_ || moved != moved_) {
    phase_ = phase;
    moved_ = moved;
    moved_at_ = now;
  }
  if (phase == Phase::kConnecting || now - moved_at_ < LimitOf(phase)) return Status::Ok();
  const double seconds = std::chrono::duration<double>(LimitOf(phase)).count();
  return Status(ErrorKind::kTimeout,
                fmt::format("{} did not {} for {:g} s", peer_,
                            phase == Phase::kAwaitingAnswer ? "answer" : "move a byte", seconds));
}

bool ExchangeWatch::Idle(TimePoint now) const {
  return phase_ == Phase::kMoving && now - moved_at_ >= kCheckInterval;
}

std::chrono::milliseconds ExchangeWatch::NextCheckIn(TimePoint now) const {
  TimePoint next = now + kCheckInterval;
  if (phase_ != Phase::kConnecting) next = std::min(next, moved_at_ + LimitOf(phase_));
  if (context_.deadline) next = std::min(next, *context_.deadline);
  // Rounded up, so that the limit has passed when the sleep ends.
  return std::chrono::ceil<std::chrono::milliseconds>(std::max(next - now, TimePoint::duration(0)));
}

}  // namespace godwit

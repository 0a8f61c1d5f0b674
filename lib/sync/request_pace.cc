#include "lib/sync/request_pace.h"

#include <algorithm>
#include <cmath>

namespace godwit {
namespace {

using Seconds = std::chrono::duration<double>;

// Over so long what was accepted is averaged.
constexpr double kMemory = 0.5;
constexpr double kBelow = 0.97;  // Of what was accepted.
// A machine that was busy elsewhere has sent less than was accepted: what is known sinks slowly.
constexpr double kForgets = 0.8;
constexpr double kFreeAfter = 60;
// A second, in the first second without a refusal; more with every further one.
constexpr double kGrowth = 0.05;
// While all is refused: this part of the good rate, never less than kRateMin.
constexpr double kTrickle = 0.05;
constexpr double kRateMin = 1;
// Beginnings that were missed are made good for so long: a busy machine wakes a thread as late.
constexpr double kBurst = 0.02;
// A service that has just refused gets a rest, in which its own count recovers.
constexpr double kRest = 0.02;

double Since(RequestPace::TimePoint then, RequestPace::TimePoint now) {
  return std::max(0.0, Seconds(now - then).count());
}

}  // namespace

double RequestPace::Accepted(TimePoint now) const {
  if (!first_) return 0;
  const double age = std::max(0.01, Since(*first_, now));
  return weight_ * std::exp(-Since(weighed_, now) / kMemory) / (1 - std::exp(-age / kMemory));
}

void RequestPace::OnAccepted(TimePoint now) {
  if (!first_) first_ = now;
  weight_ = weight_ * std::exp(-Since(weighed_, now) / kMemory) + 1 / kMemory;
  weighed_ = now;
  if (!paced_ || accepted_since_) return;
  accepted_since_ = true;
  Advance(now);
  rate_ = std::max(rate_, good_ / 2);
}

void RequestPace::OnThrottled(TimePoint now, TimePoint sent) {
  if (paced_ && sent <= lowered_) return;
  Advance(now);
  Lower(now);
  paced_ = true;
  advanced_ = lowered_ = now;
  accepted_since_ = false;
  tokens_ = -std::max(1.0, rate_ * kRest);
}

void RequestPace::Lower(TimePoint now) {
  const double accepted = Accepted(now);
  if (!paced_) {
    good_ = accepted;
    rate_ = accepted * kBelow;
  } else if (accepted_since_) {
    good_ = std::max(accepted, good_ * kForgets);
    rate_ = std::clamp(accepted * kBelow, rate_ / 2, rate_ * kBelow);
  } else {
    rate_ = std::max(rate_ / 2, good_ * kTrickle);
  }
  rate_ = std::max(rate_, kRateMin);
}

void RequestPace::Advance(TimePoint now) {
  if (!paced_) return;
  const double passed = Since(advanced_, now);
  const double quiet = Since(lowered_, now);
  advanced_ = now;
  if (quiet > kFreeAfter) {
    paced_ = false;
    return;
  }
  tokens_ = std::min(tokens_ + rate_ * passed, 1 + rate_ * kBurst);
  if (!accepted_since_) return;
  const double known = good_ * kBelow;
  if (rate_ < known) {
    rate_ = std::min(known, rate_ * std::exp2(passed));
  } else {
    rate_ *= 1 + passed * kGrowth * (1 + quiet * quiet);
  }
}

bool RequestPace::MayBegin(TimePoint now) {
  Advance(now);
  return !paced_ || tokens_ >= 1;
}

void RequestPace::OnBegun() {
  if (paced_) tokens_ -= 1;
}

RequestPace::TimePoint RequestPace::next() const {
  const double wait = (1 - tokens_) / rate_ + 1e-6;
  return advanced_ + std::chrono::duration_cast<TimePoint::duration>(Seconds(wait));
}

}  // namespace godwit

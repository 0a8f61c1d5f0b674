#include "lib/sync/concurrency.h"

#include <algorithm>

namespace godwit {
namespace {

constexpr std::uint32_t kStart = 8;
// What a request costs beside its bytes, in bytes of the same time: many small objects and few
// large ones are measured with one scale.
constexpr double kRequestWork = 64.0 * 1024;
// A window below this is noise.
constexpr std::chrono::milliseconds kWindowMin{100};
constexpr std::chrono::seconds kThrottlePause{1};
// What doubling must bring, and what counts as worse.
constexpr double kGain = 1.15;
constexpr double kLoss = 0.85;
constexpr double kLatencyInflation = 2.5;

double Seconds(AdaptiveLimit::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

AdaptiveLimit::AdaptiveLimit(std::optional<std::uint32_t> fixed, std::uint32_t max)
    : limit_(std::clamp(fixed.value_or(kStart), 1U, std::max(max, 1U))),
      max_(fixed ? limit_ : std::max(max, 1U)),
      fixed_(fixed.has_value()),
      doubling_(!fixed_) {}

void AdaptiveLimit::OpenWindow(TimePoint now) {
  window_start_ = now;
  window_count_ = 0;
  window_saturated_ = 0;
  window_work_ = 0;
  window_latency_ = {};
}

void AdaptiveLimit::OnDone(TimePoint now, Duration latency, std::uint64_t bytes, bool saturated) {
  if (!window_start_) OpenWindow(now - latency);
  ++window_count_;
  if (saturated) ++window_saturated_;
  window_work_ += kRequestWork + static_cast<double>(bytes);
  window_latency_ += latency;
  if (window_count_ >= 2 * limit_ && now - *window_start_ >= kWindowMin) EndWindow(now);
}

void AdaptiveLimit::EndWindow(TimePoint now) {
  const double goodput = window_work_ / Seconds(now - *window_start_);
  const double latency = Seconds(window_latency_) / window_count_;
  const bool meaningful = window_saturated_ * 2 >= window_count_;
  OpenWindow(now);
  if (!meaningful) return;
  if (throttled_at_ && now - *throttled_at_ < kThrottlePause) return;

  if (best_goodput_ == 0 || goodput >= best_goodput_ * kGain) {
    best_goodput_ = goodput;
    best_latency_ = latency;
    limit_ = std::min(max_, doubling_ ? limit_ * 2 : limit_ + 1);
    return;
  }
  const bool inflated = latency > best_latency_ * kLatencyInflation;
  if (goodput < best_goodput_ * kLoss || inflated) {
    limit_ = std::max(1U, limit_ - std::max(1U, limit_ / 4));
    // The service or the network may have become slower for good: what was best fades.
    best_goodput_ = goodput;
    best_latency_ = latency;
  } else if (!doubling_) {
    limit_ = std::min(max_, limit_ + 1);
  }
  doubling_ = false;
}

void AdaptiveLimit::OnThrottled(TimePoint now) {
  if (throttled_at_ && now - *throttled_at_ < kThrottlePause) return;
  throttled_at_ = now;
  doubling_ = false;
  best_goodput_ = 0;
  limit_ = std::max(1U, limit_ / 2);
  OpenWindow(now);
}

}  // namespace godwit

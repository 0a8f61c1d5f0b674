#include "lib/auth/token_cache.h"

#include <chrono>
#include <utility>

namespace godwit {
namespace {

constexpr std::chrono::minutes kRefreshBefore{5};
constexpr std::chrono::milliseconds kStopCheck{100};

// A token that ends within this time may end on the way.
constexpr std::chrono::seconds kLeast{10};

}  // namespace

TokenCache::TokenCache(Fetch fetch, const Clock& clock) : fetch_(std::move(fetch)), clock_(clock) {}

Result<Secret> TokenCache::Get(const CallContext& context) {
  std::unique_lock lock(mutex_);
  const Timestamp now = clock_.WallNow();
  const bool usable = current_.has_value() && now + kLeast < current_->expires;
  if (usable) {
    const Timestamp refresh = current_->refresh_from.value_or(current_->expires - kRefreshBefore);
    if (now < refresh || fetching_) return current_->token;
  }
  if (fetching_) return Await(context, lock);
  Secret old = usable ? current_->token : Secret();
  Result<Secret> fetched = FetchNow(context, lock);
  // The old one still serves; the next call tries again.
  if (!fetched.ok() && usable) return old;
  return fetched;
}

Result<Secret> TokenCache::Replace(const CallContext& context, const Secret& refused) {
  std::unique_lock lock(mutex_);
  if (current_.has_value() && current_->token != refused) return current_->token;
  if (fetching_) return Await(context, lock);
  current_.reset();
  return FetchNow(context, lock);
}

Result<Secret> TokenCache::Await(const CallContext& context, std::unique_lock<std::mutex>& lock) {
  const std::uint64_t seen = fetches_;
  while (fetches_ == seen) {
    turn_.wait_for(lock, kStopCheck);
    if (context.stop.stop_requested()) return Status(ErrorKind::kCancelled, "stopped");
    if (context.deadline.has_value() && std::chrono::steady_clock::now() >= *context.deadline) {
      return Status(ErrorKind::kTimeout, "the deadline has passed");
    }
  }
  if (!failure_.ok()) return failure_;
  return current_->token;
}

Result<Secret> TokenCache::FetchNow(const CallContext& context,
                                    std::unique_lock<std::mutex>& lock) {
  fetching_ = true;
  lock.unlock();
  Result<AccessToken> fetched = fetch_(context);
  lock.lock();
  fetching_ = false;
  ++fetches_;
  failure_ = fetched.status();
  if (fetched.ok()) current_ = std::move(*fetched);
  turn_.notify_all();
  if (!failure_.ok()) return failure_;
  return current_->token;
}

}  // namespace godwit

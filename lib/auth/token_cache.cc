#include "lib/auth/token_cache.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace godwit {
namespace {

// Metadata servers give the old token again until five minutes before its end.
constexpr std::chrono::minutes kRefreshBefore{4};
constexpr std::chrono::seconds kBetweenFailures{30};
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
    if (now < *current_->refresh_from || fetching_) return current_->token;
  }
  if (fetching_) return Await(context, lock);
  Secret old = usable ? current_->token : Secret();
  Result<Secret> fetched = FetchNow(context, lock);
  if (fetched.ok() || !usable) return fetched;
  // The old one still serves, for a while without another question.
  if (current_.has_value()) current_->refresh_from = now + kBetweenFailures;
  return old;
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
  if (fetched.ok()) {
    current_ = std::move(*fetched);
    const auto life = current_->expires - clock_.WallNow();
    const auto before = std::min<Timestamp::duration>(kRefreshBefore, life / 2);
    if (!current_->refresh_from) current_->refresh_from = current_->expires - before;
  }
  turn_.notify_all();
  if (!failure_.ok()) return failure_;
  return current_->token;
}

}  // namespace godwit

#include "lib/auth/token_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace godwit {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class SetClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override { return {}; }
  Timestamp WallNow() const override { return Timestamp(seconds(now_s.load())); }
  std::atomic<std::int64_t> now_s{1'700'000'000};
};

// Gives out "t1", "t2", ... of an hour each.
struct Source {
  TokenCache::Fetch Fetch() {
    return [this](const CallContext&) -> Result<AccessToken> {
      const int number = ++fetches;
      if (fails) return Status(ErrorKind::kUnavailable, "no token service");
      AccessToken token;
      token.token = Secret("t" + std::to_string(number));
      token.expires = clock.WallNow() + life;
      return token;
    };
  }
  SetClock clock;
  std::chrono::seconds life = minutes(60);
  std::atomic<int> fetches{0};
  std::atomic<bool> fails{false};
};

std::string Text(const Result<Secret>& token) {
  return token.ok() ? token->Reveal() : std::string(ErrorKindName(token.status().kind()));
}

TEST(TokenCache, OneTokenServesUntilFourMinutesBeforeItsEnd) {
  Source source;
  TokenCache cache(source.Fetch(), source.clock);
  EXPECT_EQ(Text(cache.Get({})), "t1");
  source.clock.now_s += 55 * 60;
  EXPECT_EQ(Text(cache.Get({})), "t1");
  source.clock.now_s += 2 * 60;
  EXPECT_EQ(Text(cache.Get({})), "t2");
}

TEST(TokenCache, FailedRenewalLeavesTheOldTokenInUseWhileItLasts) {
  Source source;
  TokenCache cache(source.Fetch(), source.clock);
  EXPECT_EQ(Text(cache.Get({})), "t1");
  source.fails = true;
  source.clock.now_s += 57 * 60;
  EXPECT_EQ(Text(cache.Get({})), "t1");
  EXPECT_EQ(source.fetches, 2);
  EXPECT_EQ(Text(cache.Get({})), "t1");
  EXPECT_EQ(source.fetches, 2) << "a token service that is down is not asked with every request";
  source.clock.now_s += 31;
  EXPECT_EQ(Text(cache.Get({})), "t1");
  EXPECT_EQ(source.fetches, 3);
  source.clock.now_s += 3 * 60;
  EXPECT_EQ(Text(cache.Get({})), "unavailable");
}

TEST(TokenCache, TokenOfAShortLifeServesForHalfOfIt) {
  Source source;
  source.life = std::chrono::seconds(60);
  TokenCache cache(source.Fetch(), source.clock);
  EXPECT_EQ(Text(cache.Get({})), "t1");
  source.clock.now_s += 29;
  EXPECT_EQ(Text(cache.Get({})), "t1");
  source.clock.now_s += 2;
  EXPECT_EQ(Text(cache.Get({})), "t2");
}

TEST(TokenCache, RefusedTokenIsReplacedOnceForAllWhoUsedIt) {
  Source source;
  TokenCache cache(source.Fetch(), source.clock);
  const Secret refused = *cache.Get({});
  EXPECT_EQ(Text(cache.Replace({}, refused)), "t2");
  EXPECT_EQ(Text(cache.Replace({}, refused)), "t2");
  EXPECT_EQ(source.fetches, 2);
}

TEST(TokenCache, ManyThreadsShareOneFetch) {
  Source source;
  const TokenCache::Fetch fetch = source.Fetch();
  std::latch all_there(8);
  TokenCache cache(
      [&](const CallContext& context) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        return fetch(context);
      },
      source.clock);
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        all_there.arrive_and_wait();
        if (Text(cache.Get({})) == "t1") ++right;
      });
    }
  }
  EXPECT_EQ(right, 8);
  EXPECT_EQ(source.fetches, 1);
}

TEST(TokenCache, StoppedCallerDoesNotWaitForAnothersFetch) {
  Source source;
  std::latch begun(1);
  std::latch go_on(1);
  const TokenCache::Fetch fetch = source.Fetch();
  TokenCache cache(
      [&](const CallContext& context) {
        begun.count_down();
        go_on.wait();
        return fetch(context);
      },
      source.clock);
  std::jthread first([&] { (void)cache.Get({}); });
  begun.wait();
  std::stop_source stop;
  stop.request_stop();
  CallContext stopped;
  stopped.stop = stop.get_token();
  EXPECT_EQ(Text(cache.Get(stopped)), "cancelled");
  go_on.count_down();
}

}  // namespace
}  // namespace godwit

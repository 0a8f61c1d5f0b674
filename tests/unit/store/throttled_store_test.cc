#include "lib/store/throttled_store.h"

#include <gtest/gtest.h>

#include "lib/policy/permit_issuer.h"
#include "lib/store/memory/memory_store.h"
#include "tests/contract/manual_clock.h"
#include "tests/contract/test_bytes.h"

namespace godwit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(TokenBucket, HoldsOneSecondsWorthAndThenTheRate) {
  ManualClock clock;
  TokenBucket bucket(10, clock);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(bucket.Take(1), milliseconds(0));
  EXPECT_GE(bucket.Take(1), milliseconds(100));
  clock.Advance(milliseconds(250));
  EXPECT_EQ(bucket.Take(1), milliseconds(0));
  clock.Advance(seconds(60));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(bucket.Take(1), milliseconds(0));
  EXPECT_GT(bucket.Take(1), milliseconds(0)) << "an idle minute is no credit";
}

TEST(TokenBucket, LargePieceRunsIntoDebt) {
  ManualClock clock;
  TokenBucket bucket(1000, clock);
  const milliseconds wait = bucket.Take(6000);
  EXPECT_GE(wait, seconds(5));
  EXPECT_LE(wait, milliseconds(5002));
}

TEST(TokenBucket, ZeroIsNoLimit) {
  ManualClock clock;
  TokenBucket bucket(0, clock);
  EXPECT_EQ(bucket.Take(1ULL << 60), milliseconds(0));
}

class Throttled : public testing::Test {
 protected:
  ThrottledStore Limit(ThrottleLimits limits) {
    return ThrottledStore(memory_, limits, clock_, [this](const CallContext&, milliseconds delay) {
      slept_ += delay;
      clock_.Advance(delay);
    });
  }

  CallContext context_;
  MemoryStore memory_;
  ManualClock clock_;
  milliseconds slept_{0};
};

TEST_F(Throttled, RequestsKeepTheirRate) {
  ThrottledStore store = Limit({0, 5});
  for (int i = 0; i < 25; ++i) EXPECT_FALSE(store.Head(context_, "missing").ok());
  EXPECT_GE(slept_, seconds(4));
  EXPECT_LE(slept_, milliseconds(4100));
}

TEST_F(Throttled, BytesOfBothDirectionsKeepTheirRate) {
  ThrottledStore store = Limit({100'000, 0});
  const std::string bytes = PatternBytes(500'000);
  MemorySource body(AsBytes(bytes));
  ASSERT_TRUE(store.Put(context_, PermitIssuer().Judge("k"), "k", {}, body).ok());
  EXPECT_GE(slept_, seconds(4));
  CollectSink sink;
  ASSERT_TRUE(store.Get(context_, "k", {}, sink).ok());
  EXPECT_TRUE(sink.bytes == bytes);
  EXPECT_GE(slept_, seconds(9));
  EXPECT_LE(slept_, milliseconds(10'100));
}

}  // namespace
}  // namespace godwit

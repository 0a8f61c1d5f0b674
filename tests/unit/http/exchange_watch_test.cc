#include "lib/http/exchange_watch.h"

#include <gtest/gtest.h>

namespace godwit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Phase = ExchangeWatch::Phase;

// Time is counted from `start_`; nothing here waits.
class ExchangeWatchTest : public ::testing::Test {
 protected:
  ExchangeWatchTest() { context_.stall_timeout = seconds(10); }
  ExchangeWatch Make(milliseconds first_byte) { return {context_, first_byte, "h:80", start_}; }

  CallContext context_;
  const ExchangeWatch::TimePoint start_{seconds(1000)};
};

TEST_F(ExchangeWatchTest, MovingBytesKeepAnExchangeAlive) {
  ExchangeWatch watch = Make(milliseconds(0));
  for (int i = 1; i < 10; ++i) {
    EXPECT_TRUE(
        watch.Check(start_ + seconds(9 * i), Phase::kMoving, static_cast<unsigned>(i)).ok());
  }
  EXPECT_TRUE(watch.Check(start_ + seconds(90), Phase::kMoving, 9).ok());
  const Status status = watch.Check(start_ + seconds(91), Phase::kMoving, 9);
  ASSERT_TRUE(status.Is(ErrorKind::kTimeout));
  EXPECT_EQ(status.message(), "h:80 did not move a byte for 10 s");
}

TEST_F(ExchangeWatchTest, AnswerMayTakeLongerThanAStall) {
  ExchangeWatch watch = Make(seconds(300));
  ASSERT_TRUE(watch.Check(start_ + seconds(1), Phase::kMoving, 5).ok());
  EXPECT_TRUE(watch.Check(start_ + seconds(2), Phase::kAwaitingAnswer, 5).ok());
  EXPECT_TRUE(watch.Check(start_ + seconds(301), Phase::kAwaitingAnswer, 5).ok());
  const Status status = watch.Check(start_ + seconds(302), Phase::kAwaitingAnswer, 5);
  ASSERT_TRUE(status.Is(ErrorKind::kTimeout));
  EXPECT_EQ(status.message(), "h:80 did not answer for 300 s");
}

TEST_F(ExchangeWatchTest, StallAppliesToTheAnswerUnlessToldOtherwise) {
  ExchangeWatch watch = Make(milliseconds(0));
  ASSERT_TRUE(watch.Check(start_, Phase::kAwaitingAnswer, 5).ok());
  EXPECT_TRUE(watch.Check(start_ + milliseconds(9'999), Phase::kAwaitingAnswer, 5).ok());
  EXPECT_FALSE(watch.Check(start_ + seconds(10), Phase::kAwaitingAnswer, 5).ok());
}

TEST_F(ExchangeWatchTest, BodyAfterALongWaitHasTheStallTimeout) {
  ExchangeWatch watch = Make(seconds(300));
  ASSERT_TRUE(watch.Check(start_, Phase::kAwaitingAnswer, 5).ok());
  ASSERT_TRUE(watch.Check(start_ + seconds(200), Phase::kMoving, 6).ok());
  EXPECT_TRUE(watch.Check(start_ + seconds(209), Phase::kMoving, 6).ok());
  EXPECT_FALSE(watch.Check(start_ + seconds(210), Phase::kMoving, 6).ok());
}

TEST_F(ExchangeWatchTest, ConnectingHasNoStallTimeout) {
  ExchangeWatch watch = Make(milliseconds(1));
  EXPECT_TRUE(watch.Check(start_ + seconds(3600), Phase::kConnecting, 0).ok());
  EXPECT_TRUE(watch.Check(start_ + seconds(3601), Phase::kMoving, 0).ok());
}

TEST_F(ExchangeWatchTest, DeadlineIsExact) {
  context_.deadline = start_ + seconds(5);
  ExchangeWatch watch = Make(milliseconds(0));
  EXPECT_TRUE(watch.Check(start_ + milliseconds(4'999), Phase::kMoving, 1).ok());
  EXPECT_TRUE(watch.Check(start_ + seconds(5), Phase::kMoving, 2).Is(ErrorKind::kTimeout));
}

TEST_F(ExchangeWatchTest, StopComesBeforeEverything) {
  std::stop_source source;
  context_.stop = source.get_token();
  context_.deadline = start_;
  ExchangeWatch watch = Make(milliseconds(0));
  source.request_stop();
  EXPECT_TRUE(watch.Check(start_ + seconds(60), Phase::kMoving, 0).Is(ErrorKind::kCancelled));
}

TEST_F(ExchangeWatchTest, NextCheckIsAtTheNearestLimit) {
  ExchangeWatch watch = Make(milliseconds(0));
  ASSERT_TRUE(watch.Check(start_, Phase::kMoving, 1).ok());
  EXPECT_EQ(watch.NextCheckIn(start_), milliseconds(1000));
  EXPECT_EQ(watch.NextCheckIn(start_ + milliseconds(9'700)), milliseconds(300));
  EXPECT_EQ(watch.NextCheckIn(start_ + std::chrono::microseconds(9'999'500)), milliseconds(1));
  EXPECT_EQ(watch.NextCheckIn(start_ + seconds(11)), milliseconds(0));
  context_.deadline = start_ + milliseconds(40);
  EXPECT_EQ(watch.NextCheckIn(start_), milliseconds(40));
}

}  // namespace
}  // namespace godwit

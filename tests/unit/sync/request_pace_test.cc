#include "lib/sync/request_pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>

namespace godwit {
namespace {

using TimePoint = RequestPace::TimePoint;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TimePoint At(double s) {
  return TimePoint{} + duration_cast<TimePoint::duration>(std::chrono::duration<double>(1000 + s));
}

// A service that accepts `rate` requests a second, and a client that always has `places` under way
// unless its pace forbids it. Advances in steps of a millisecond.
class Service {
 public:
  Service(double rate, std::size_t places) : rate_(rate), places_(places) {}

  void Run(double until) {
    for (; now_ < until; now_ += 0.001) Step();
  }
  void SetRate(double rate) { rate_ = rate; }
  // The client runs for `runs` seconds, then not for `pauses`, and so on.
  void Interrupt(double runs, double pauses) { runs_ = runs, pauses_ = pauses; }
  void ResetCounts() { accepted = refused = 0; }

  int accepted = 0;
  int refused = 0;
  RequestPace pace;

 private:
  struct Request {
    double sent = 0;
    bool fine = false;
  };

  void Step() {
    tokens_ = std::min(5.0, tokens_ + rate_ / 1000);
    while (!under_way_.empty() && under_way_.front().sent + kLatency <= now_) {
      const Request request = under_way_.front();
      under_way_.pop_front();
      ++(request.fine ? accepted : refused);
      if (request.fine) {
        pace.OnAccepted(At(now_));
      } else {
        pace.OnThrottled(At(now_), At(request.sent));
      }
    }
    const bool awake = pauses_ == 0 || std::fmod(now_, runs_ + pauses_) < runs_;
    while (awake && under_way_.size() < places_ && pace.MayBegin(At(now_))) {
      pace.OnBegun();
      const bool fine = tokens_ >= 1;
      if (fine) tokens_ -= 1;
      under_way_.push_back({now_, fine});
    }
  }

  static constexpr double kLatency = 0.004;
  double rate_;
  std::size_t places_;
  double tokens_ = 5;
  double now_ = 0;
  double runs_ = 0;
  double pauses_ = 0;
  std::deque<Request> under_way_;
};

TEST(RequestPaceTest, IsFreeUntilSomethingIsRefused) {
  RequestPace pace;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(pace.MayBegin(At(0)));
    pace.OnBegun();
  }
  EXPECT_FALSE(pace.rate());
  pace.OnThrottled(At(1), At(0.5));
  EXPECT_TRUE(pace.rate());
  EXPECT_FALSE(pace.MayBegin(At(1)));
}

TEST(RequestPaceTest, UsesWhatTheServiceAcceptsWithFewRefusals) {
  for (const double rate : {20.0, 100.0, 1000.0}) {
    for (const std::size_t places : {1U, 8U, 64U}) {
      if (static_cast<double>(places) / 0.005 < rate) continue;  // It would never be refused.
      Service service(rate, places);
      service.Run(2);
      EXPECT_LE(service.refused, 0.6 * rate + 5.0 * static_cast<double>(places)) << rate;
      service.ResetCounts();
      service.Run(32);
      EXPECT_GE(service.accepted, 0.9 * rate * 30) << rate << " " << places;
      EXPECT_LE(service.refused, 0.1 * service.accepted) << rate << " " << places;
    }
  }
}

TEST(RequestPaceTest, BusyMachineThatWakesItLateLosesLittle) {
  Service service(200, 64);
  service.Interrupt(0.013, 0.015);
  service.Run(2);
  service.ResetCounts();
  service.Run(32);
  EXPECT_GE(service.accepted, 0.9 * 200 * 30);
  EXPECT_LE(service.refused, 0.1 * service.accepted);
}

TEST(RequestPaceTest, NoHerdFollowsAPause) {
  Service service(100, 16);
  service.Run(5);
  service.SetRate(0);
  service.ResetCounts();
  service.Run(8);
  EXPECT_LE(service.refused, 100);
  service.SetRate(100);
  service.ResetCounts();
  service.Run(10);
  EXPECT_LE(service.refused, 20);
  EXPECT_GE(service.accepted, 100);
  service.ResetCounts();
  service.Run(20);
  EXPECT_GE(service.accepted, 900);
}

TEST(RequestPaceTest, FollowsAServiceThatGrowsOrShrinks) {
  Service service(50, 32);
  service.Run(10);
  service.SetRate(500);
  service.Run(50);
  service.ResetCounts();
  service.Run(60);
  EXPECT_GE(service.accepted, 4000);
  service.SetRate(25);
  service.Run(75);
  service.ResetCounts();
  service.Run(95);
  EXPECT_GE(service.accepted, 425);
  EXPECT_LE(service.refused, 75);
}

TEST(RequestPaceTest, IsGivenUpAfterAMinuteWithoutARefusal) {
  RequestPace pace;
  pace.OnAccepted(At(0));
  pace.OnThrottled(At(1), At(0.5));
  EXPECT_TRUE(pace.rate());
  EXPECT_TRUE(pace.MayBegin(At(62)));
  EXPECT_FALSE(pace.rate());
}

TEST(RequestPaceTest, SaysWhenTheNextMayBegin) {
  RequestPace pace;
  pace.OnAccepted(At(0));
  pace.OnThrottled(At(1), At(0.5));
  EXPECT_FALSE(pace.MayBegin(At(1)));
  const TimePoint next = pace.next();
  EXPECT_FALSE(pace.MayBegin(next - milliseconds(5)));
  EXPECT_TRUE(pace.MayBegin(next + microseconds(10)));
}

TEST(RequestPaceTest, WhatWasUnderWayLowersItOnce) {
  RequestPace pace;
  for (int i = 0; i < 100; ++i) pace.OnAccepted(At(0.01 * i));
  pace.OnThrottled(At(1), At(0.99));
  const double rate = *pace.rate();
  for (int i = 0; i < 7; ++i) pace.OnThrottled(At(1.001), At(0.995));
  EXPECT_NEAR(*pace.rate(), rate, rate * 0.01);
  pace.OnThrottled(At(1.2), At(1.1));
  EXPECT_LT(*pace.rate(), rate * 0.96);
}

}  // namespace
}  // namespace godwit

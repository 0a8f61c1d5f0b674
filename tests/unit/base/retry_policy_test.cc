#include "lib/base/retry_policy.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace godwit {
namespace {

using std::chrono::milliseconds;

Status Failure(ErrorKind kind) { return Status(kind, "test"); }

TEST(IsRetryable, HoldsForExactlyThePassingKinds) {
  for (const ErrorKind kind :
       {ErrorKind::kConflict, ErrorKind::kThrottled, ErrorKind::kUnavailable,
        ErrorKind::kUnreachable, ErrorKind::kTimeout, ErrorKind::kCorrupted}) {
    EXPECT_TRUE(IsRetryable(Failure(kind))) << ErrorKindName(kind);
  }
  for (const ErrorKind kind :
       {ErrorKind::kNotFound, ErrorKind::kContainerNotFound, ErrorKind::kAlreadyExists,
        ErrorKind::kPreconditionFailed, ErrorKind::kPermissionDenied, ErrorKind::kUnauthenticated,
        ErrorKind::kUntrusted, ErrorKind::kCancelled, ErrorKind::kUnsupported,
        ErrorKind::kResidencyDenied, ErrorKind::kArchived, ErrorKind::kBlocked, ErrorKind::kNoSpace,
        ErrorKind::kLocalIo, ErrorKind::kInvalidArgument, ErrorKind::kNotModified,
        ErrorKind::kInternal}) {
    EXPECT_FALSE(IsRetryable(Failure(kind))) << ErrorKindName(kind);
  }
  EXPECT_FALSE(IsRetryable(Status::Ok()));
}

// The least and the greatest of many delays after `attempts`.
struct Range {
  milliseconds least;
  milliseconds greatest;
};

Range DelaysAfter(const RetryPolicy& policy, const Status& status, int attempts) {
  Random random(1);
  std::vector<milliseconds> delays;
  for (int i = 0; i < 2000; ++i) delays.push_back(policy.Next(status, attempts, random).value());
  const auto [least, greatest] = std::minmax_element(delays.begin(), delays.end());
  return {*least, *greatest};
}

// The ceiling doubles with each attempt; the delay fills the whole range below it.
TEST(RetryPolicy, DelayIsUniformBelowADoublingCeiling) {
  RetryPolicy policy;
  policy.repeats_max = 50;
  const Status status = Failure(ErrorKind::kUnavailable);
  milliseconds ceiling = policy.base;
  for (const int attempts : {1, 2, 3, 4, 5, 6, 7, 8}) {
    const Range range = DelaysAfter(policy, status, attempts);
    EXPECT_LT(range.greatest, ceiling) << attempts;
    EXPECT_GT(range.greatest, ceiling * 98 / 100 - milliseconds(2)) << attempts;
    EXPECT_LT(range.least, ceiling * 2 / 100 + milliseconds(2)) << attempts;
    ceiling *= 2;
  }
}

TEST(RetryPolicy, DelayIsNeverOverItsMaximum) {
  RetryPolicy policy;
  policy.repeats_max = 2'000'000'000;
  for (const int attempts : {9, 10, 31, 32, 33, 64, 1'000'000'000}) {
    const Range range = DelaysAfter(policy, Failure(ErrorKind::kTimeout), attempts);
    EXPECT_LT(range.greatest, policy.delay_max) << attempts;
    EXPECT_GT(range.greatest, policy.delay_max * 98 / 100) << attempts;
  }
}

TEST(RetryPolicy, ThrottlingHasTheLargerBase) {
  const RetryPolicy policy;
  const Range range = DelaysAfter(policy, Failure(ErrorKind::kThrottled), 1);
  EXPECT_LT(range.greatest, policy.throttle_base);
  EXPECT_GT(range.greatest, policy.throttle_base * 98 / 100);
}

TEST(RetryPolicy, AFinalFailureIsNotRepeated) {
  Random random(1);
  EXPECT_EQ(RetryPolicy().Next(Failure(ErrorKind::kNotFound), 1, random), std::nullopt);
  EXPECT_EQ(RetryPolicy().Next(Failure(ErrorKind::kCancelled), 1, random), std::nullopt);
  EXPECT_EQ(RetryPolicy().Next(Status::Ok(), 1, random), std::nullopt);
}

TEST(RetryPolicy, RepeatsAreLimited) {
  Random random(1);
  RetryPolicy policy;
  policy.repeats_max = 3;
  const Status status = Failure(ErrorKind::kUnavailable);
  EXPECT_TRUE(policy.Next(status, 3, random));
  EXPECT_FALSE(policy.Next(status, 4, random));
  policy.repeats_max = 0;
  EXPECT_FALSE(policy.Next(status, 1, random));
}

TEST(RetryPolicy, TheServicesWishIsTheLeast) {
  const RetryPolicy policy;
  const Status status = Failure(ErrorKind::kThrottled).WithRetryAfter(milliseconds(700));
  const Range range = DelaysAfter(policy, status, 1);
  EXPECT_EQ(range.least, milliseconds(700));
  EXPECT_GT(range.greatest, milliseconds(900));
}

TEST(RetryPolicy, TheServicesWishIsHonouredForTwoMinutesAtMost) {
  const Status status = Failure(ErrorKind::kUnavailable).WithRetryAfter(std::chrono::hours(5));
  const Range range = DelaysAfter(RetryPolicy(), status, 1);
  EXPECT_EQ(range.least, milliseconds(120'000));
  EXPECT_EQ(range.greatest, milliseconds(120'000));
}

TEST(RetryPolicy, ImmediateNeverWaits) {
  Random random(1);
  const RetryPolicy policy = RetryPolicy::Immediate(2);
  const Status status = Failure(ErrorKind::kThrottled).WithRetryAfter(milliseconds(700));
  EXPECT_EQ(policy.Next(status, 1, random), milliseconds(0));
  EXPECT_EQ(policy.Next(status, 2, random), milliseconds(0));
  EXPECT_EQ(policy.Next(status, 3, random), std::nullopt);
}

}  // namespace
}  // namespace godwit

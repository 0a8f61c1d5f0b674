#include "lib/base/byte_budget.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace godwit {
namespace {

TEST(ByteBudget, GivesUpToItsLimit) {
  ByteBudget budget(100);
  EXPECT_TRUE(budget.TryTake(60));
  EXPECT_TRUE(budget.TryTake(40));
  EXPECT_FALSE(budget.TryTake(1));
  EXPECT_EQ(budget.taken_bytes(), 100u);
  EXPECT_EQ(budget.limit_bytes(), 100u);
}

TEST(ByteBudget, ARefusalTakesNothing) {
  ByteBudget budget(100);
  ASSERT_TRUE(budget.TryTake(60));
  EXPECT_FALSE(budget.TryTake(41));
  EXPECT_EQ(budget.taken_bytes(), 60u);
  EXPECT_TRUE(budget.TryTake(40));
}

TEST(ByteBudget, WhatIsGivenBackCanBeTakenAgain) {
  ByteBudget budget(100);
  ASSERT_TRUE(budget.TryTake(100));
  budget.Give(30);
  EXPECT_EQ(budget.taken_bytes(), 70u);
  EXPECT_TRUE(budget.TryTake(30));
  EXPECT_FALSE(budget.TryTake(1));
}

TEST(ByteBudget, ARequestOverTheLimitRunsAlone) {
  ByteBudget budget(100);
  ASSERT_TRUE(budget.TryTake(1));
  EXPECT_FALSE(budget.TryTake(101));
  budget.Give(1);
  EXPECT_TRUE(budget.TryTake(101));
  EXPECT_FALSE(budget.TryTake(1));
  budget.Give(101);
  EXPECT_TRUE(budget.TryTake(100));
}

TEST(ByteBudget, HugeRequestsDoNotWrapAround) {
  ByteBudget budget(100);
  ASSERT_TRUE(budget.TryTake(50));
  EXPECT_FALSE(budget.TryTake(UINT64_MAX));
  EXPECT_FALSE(budget.TryTake(UINT64_MAX - 49));
  EXPECT_EQ(budget.taken_bytes(), 50u);
}

TEST(ByteBudget, TakingNothingAlwaysSucceedsWhileThereIsRoom) {
  ByteBudget budget(0);
  EXPECT_TRUE(budget.TryTake(0));
  EXPECT_TRUE(budget.TryTake(5));
  EXPECT_FALSE(budget.TryTake(1));
}

}  // namespace
}  // namespace godwit

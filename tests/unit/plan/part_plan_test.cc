#include "lib/plan/part_plan.h"

#include <gtest/gtest.h>

#include <string>

#include "lib/base/random.h"

namespace godwit {
namespace {

constexpr std::uint64_t kKiB = 1ULL << 10;
constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;

Capabilities S3() {
  Capabilities target;
  target.service = "s3";
  return target;
}

std::string Plan(std::uint64_t size, std::optional<std::uint64_t> option = std::nullopt,
                 const Capabilities& target = S3()) {
  const Result<PartPlan> plan = PlanParts(size, option, target);
  if (!plan.ok()) return plan.status().message();
  if (!plan->multipart) return "whole";
  return std::to_string(plan->part_count) + " x " + std::to_string(plan->part_size_bytes / kMiB);
}

TEST(PartPlan, AutoGoesWholeUpToSixteenMebibytes) {
  EXPECT_EQ(Plan(0), "whole");
  EXPECT_EQ(Plan(1), "whole");
  EXPECT_EQ(Plan(16 * kMiB), "whole");
  EXPECT_EQ(Plan(16 * kMiB + 1), "2 x 16");
  EXPECT_EQ(Plan(200 * kMiB), "13 x 16");
}

TEST(PartPlan, AutoGrowsInStepsOfEightMebibytes) {
  EXPECT_EQ(Plan(9'000 * 16 * kMiB), "9000 x 16");
  EXPECT_EQ(Plan(9'000 * 16 * kMiB + 1), "6001 x 24");
  EXPECT_EQ(Plan(5 * 1'024 * kGiB), "8978 x 584");
}

// 9,000 parts of 50 TB would be larger than a part may be: then there are more of them.
TEST(PartPlan, FiftyTerabytesFitInTheLargestParts) {
  EXPECT_EQ(Plan(50'000'000'000'000), "9314 x 5120");
}

TEST(PartPlan, OptionIsKept) {
  EXPECT_EQ(Plan(8 * kMiB, 8 * kMiB), "whole");
  EXPECT_EQ(Plan(8 * kMiB + 1, 8 * kMiB), "2 x 8");
  EXPECT_EQ(Plan(64 * kMiB, 64 * kMiB), "whole");
}

TEST(PartPlan, NothingOverTheSinglePutLimitGoesWhole) {
  Capabilities target = S3();
  target.put_bytes_max = 32 * kMiB;
  EXPECT_EQ(Plan(64 * kMiB, 64 * kMiB, target), "1 x 64");
  EXPECT_EQ(Plan(32 * kMiB, 64 * kMiB, target), "whole");
}

TEST(PartPlan, ImpossibleOptionsNameOptionValueAndLimit) {
  EXPECT_EQ(Plan(0, 3 * kMiB), "--part-size 3MiB is below the minimum of 5MiB for s3");
  EXPECT_EQ(Plan(0, 0), "--part-size 0 is below the minimum of 5MiB for s3");
  EXPECT_EQ(Plan(0, 6 * kGiB), "--part-size 6GiB is above the maximum of 5GiB for s3");
  EXPECT_EQ(Plan(100'000 * kMiB, 5 * kMiB),
            "--part-size 5MiB needs 20000 parts for an object of 104857600000 bytes, s3 allows "
            "10000: use at least 10MiB");
  Capabilities gcs = S3();
  gcs.service = "gcs";
  gcs.part_granularity_bytes = 256 * kKiB;
  EXPECT_EQ(Plan(0, 5 * kMiB + 1, gcs),
            "--part-size 5242881 is not a multiple of 256KiB, as gcs needs");
  EXPECT_TRUE(PlanParts(0, 1, S3()).status().Is(ErrorKind::kInvalidArgument));
}

TEST(PartPlan, ObjectsOverTheLimitsAreUnsupported) {
  EXPECT_EQ(Plan(50'000'000'000'001),
            "an object of 50000000000001 bytes is over the limit of 50000000000000 bytes of s3");
  Capabilities target = S3();
  target.parts_max = 10;
  target.part_bytes_max = 100 * kMiB;
  EXPECT_EQ(Plan(1'000 * kMiB, std::nullopt, target), "10 x 100");
  EXPECT_EQ(Plan(1'000 * kMiB + 1, std::nullopt, target),
            "an object of 1048576001 bytes does not fit in 10 parts of at most 100MiB of s3");
  EXPECT_TRUE(PlanParts(1'001 * kMiB, std::nullopt, target).status().Is(ErrorKind::kUnsupported));
}

// What the finish of an upload checks: sizes of all parts but the last are equal and allowed,
// together they are the object, and there are not too many.
TEST(PartPlanProperty, PartsCoverTheObjectWithinAllLimits) {
  const std::uint64_t seed = RandomSeed();
  Random random(seed);
  int multipart = 0;
  for (int round = 0; round < 100'000; ++round) {
    Capabilities target = S3();
    target.part_granularity_bytes = random.Chance(0.3) ? 256 * kKiB : 1;
    target.parts_max = random.Chance(0.2) ? 50'000 : 10'000;
    const std::uint64_t size = random.Next() >> (random.Below(46) + 18);
    std::optional<std::uint64_t> option;
    if (random.Chance(0.4)) option = (random.Below(5'000) + 1) * 256 * kKiB;
    const Result<PartPlan> plan = PlanParts(size, option, target);
    if (!plan.ok()) continue;
    SCOPED_TRACE("seed " + std::to_string(seed) + " size " + std::to_string(size));
    if (option) {
      ASSERT_EQ(plan->part_size_bytes, *option);
    }
    if (!plan->multipart) {
      ASSERT_EQ(plan->part_count, 1u);
      ASSERT_LE(size, plan->part_size_bytes);
      ASSERT_LE(size, target.put_bytes_max);
      continue;
    }
    ++multipart;
    ASSERT_GE(plan->part_size_bytes, target.part_bytes_min);
    ASSERT_LE(plan->part_size_bytes, target.part_bytes_max);
    ASSERT_EQ(plan->part_size_bytes % target.part_granularity_bytes, 0u);
    ASSERT_LE(plan->part_count, target.parts_max);
    ASSERT_LT(plan->OffsetOf(plan->part_count - 1), size);
    ASSERT_GE(plan->OffsetOf(plan->part_count), size);
  }
  EXPECT_GT(multipart, 1'000);
}

TEST(PartPlanProperty, AutoNeverFailsUpToFiftyTerabytes) {
  const std::uint64_t seed = RandomSeed();
  Random random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const std::uint64_t size = random.Below(50'000'000'000'001);
    ASSERT_TRUE(PlanParts(size, std::nullopt, S3()).ok()) << "seed " << seed << " size " << size;
  }
}

}  // namespace
}  // namespace godwit

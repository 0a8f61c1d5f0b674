#include "lib/plan/delete_guard.h"

#include <gtest/gtest.h>

#include <string>

#include "lib/base/random.h"

namespace godwit {
namespace {

DeleteFacts Fine() {
  DeleteFacts facts;
  facts.source_complete = facts.target_complete = facts.source_exists = true;
  facts.source_keys = 300;
  facts.target_keys = 400;
  facts.candidates = 100;
  facts.target = "s3://lake/t1";
  return facts;
}

std::string Judge(const DeleteFacts& facts) {
  const DeletePermission permission = JudgeDeletes(facts);
  if (permission.allowed) return "allowed";
  return std::to_string(permission.exit_code) + " " + permission.message;
}

TEST(DeleteLimit, ParsesNumberPercentageAndAll) {
  EXPECT_EQ(DeleteLimit::Parse("100")->Allowed(400), 100u);
  EXPECT_EQ(DeleteLimit::Parse("0")->Allowed(400), 0u);
  EXPECT_EQ(DeleteLimit::Parse("10%")->Allowed(99), 9u);
  EXPECT_EQ(DeleteLimit::Parse("100%")->Allowed(7), 7u);
  EXPECT_EQ(DeleteLimit::Parse("all")->Allowed(7), std::nullopt);
  for (const char* bad : {"", "%", "-1", "+1", "1.5", "101%", "10 %", " 1", "ALL", "1e3", "5k",
                          "18446744073709551616"}) {
    EXPECT_FALSE(DeleteLimit::Parse(bad).has_value()) << bad;
  }
}

TEST(DeleteLimit, PrintsAsItIsWritten) {
  for (const char* text : {"100", "10%", "all", "0"}) {
    EXPECT_EQ(DeleteLimit::Parse(text)->ToString(), text);
  }
  EXPECT_EQ(DeleteLimit().ToString(), "25%");
}

TEST(DeleteLimit, FloorOfTwentyBelongsToTheDefaultOnly) {
  EXPECT_EQ(DeleteLimit().Allowed(0), 20u);
  EXPECT_EQ(DeleteLimit().Allowed(83), 20u);
  EXPECT_EQ(DeleteLimit().Allowed(84), 21u);
  EXPECT_EQ(DeleteLimit().Allowed(87), 21u);
  EXPECT_EQ(DeleteLimit::Parse("25%")->Allowed(40), 10u);
}

TEST(DeleteLimit, PercentagesAreExactForAnyCount) {
  const std::uint64_t seed = RandomSeed();
  Random random(seed);
  for (int round = 0; round < 100'000; ++round) {
    const std::uint64_t keys = random.Next() >> random.Below(64);
    const std::uint64_t percent = random.Below(101);
    const DeleteLimit limit{DeleteLimit::Kind::kPercent, percent};
    __extension__ using Wide = unsigned __int128;
    const auto exact = static_cast<std::uint64_t>(static_cast<Wide>(keys) * percent / 100);
    ASSERT_EQ(limit.Allowed(keys), exact) << "seed " << seed << " " << keys << " " << percent;
  }
}

TEST(JudgeDeletes, AllowsWhatIsProvenAndWithinTheCap) {
  EXPECT_EQ(Judge(Fine()), "allowed");
  DeleteFacts none = Fine();
  none.candidates = 0;
  none.failed_copies = 3;
  EXPECT_EQ(Judge(none), "allowed");
}

// I1: both listings complete.
TEST(JudgeDeletes, NeedsBothListingsCompleteI1) {
  DeleteFacts facts = Fine();
  facts.source_complete = false;
  EXPECT_EQ(Judge(facts),
            "7 deleting nothing: the listing of the source is not complete; run again");
  facts.target_complete = false;
  EXPECT_EQ(Judge(facts),
            "7 deleting nothing: the listing of the source and target is not complete; run again");
  facts.source_complete = true;
  EXPECT_EQ(Judge(facts),
            "7 deleting nothing: the listing of the target is not complete; run again");
}

// I2: no delete after a copy failed.
TEST(JudgeDeletes, NeedsEveryCopyToHaveSucceededI2) {
  DeleteFacts facts = Fine();
  facts.failed_copies = 1;
  EXPECT_EQ(Judge(facts), "1 deleting nothing: 1 object could not be copied; run again");
  facts.failed_copies = 2;
  EXPECT_EQ(Judge(facts), "1 deleting nothing: 2 objects could not be copied; run again");
}

// I4: a missing source is never an empty one.
TEST(JudgeDeletes, NeedsASourceThatExistsI4) {
  DeleteFacts facts = Fine();
  facts.source_exists = false;
  facts.source_keys = 0;
  facts.allow_empty_source = true;
  facts.limit = *DeleteLimit::Parse("all");
  EXPECT_EQ(Judge(facts),
            "7 deleting nothing: the source does not exist; check that it is mounted and spelled "
            "right");
}

TEST(JudgeDeletes, RefusesAnEmptySourceUnlessMeantI4) {
  DeleteFacts facts = Fine();
  facts.source_keys = 0;
  EXPECT_EQ(Judge(facts),
            "6 refusing to delete 100 objects: the source is empty; if that is meant, add "
            "--allow-empty-source");
  facts.allow_empty_source = true;
  EXPECT_EQ(Judge(facts), "allowed");
}

// I5: over the cap nothing is deleted, and the message says how to lift it.
TEST(JudgeDeletes, RefusesMoreThanTheCapI5) {
  DeleteFacts facts = Fine();
  facts.candidates = 312;
  EXPECT_EQ(Judge(facts),
            "6 refusing to delete 312 of 400 objects in s3://lake/t1: more than --max-delete 25% "
            "(100); raise it with --max-delete 312 or --max-delete all");
  facts.limit = *DeleteLimit::Parse("311");
  EXPECT_EQ(Judge(facts),
            "6 refusing to delete 312 of 400 objects in s3://lake/t1: more than --max-delete 311; "
            "raise it with --max-delete 312 or --max-delete all");
  facts.limit = *DeleteLimit::Parse("312");
  EXPECT_EQ(Judge(facts), "allowed");
  facts.limit = *DeleteLimit::Parse("all");
  EXPECT_EQ(Judge(facts), "allowed");
}

TEST(JudgeDeletes, SaysWhereTheDefaultsFloorApplies) {
  DeleteFacts facts = Fine();
  facts.target = "";
  facts.target_keys = 40;
  facts.candidates = 21;
  EXPECT_EQ(Judge(facts),
            "6 refusing to delete 21 of 40 objects in the target: more than --max-delete 25% (20 "
            "at least); raise it with --max-delete 21 or --max-delete all");
}

TEST(JudgeDeletes, NamesTheMostSeriousReason) {
  DeleteFacts facts = Fine();
  facts.candidates = 400;
  facts.failed_copies = 1;
  EXPECT_EQ(JudgeDeletes(facts).exit_code, 6);
  facts.target_complete = false;
  EXPECT_EQ(JudgeDeletes(facts).exit_code, 7);
}

TEST(JudgeDeletes, AStoppedRunDeletesNothing) {
  DeleteFacts facts = Fine();
  facts.interrupted = true;
  EXPECT_EQ(Judge(facts), "0 deleting nothing: the run was stopped");
}

// I1-I5 together: whatever the facts, permission implies every condition of sync.md section 6.
TEST(JudgeDeletes, PermissionImpliesEveryCondition) {
  const std::uint64_t seed = RandomSeed();
  Random random(seed);
  int allowed = 0;
  for (int round = 0; round < 100'000; ++round) {
    DeleteFacts facts;
    facts.source_complete = random.Chance(0.8);
    facts.target_complete = random.Chance(0.8);
    facts.source_exists = random.Chance(0.8);
    facts.source_keys = random.Below(3);
    facts.target_keys = random.Below(200);
    facts.candidates = random.Below(facts.target_keys + 1);
    facts.failed_copies = random.Chance(0.2) ? random.Below(3) : 0;
    facts.allow_empty_source = random.Chance(0.3);
    facts.interrupted = random.Chance(0.1);
    if (random.Chance(0.3)) facts.limit = {DeleteLimit::Kind::kCount, random.Below(200)};
    const DeletePermission permission = JudgeDeletes(facts);
    ASSERT_EQ(permission.allowed, permission.message.empty());
    if (!permission.allowed) continue;
    ++allowed;
    ASSERT_TRUE(facts.source_complete && facts.target_complete && facts.source_exists &&
                !facts.interrupted)
        << "seed " << seed;
    ASSERT_TRUE(facts.source_keys > 0 || facts.allow_empty_source);
    ASSERT_TRUE(facts.failed_copies == 0 || facts.candidates == 0);
    ASSERT_LE(facts.candidates, facts.limit.Allowed(facts.target_keys).value());
  }
  EXPECT_GT(allowed, 1'000);
}

}  // namespace
}  // namespace godwit

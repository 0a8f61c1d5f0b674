#include "lib/base/random.h"

#include <array>
#include <cstdint>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace godwit {
namespace {

// The generator's published sequence for a state filled by splitmix64 from 0.
TEST(Random, AgreesWithTheReferenceImplementation) {
  constexpr std::array<std::uint64_t, 8> kExpected{
      0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0, 0x6AA594F1262D2D2C,
      0xBBA5AD4A1F842E59, 0xFFEF8375D9EBCACA, 0x6C160DEED2F54C98, 0x8920AD648FC30A3F};
  Random random(0);
  for (const std::uint64_t expected : kExpected) EXPECT_EQ(random.Next(), expected);
}

TEST(Random, TheSameSeedGivesTheSameSequence) {
  Random a(42), b(42), c(43);
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = a.Next();
    EXPECT_EQ(value, b.Next());
    EXPECT_NE(value, c.Next());
  }
}

TEST(Random, BelowIsUniform) {
  Random random(7);
  std::array<int, 6> counts{};
  constexpr int kRounds = 60'000;
  for (int i = 0; i < kRounds; ++i) ++counts.at(random.Below(counts.size()));
  // Five standard deviations of a binomial distribution.
  for (const int count : counts) EXPECT_NEAR(count, kRounds / 6, 460);
}

TEST(Random, BelowKnowsTheExtremes) {
  Random random(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.Below(1), 0u);
  bool upper_half = false;
  for (int i = 0; i < 100; ++i) upper_half |= random.Below(UINT64_MAX) > UINT64_MAX / 2;
  EXPECT_TRUE(upper_half);
}

TEST(Random, FractionLiesBelowOne) {
  Random random(7);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double fraction = random.Fraction();
    ASSERT_GE(fraction, 0);
    ASSERT_LT(fraction, 1);
    sum += fraction;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(Random, ChanceOfZeroAndOneIsCertain) {
  Random random(7);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(random.Chance(0));
    EXPECT_TRUE(random.Chance(1));
  }
}

TEST(RandomSeed, DiffersFromCallToCall) { EXPECT_NE(RandomSeed(), RandomSeed()); }

TEST(MakeRunId, IsAUniqueUlid) {
  std::set<std::string> ids;
  std::string last_time;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = MakeRunId();
    ASSERT_EQ(id.size(), 26u);
    ASSERT_EQ(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), std::string::npos) << id;
    ASSERT_GE(id.substr(0, 10), last_time);
    last_time = id.substr(0, 10);
    ASSERT_TRUE(ids.insert(id).second) << id;
  }
  // A time of this century: 48 bits of milliseconds, so the first character is 0.
  EXPECT_EQ(last_time[0], '0');
  EXPECT_GT(last_time, "01H000000");
}

}  // namespace
}  // namespace godwit

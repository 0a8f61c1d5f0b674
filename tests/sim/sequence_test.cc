// A fixed stretch of seeds; `godwit-sim --seed N --trace` replays the one that fails, and
// `--shrink N` makes it shorter. Long stretches are a campaign (tests/campaigns.md).
#include "tests/sim/sequence.h"

#include <cstdint>
#include <sstream>

#include <gtest/gtest.h>

namespace godwit {
namespace {

constexpr std::uint64_t kStretch = 500;
constexpr std::uint64_t kSequences = 20'000;

class SimSequences : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SimSequences, KeepEveryInvariant) {
  SequenceResult sum;
  for (std::uint64_t seed = GetParam(); seed < GetParam() + kStretch; ++seed) {
    const SequenceResult result = PlaySequence(MakeScenario(seed));
    sum.runs += result.runs;
    sum.kills += result.kills;
    sum.power_cuts += result.power_cuts;
    sum.parts_reused += result.parts_reused;
    EXPECT_EQ(result.violation, "") << "replay: godwit-sim --seed " << seed << " --trace";
  }
  EXPECT_GT(sum.runs, 2 * kStretch);
  EXPECT_GT(sum.kills, kStretch / 20);
  EXPECT_GT(sum.power_cuts, kStretch / 20);
  EXPECT_GT(sum.parts_reused, 0U);
}

INSTANTIATE_TEST_SUITE_P(Stretches, SimSequences,
                         ::testing::Range<std::uint64_t>(1, kSequences + 1, kStretch));

TEST(SimTrace, SameSeedPrintsTheSameTraceTwice) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::ostringstream first;
    std::ostringstream second;
    PlaySequence(MakeScenario(seed), {&first, {}});
    PlaySequence(MakeScenario(seed), {&second, {}});
    EXPECT_GT(first.str().size(), 100U);
    EXPECT_EQ(first.str(), second.str()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace godwit

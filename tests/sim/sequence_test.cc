// A fixed stretch of seeds; `godwit-sim --seed N --trace` replays the one that fails. Long
// stretches are a campaign.
#include "tests/sim/sequence.h"

#include <gtest/gtest.h>

#include <sstream>

namespace godwit {
namespace {

class SimSequences : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SimSequences, KeepEveryInvariant) {
  const std::uint64_t first = GetParam();
  std::uint64_t runs = 0;
  std::uint64_t crashes = 0;
  for (std::uint64_t seed = first; seed < first + 250; ++seed) {
    const SequenceResult result = PlaySequence(seed, nullptr);
    runs += result.runs;
    crashes += result.crashes;
    EXPECT_EQ(result.violation, "") << "seed " << seed;
  }
  EXPECT_GT(runs, 500U);
  EXPECT_GT(crashes, 10U);
}

INSTANTIATE_TEST_SUITE_P(Stretches, SimSequences, ::testing::Range<std::uint64_t>(1, 2'001, 250));

TEST(SimTrace, SameSeedPrintsTheSameTraceTwice) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::ostringstream first;
    std::ostringstream second;
    PlaySequence(seed, &first);
    PlaySequence(seed, &second);
    EXPECT_GT(first.str().size(), 100U);
    EXPECT_EQ(first.str(), second.str()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace godwit

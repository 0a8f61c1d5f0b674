// A test of the tests: each planted bug is found by the seed that is known to find it.
#include "tests/sim/mutants.h"

#include <gtest/gtest.h>

#include "tests/sim/sequence.h"
#include "tests/sim/shrink.h"

namespace godwit {
namespace {

TEST(SimMutants, EachIsFoundByItsSeed) {
  for (const Mutant& mutant : Mutants()) {
    EXPECT_GT(mutant.found_by, 0U) << mutant.name;
    EXPECT_LE(mutant.found_by, 10'000U) << mutant.name;
    const Scenario scenario = MakeScenario(mutant.found_by);
    EXPECT_EQ(PlaySequence(scenario).violation, "") << mutant.name;
    EXPECT_NE(PlaySequence(scenario, {nullptr, mutant.make}).violation, "")
        << mutant.name << ": look for another seed by godwit-sim --mutant " << mutant.name
        << " --from 1 --count 10000";
  }
}

TEST(SimShrink, FindsAShorterScenarioThatBreaksTheSameInvariant) {
  const Mutant* mutant = FindMutant("splices-versions");
  ASSERT_NE(mutant, nullptr);
  const PlaySettings settings{nullptr, mutant->make};
  const Scenario scenario = MakeScenario(mutant->found_by);
  const Shrunk shrunk = Shrink(scenario, settings);
  ASSERT_NE(shrunk.violation, "");
  EXPECT_GT(shrunk.cuts.size(), 3U);

  Scenario replayed = scenario;
  for (const std::string& cut : shrunk.cuts) EXPECT_TRUE(ApplyCut(cut, replayed)) << cut;
  EXPECT_EQ(PlaySequence(replayed, settings).violation, shrunk.violation);
}

TEST(SimShrink, LeavesASeedAloneThatBreaksNothing) {
  const Shrunk shrunk = Shrink(MakeScenario(1), {});
  EXPECT_EQ(shrunk.violation, "");
  EXPECT_TRUE(shrunk.cuts.empty());
}

TEST(SimShrink, KnowsNoOtherWords) {
  Scenario scenario = MakeScenario(1);
  for (const char* word :
       {"", "no", "no-run", "no-run:99", "without:", "without:5-900", "faults:1:x"}) {
    EXPECT_FALSE(ApplyCut(word, scenario)) << word;
  }
}

}  // namespace
}  // namespace godwit

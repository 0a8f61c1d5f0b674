// Names that the services list in different orders, between every two of these orders: no needless
// copy, no delete of what the source has.
#include <cstdint>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/sim/mutants.h"
#include "tests/sim/sequence.h"

namespace godwit {
namespace {

constexpr std::uint64_t kTrees = 112;  // For each of the nine pairs; more are a campaign.
constexpr ListingOrder kOrders[] = {ListingOrder::kUtf8Bytes, ListingOrder::kUtf16Units,
                                    ListingOrder::kSlashFirst};

class SimOrders : public ::testing::TestWithParam<std::tuple<ListingOrder, ListingOrder>> {};

TEST_P(SimOrders, CopyAndDeleteNothingNeedlessly) {
  const auto [source, target] = GetParam();
  const std::uint64_t first =
      1 + kTrees * (static_cast<std::uint64_t>(source) * 3 + static_cast<std::uint64_t>(target));
  for (std::uint64_t seed = first; seed < first + kTrees; ++seed) {
    const SequenceResult result = PlaySequence(MakeOrderScenario(seed, source, target));
    EXPECT_EQ(result.violation, "") << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(EveryPair, SimOrders,
                         ::testing::Combine(::testing::ValuesIn(kOrders),
                                            ::testing::ValuesIn(kOrders)));

TEST(SimOrderAdapters, AreMissedOnEveryPairThatNeedsOne) {
  for (const char* name : {"ignores-listing-order", "loses-held-keys"}) {
    const PlaySettings broken{nullptr, FindMutant(name)->make};
    for (const ListingOrder source : kOrders) {
      for (const ListingOrder target : kOrders) {
        if (source == target && source == ListingOrder::kUtf8Bytes) continue;
        int found = 0;
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
          const Scenario scenario = MakeOrderScenario(seed, source, target);
          found += PlaySequence(scenario, broken).violation.empty() ? 0 : 1;
        }
        EXPECT_GT(found, 0) << name;
      }
    }
  }
}

}  // namespace
}  // namespace godwit

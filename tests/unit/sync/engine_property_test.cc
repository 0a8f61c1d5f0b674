#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "lib/base/random.h"
#include "tests/unit/sync/scripted_runner.h"

// Random trees under random faults: whatever happens, what the run says is what happened.

namespace godwit {
namespace {

struct RandomRun : ScriptedRunner {
  std::map<std::string, FakeObject> target_before;
  std::map<std::string, int> writes_before;
  Random random;
  double fault_rate;
  bool permanent;

  RandomRun(std::uint64_t seed, bool allow_permanent)
      : random(seed), fault_rate(random.Fraction() * 0.25), permanent(allow_permanent) {
    options.delete_extra = random.Chance(0.8);
    options.max_delete = {DeleteLimit::Kind::kAll, 0};
    options.retry = RetryPolicy::Immediate(30);
    if (random.Chance(0.3)) options.jobs = 1;
    source.page_keys = 1 + random.Below(7);
    target.page_keys = 1 + random.Below(7);
    target.capabilities.condition_on_put = random.Chance(0.8);
    target.capabilities.condition_on_delete = random.Chance(0.8);
    target.capabilities.set_metadata = random.Chance(0.5);
    target.capabilities.delete_keys_max = static_cast<std::uint32_t>(1 + random.Below(5));
    Fill();
    target_before = target.objects;
    writes_before = target.writes;
    before = [this](const Command& command) { return FaultBefore(command); };
    after = [this](const Command& command) { return FaultAfter(command); };
    hold = [this](const Command&) { return random.Chance(0.3); };
  }

  void Fill() {
    source.Set("always", "there");
    for (int i = 0; i < 30; ++i) {
      const std::string key = "k" + std::to_string(random.Below(40));
      const std::string bytes(random.Below(40), static_cast<char>('a' + random.Below(3)));
      if (random.Chance(0.7)) source.Set(key, bytes).head_digests = SumOf(bytes).digests();
      if (!random.Chance(0.6)) continue;
      const std::string old = random.Chance(0.5) ? bytes : std::string(random.Below(9), 'z');
      FakeObject& object = target.Set(key, old);
      if (random.Chance(0.7)) object.head_digests = SumOf(old).digests();
    }
  }

  std::optional<Status> FaultBefore(const Command& command) {
    if (Is<JournalCommand>(command) || Is<SpoolCommand>(command) || Is<ReadSpoolCommand>(command) ||
        !random.Chance(fault_rate)) {
      return std::nullopt;
    }
    const bool may_end = permanent && !Is<ListCommand>(command) && random.Chance(0.2);
    if (may_end) return Status(ErrorKind::kPermissionDenied, "403");
    return random.Chance(0.5) ? Passing() : Lost();
  }

  std::optional<Status> FaultAfter(const Command& command) {
    const bool writes = Is<TransferWholeCommand>(command) || Is<TransferPartCommand>(command) ||
                        Is<FinishUploadCommand>(command) || Is<BeginUploadCommand>(command) ||
                        Is<DeleteCommand>(command) || Is<SetMetadataCommand>(command);
    if (!writes || !random.Chance(fault_rate)) return std::nullopt;
    return Lost();
  }

  void CheckContents() {
    for (const auto& [key, object] : target.objects) {
      const bool is_source =
          source.objects.contains(key) && source.objects.at(key).bytes == object.bytes;
      const bool is_old =
          target_before.contains(key) && target_before.at(key).bytes == object.bytes;
      EXPECT_TRUE(is_source || is_old) << key;
      EXPECT_LE(target.writes[key] - writes_before[key], 1) << key << " was written twice";
    }
    for (const auto& [key, object] : target_before) {
      EXPECT_TRUE(target.objects.contains(key) || !source.objects.contains(key)) << key;
    }
  }

  void CheckAccounts(const SyncSummary& counted) {
    std::map<std::string, int> outcomes;
    SyncSummary seen;
    for (const ActionReport& action : actions) {
      EXPECT_EQ(++outcomes[action.key], 1) << action.key;
      if (action.status == ActionStatus::kFailed) ++seen.failed;
      if (action.status == ActionStatus::kSkipped) ++seen.skipped;
      if (action.status != ActionStatus::kDone) continue;
      const bool there = target.objects.contains(action.key);
      if (action.action == ActionKind::kCopy) {
        ++seen.copied;
        EXPECT_EQ(target.objects.at(action.key).bytes, source.objects.at(action.key).bytes);
      }
      if (action.action == ActionKind::kDelete) {
        ++seen.deleted;
        EXPECT_FALSE(there) << action.key;
      }
      if (action.action == ActionKind::kMetadata) ++seen.metadata;
      if (action.action == ActionKind::kUnchanged) ++seen.unchanged;
    }
    EXPECT_EQ(counted.copied, seen.copied);
    EXPECT_EQ(counted.deleted, seen.deleted);
    EXPECT_EQ(counted.metadata, seen.metadata);
    EXPECT_EQ(counted.unchanged, seen.unchanged);
    EXPECT_EQ(counted.failed, seen.failed);
    EXPECT_EQ(counted.skipped, seen.skipped);
    EXPECT_EQ(std::accumulate(counted.evidence.begin(), counted.evidence.end(), std::uint64_t{0}),
              counted.unchanged);
    EXPECT_GE(errors.size(), counted.failed);
  }

  void CheckGoal() {
    for (const auto& [key, object] : source.objects) {
      EXPECT_EQ(target.objects.at(key).bytes, object.bytes) << key;
    }
    EXPECT_TRUE(!options.delete_extra || target.objects.size() == source.objects.size());
  }
};

TEST(EngineProperty, PassingFaultsNeverKeepTheGoalFromBeingReachedI10) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRun run(seed, false);
    const SyncSummary summary = run.Run();
    EXPECT_EQ(summary.exit_code, 0);
    run.CheckGoal();
    run.CheckContents();
    run.CheckAccounts(summary);
    EXPECT_TRUE(run.target.uploads.empty());
    if (testing::Test::HasFailure()) return;
  }
}

TEST(EngineProperty, WhateverFailsTheAccountsEqualWhatHappenedI10) {
  for (std::uint64_t seed = 1000; seed <= 1100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRun run(seed, true);
    const SyncSummary summary = run.Run();
    run.CheckContents();
    run.CheckAccounts(summary);
    if (summary.exit_code == 0) run.CheckGoal();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(EngineProperty, StopAtAnyCommandLeavesNothingHalfDone) {
  for (std::uint64_t seed = 2000; seed <= 2100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRun run(seed, false);
    run.fault_rate *= 0.3;
    std::uint64_t left = run.random.Below(120);
    run.watch = [&](const Command&) {
      if (left-- == 0) run.Post(Stop{130});
    };
    const SyncSummary summary = run.Run();
    EXPECT_TRUE(summary.exit_code == 0 || summary.exit_code == 130);
    if (summary.exit_code == 0) run.CheckGoal();
    run.CheckContents();
    EXPECT_LE(run.elapsed, std::chrono::seconds(10));
    std::map<std::string, int> outcomes;
    for (const ActionReport& action : run.actions) EXPECT_EQ(++outcomes[action.key], 1);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace godwit

// What follows when a version of ours was damaged and removed, with what it had replaced.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "tests/unit/sync/scripted_runner.h"

namespace godwit {
namespace {

// The first write of "a" replaces what is there and is damaged; `then` happens once it is removed.
class DamagedCopy {
 public:
  explicit DamagedCopy(std::function<void(ScriptedRunner&)> then) : then_(std::move(then)) {
    run.source.Set("a", "alpha");
    run.target.Set("a", "old");
    run.answer = [this](CommandResult& result) {
      auto* moved = std::get_if<Transferred>(&result);
      if (moved == nullptr || std::exchange(damaged_, true)) return;
      moved->receipt.digests = {Digest::Crc64Nvme(42)};
    };
    run.watch = [this](const Command& command) {
      if (Is<DeleteCommand>(command) && !std::exchange(removed_, true)) then_(run);
    };
  }

  ScriptedRunner run;

 private:
  std::function<void(ScriptedRunner&)> then_;
  bool damaged_ = false;
  bool removed_ = false;
};

TEST(EngineDamage, SourceThatChangesMeanwhileIsCopiedAllTheSame) {
  DamagedCopy copy([](ScriptedRunner& run) { run.source.Set("a", "alpha two"); });
  EXPECT_EQ(copy.run.Run().exit_code, 0);
  EXPECT_EQ(copy.run.target.objects.at("a").bytes, "alpha two");
  const auto sent = copy.run.Sent<TransferWholeCommand>();
  EXPECT_EQ(sent.back().condition.kind, WriteCondition::Kind::kCreateOnly);
}

TEST(EngineDamage, SourceThatGoesAwayMeanwhileIsAFailure) {
  DamagedCopy copy([](ScriptedRunner& run) { run.source.objects.erase("a"); });
  const SyncSummary summary = copy.run.Run();
  EXPECT_EQ(summary.exit_code, 5);
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(summary.skipped, 0U);
  ASSERT_EQ(copy.run.errors.size(), 1U);
  EXPECT_NE(copy.run.errors[0].status.message().find("gone since"), std::string::npos);
}

TEST(EngineDamage, AStopMeanwhileDoesNotPassItOverInSilence) {
  DamagedCopy copy([](ScriptedRunner& run) { run.Post(Stop{130}); });
  const SyncSummary summary = copy.run.Run();
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(copy.run.errors.size(), 1U);
  EXPECT_FALSE(copy.run.target.objects.contains("a"));
}

// It bears the time of the source, and nobody could look what it is.
TEST(EngineDamage, WhatCouldNotBeReadBackIsNoEvidenceForTheNextRun) {
  ScriptedRunner first;
  first.source.Set("a", "alpha");
  first.answer = [&first](CommandResult& result) {
    auto* moved = std::get_if<Transferred>(&result);
    if (moved == nullptr) return;
    moved->receipt.digests = {};
    moved->receipt.proof = WriteProof::kNone;
    first.target.objects.at("a").bytes = "alphX";
  };
  first.before = FailFirst<HashCommand>(99, Status(ErrorKind::kPermissionDenied, "no reading"));
  EXPECT_EQ(first.Run().failed, 1U);
  const auto kept = first.Kept<KeepStateRecord>();
  ASSERT_EQ(kept.size(), 1U);

  ScriptedRunner second;
  second.source = first.source;
  second.target = first.target;
  second.state["a"] = kept[0].row;
  second.Run();
  EXPECT_EQ(second.target.objects.at("a").bytes, "alpha");
}

}  // namespace
}  // namespace godwit

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/sync/scripted_runner.h"

namespace godwit {
namespace {

TEST(EngineMode, CpCopiesEverythingWithoutStateOrDeletes) {
  ScriptedRunner run;
  run.options.mode = JobMode::kCopy;
  run.source.Set("a", "same");
  run.source.Set("b", "new");
  run.target.Set("a", "same");
  run.target.Set("extra", "x");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.copied, 2U);
  EXPECT_EQ(run.ActionOf("a")->reason, Reason::kAlways);
  EXPECT_EQ(run.target.objects.size(), 3U);
  EXPECT_TRUE(run.journal.empty());
  EXPECT_TRUE(run.Sent<ReadStateCommand>().empty());
  for (const TransferWholeCommand& put : run.Sent<TransferWholeCommand>()) {
    EXPECT_EQ(put.condition.kind, WriteCondition::Kind::kNone);
  }
}

TEST(EngineMode, ConflictModesLeaveADifferentObject) {
  for (const JobMode mode : {JobMode::kSync, JobMode::kCopy}) {
    for (const ConflictMode conflict : {ConflictMode::kSkip, ConflictMode::kFail}) {
      ScriptedRunner run;
      run.options.mode = mode;
      run.options.conflict = conflict;
      run.source.Set("a", "mine");
      run.source.Set("b", "new");
      run.target.Set("a", "theirs");

      const SyncSummary summary = run.Run();

      const bool fails = conflict == ConflictMode::kFail;
      EXPECT_EQ(summary.exit_code, fails ? 1 : 0);
      EXPECT_EQ(summary.failed, fails ? 1U : 0U);
      EXPECT_EQ(summary.skipped, fails ? 0U : 1U);
      EXPECT_EQ(summary.copied, 1U);
      EXPECT_EQ(run.target.objects.at("a").bytes, "theirs");
      EXPECT_EQ(run.ActionOf("a")->reason, Reason::kExistsAtTarget);
    }
  }
}

TEST(EngineMode, CpOfOneObjectNeedsNoListing) {
  ScriptedRunner run;
  run.options.mode = JobMode::kCopy;
  run.options.single = {"in", "out"};
  run.source.Set("in", "x");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.copied, 1U);
  EXPECT_EQ(run.target.objects.at("out").bytes, "x");
  EXPECT_TRUE(run.Sent<ListCommand>().empty());
}

TEST(EngineMode, CpOfAMissingObjectIsExitSeven) {
  ScriptedRunner run;
  run.options.mode = JobMode::kCopy;
  run.options.single = {"in", "out"};

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 7);
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(run.errors.size(), 1U);
}

TEST(EngineMode, CpOfOneObjectHonoursTheConflictMode) {
  ScriptedRunner run;
  run.options.mode = JobMode::kCopy;
  run.options.conflict = ConflictMode::kFail;
  run.options.single = {"in", "out"};
  run.source.Set("in", "x");
  run.target.Set("out", "y");
  EXPECT_EQ(run.Run().exit_code, 1);
  EXPECT_EQ(run.target.objects.at("out").bytes, "y");
}

TEST(EngineMode, RmRemovesWhatTheFilterIncludesAfterConfirmation) {
  ScriptedRunner run;
  run.options.mode = JobMode::kRemove;
  ASSERT_TRUE(run.options.filter.Add(false, "keep*").ok());
  for (int i = 0; i < 30; ++i) run.target.Set("k" + std::to_string(i), "xx");
  run.target.Set("keep", "x");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.deleted, 30U);
  EXPECT_EQ(run.target.objects.size(), 1U);
  ASSERT_EQ(run.Sent<ConfirmCommand>().size(), 1U);
  EXPECT_EQ(run.Sent<ConfirmCommand>()[0].object_count, 30U);
  EXPECT_EQ(run.Sent<ConfirmCommand>()[0].bytes, 60U);
  EXPECT_TRUE(run.Sent<HeadCommand>().empty());
}

TEST(EngineMode, RmThatIsNotConfirmedRemovesNothing) {
  ScriptedRunner run;
  run.options.mode = JobMode::kRemove;
  run.confirms = false;
  run.target.Set("a", "x");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(summary.skipped, 1U);
  EXPECT_TRUE(run.target.objects.contains("a"));
}

TEST(EngineMode, RmWithAFailedListingRemovesNothing) {
  ScriptedRunner run;
  run.options.mode = JobMode::kRemove;
  run.target.page_keys = 2;
  for (int i = 0; i < 6; ++i) run.target.Set("k" + std::to_string(i), "x");
  int page = 0;
  run.before = [&page](const Command& command) -> std::optional<Status> {
    if (!Is<ListCommand>(command) || ++page < 3) return std::nullopt;
    return Status(ErrorKind::kPermissionDenied, "403");
  };
  EXPECT_EQ(run.Run().exit_code, 7);
  EXPECT_EQ(run.target.objects.size(), 6U);
}

TEST(EngineMode, RmKeepsToItsCap) {
  ScriptedRunner run;
  run.options.mode = JobMode::kRemove;
  run.options.max_delete = {DeleteLimit::Kind::kCount, 5};
  for (int i = 0; i < 6; ++i) run.target.Set("k" + std::to_string(i), "x");
  EXPECT_EQ(run.Run().exit_code, 6);
  EXPECT_EQ(run.target.objects.size(), 6U);
  EXPECT_TRUE(run.Sent<ConfirmCommand>().empty());
}

TEST(EngineMode, RmOfAnEmptyFolderIsExitZero) {
  ScriptedRunner run;
  run.options.mode = JobMode::kRemove;
  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_TRUE(run.Sent<ConfirmCommand>().empty());
}

TEST(EngineMode, DryRunPlansAndWritesNothing) {
  ScriptedRunner run;
  run.options.dry_run = true;
  run.options.delete_extra = true;
  run.source.Set("a", "new");
  run.source.Set("big", "0123456789abcdef");
  run.source.Set("same", "s").head_digests = SumOf("s").digests();
  run.target.Set("same", "s").head_digests = SumOf("s").digests();
  run.target.Set("x", "y");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_TRUE(summary.dry_run);
  EXPECT_EQ(summary.copied, 2U);
  EXPECT_EQ(summary.bytes_copied, 19U);
  EXPECT_EQ(summary.unchanged, 1U);
  EXPECT_EQ(summary.deleted, 1U);
  EXPECT_EQ(run.ActionOf("x")->status, ActionStatus::kPlanned);
  EXPECT_TRUE(run.journal.empty());
  for (const Command& command : run.commands) {
    const bool only_looks = Is<ListCommand>(command) || Is<HeadCommand>(command) ||
                            Is<ReadStateCommand>(command) || Is<ReportCommand>(command) ||
                            Is<EndCommand>(command) || Is<WakeAtCommand>(command);
    EXPECT_TRUE(only_looks) << command.body.index();
  }
}

TEST(EngineMode, DryRunOverTheCapIsExitSixAndPlansNoDelete) {
  ScriptedRunner run;
  run.options.dry_run = true;
  run.options.delete_extra = true;
  run.source.Set("a", "x");
  for (int i = 0; i < 30; ++i) run.target.Set("k" + std::to_string(i), "x");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 6);
  EXPECT_EQ(summary.deleted, 0U);
  EXPECT_EQ(summary.skipped, 30U);
}

}  // namespace
}  // namespace godwit

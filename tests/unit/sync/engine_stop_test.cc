#include <gtest/gtest.h>

#include <string>

#include "tests/unit/sync/scripted_runner.h"

namespace godwit {
namespace {

TEST(EngineStop, NothingNewStartsAfterAStop) {
  ScriptedRunner run;
  run.options.jobs = 2;
  for (int i = 0; i < 50; ++i) run.source.Set("k" + std::to_string(i), "x");
  std::size_t puts = 0;
  bool stopped = false;
  run.watch = [&](const Command& command) {
    if (!Is<TransferWholeCommand>(command)) return;
    EXPECT_FALSE(stopped && puts > 11);
    if (++puts == 10) {
      run.Post(Stop{130});
      stopped = true;
    }
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 130);
  EXPECT_TRUE(summary.resumable);
  EXPECT_EQ(summary.copied, run.target.objects.size());
  EXPECT_LE(summary.copied, 12U);
  EXPECT_EQ(summary.failed, 0U);
}

TEST(EngineStop, PartsInFlightFinishAndTheUploadStaysForTheNextRun) {
  ScriptedRunner run;
  run.options.jobs = 2;
  run.source.Set("big", std::string(80, 'x'));
  int parts = 0;
  run.watch = [&](const Command& command) {
    if (Is<TransferPartCommand>(command) && ++parts == 3) run.Post(Stop{143});
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 143);
  EXPECT_LE(parts, 4);
  EXPECT_EQ(run.target.uploads.size(), 1U);
  EXPECT_TRUE(summary.resumable);
  EXPECT_TRUE(run.Sent<CancelCommand>().empty());
  EXPECT_EQ(summary.failed, 0U);
  EXPECT_TRUE(run.errors.empty());
  EXPECT_GE(run.Kept<UploadPartRecord>().size(), 2U);
  EXPECT_TRUE(run.Kept<UploadEndedRecord>().empty());
}

TEST(EngineStop, UploadThatNoRunWillFinishIsAborted) {
  for (const JobMode mode : {JobMode::kCopy, JobMode::kSync}) {
    for (const bool resume : {true, false}) {
      ScriptedRunner run;
      run.options.mode = mode;
      run.options.resume = resume;
      run.source.Set("big", std::string(80, 'x'));
      bool posted = false;
      run.watch = [&](const Command& command) {
        if (Is<TransferPartCommand>(command) && !std::exchange(posted, true)) run.Post(Stop{130});
      };
      EXPECT_EQ(run.Run().exit_code, 130);
      EXPECT_EQ(run.target.uploads.size(), resume ? 1U : 0U);
    }
  }
}

TEST(EngineStop, WhatDoesNotEndIsCancelledWithinTenSeconds) {
  ScriptedRunner run;
  run.source.Set("big", std::string(80, 'x'));
  run.source.Set("small", "x");
  run.hold = [&](const Command& command) {
    if (!Is<TransferPartCommand>(command) && !Is<TransferWholeCommand>(command)) return false;
    return true;
  };
  run.stuck = true;
  bool posted = false;
  run.watch = [&](const Command& command) {
    if (Is<TransferPartCommand>(command) && !std::exchange(posted, true)) run.Post(Stop{130});
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 130);
  EXPECT_LE(run.elapsed, std::chrono::seconds(10));
  EXPECT_FALSE(run.Sent<CancelCommand>().empty());
}

TEST(EngineStop, WaitingRetriesEndAtOnce) {
  ScriptedRunner run;
  run.options.retry = RetryPolicy{};
  run.source.Set("a", "x");
  run.before = FailFirst<TransferWholeCommand>(99, Passing());
  run.watch = [&run](const Command& command) {
    if (Is<TransferWholeCommand>(command) && run.Sent<TransferWholeCommand>().size() == 3) {
      run.Post(Stop{130});
    }
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 130);
  EXPECT_EQ(run.Sent<TransferWholeCommand>().size(), 3U);
  EXPECT_EQ(summary.failed, 0U);
}

TEST(EngineStop, NothingIsDeletedAfterAStop) {
  ScriptedRunner run;
  run.options.delete_extra = true;
  run.source.Set("a", "x");
  run.target.Set("b", "y");
  run.watch = [&run](const Command& command) {
    if (Is<TransferWholeCommand>(command)) run.Post(Stop{130});
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 130);
  EXPECT_TRUE(run.target.objects.contains("b"));
  EXPECT_EQ(summary.skipped, 1U);
}

TEST(EngineStop, StopDuringTheProofIsNotAFailedProof) {
  ScriptedRunner run;
  run.options.delete_extra = true;
  run.options.jobs = 1;
  run.source.Set("a", "x");
  for (int i = 0; i < 5; ++i) run.target.Set("k" + std::to_string(i), "y");
  run.watch = [&run](const Command& command) {
    if (Is<HeadCommand>(command)) run.Post(Stop{1});
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(summary.deleted, 0U);
  EXPECT_EQ(summary.skipped, 5U);
  EXPECT_TRUE(run.errors.empty());
}

TEST(EngineStop, StopInTheDeletePhaseLeavesTheRestAndCountsIt) {
  ScriptedRunner run;
  run.options.delete_extra = true;
  run.options.max_delete = {DeleteLimit::Kind::kAll, 0};
  run.target.capabilities.delete_keys_max = 5;
  run.options.jobs = 1;
  run.source.Set("a", "x");
  for (int i = 0; i < 100; ++i) run.target.Set("k" + std::to_string(i), "y");
  bool posted = false;
  run.watch = [&](const Command& command) {
    if (Is<DeleteCommand>(command) && !std::exchange(posted, true)) run.Post(Stop{130});
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 130);
  EXPECT_GT(summary.deleted, 0U);
  EXPECT_EQ(summary.deleted + summary.skipped, 100U);
  EXPECT_EQ(run.target.objects.size(), 101U - summary.deleted);
}

TEST(EngineStop, MaxRuntimeStopsCleanlyWithExitOneAndResumable) {
  ScriptedRunner run;
  run.options.max_runtime = std::chrono::seconds(30);
  run.options.retry = RetryPolicy{1000000};
  run.source.Set("a", "x");
  run.before = FailFirst<TransferWholeCommand>(1000000, Passing());

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_TRUE(summary.resumable);
  EXPECT_LE(run.elapsed, std::chrono::seconds(40));
}

TEST(EngineStop, RerunSkipsWhatTheStoppedRunFinished) {
  ScriptedRunner first;
  first.options.jobs = 1;
  for (int i = 0; i < 20; ++i) first.source.Set("k" + std::to_string(i), "x");
  first.watch = [&first](const Command& command) {
    if (Is<TransferWholeCommand>(command) && first.Sent<TransferWholeCommand>().size() == 7) {
      first.Post(Stop{130});
    }
  };
  const std::uint64_t done = first.Run().copied;
  ASSERT_GT(done, 0U);

  ScriptedRunner second;
  second.source = first.source;
  second.target = first.target;
  for (const KeepStateRecord& kept : first.Kept<KeepStateRecord>()) {
    second.state[kept.row.key] = kept.row;
  }
  const SyncSummary summary = second.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.copied, 20U - done);
  EXPECT_EQ(summary.unchanged, done);
  EXPECT_TRUE(second.Sent<HeadCommand>().empty());
}

}  // namespace
}  // namespace godwit

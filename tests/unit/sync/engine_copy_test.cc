#include <gtest/gtest.h>

#include <string>

#include "tests/unit/sync/scripted_runner.h"

namespace godwit {
namespace {

using Kind = WriteCondition::Kind;

TEST(EngineCopy, SmallObjectsAreCopiedAndRemembered) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.source.Set("b/c", "");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.copied, 2U);
  EXPECT_EQ(summary.bytes_copied, 5U);
  EXPECT_EQ(summary.listed_source, 2U);
  EXPECT_EQ(run.target.objects.at("a").bytes, "alpha");
  EXPECT_EQ(run.ActionOf("a")->reason, Reason::kMissingAtTarget);
  EXPECT_EQ(run.ActionOf("a")->status, ActionStatus::kDone);
  EXPECT_EQ(run.ActionOf("a")->proof, WriteProof::kCrc64Nvme);
  EXPECT_EQ(run.ActionOf("a")->attempts, 1);
  const auto rows = run.Kept<KeepStateRecord>();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].row.source_version, run.source.objects.at("a").version);
  EXPECT_EQ(rows[0].row.target_version, run.target.objects.at("a").version);
  EXPECT_EQ(rows[0].row.digests, SumOf("alpha").digests());
}

TEST(EngineCopy, LargeObjectsTravelInPartsInIndexOrderI11) {
  ScriptedRunner run;
  const std::string bytes = "0123456789abcdefghijklmnop";
  run.source.Set("big", bytes);
  bool first = true;
  run.hold = [&first](const Command& command) {
    return Is<TransferPartCommand>(command) && std::exchange(first, false);
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(run.target.objects.at("big").bytes, bytes);
  EXPECT_EQ(run.Sent<TransferPartCommand>().size(), 4U);
  const auto finishes = run.Sent<FinishUploadCommand>();
  ASSERT_EQ(finishes.size(), 1U);
  EXPECT_EQ(finishes[0].options.digests, SumOf(bytes).digests());
  EXPECT_EQ(finishes[0].options.size_bytes, bytes.size());
  for (std::uint32_t index = 0; index < 4; ++index) {
    EXPECT_EQ(finishes[0].parts.at(index).index, index);
  }
  EXPECT_EQ(run.Kept<UploadIntentRecord>().size(), 1U);
  EXPECT_EQ(run.Kept<UploadBegunRecord>().size(), 1U);
  EXPECT_EQ(run.Kept<UploadPartRecord>().size(), 4U);
  EXPECT_EQ(run.Kept<UploadEndedRecord>().size(), 1U);
}

TEST(EngineCopy, NoUploadBeginsBeforeItsIntentIsDurable) {
  ScriptedRunner run;
  run.source.Set("big", "0123456789");
  std::size_t kept_at_begin = 0;
  run.watch = [&](const Command& command) {
    if (Is<BeginUploadCommand>(command)) kept_at_begin = run.Kept<UploadIntentRecord>().size();
  };

  run.Run();

  EXPECT_EQ(kept_at_begin, 1U);
}

TEST(EngineCopy, JournalThatCannotBeWrittenEndsTheRunWithEight) {
  ScriptedRunner run;
  run.source.Set("big", "0123456789");
  run.before = FailFirst<JournalCommand>(1, Status(ErrorKind::kNoSpace, "disk full"));

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 8);
  EXPECT_TRUE(run.Sent<BeginUploadCommand>().empty());
  EXPECT_EQ(summary.failed, 1U);
}

TEST(EngineCopy, PartsGoOneByOneWhereTheServiceKeepsOneStream) {
  ScriptedRunner run;
  run.target.capabilities.parts_in_any_order = false;
  run.source.Set("big", "0123456789abcdefghijklmnop");
  std::uint32_t next = 0;
  run.watch = [&next](const Command& command) {
    if (const auto* part = std::get_if<TransferPartCommand>(&command.body)) {
      EXPECT_EQ(part->index, next++);
    }
  };

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(next, 4U);
}

TEST(EngineCopy, WritesAreConditionalOnWhatWasListed) {
  ScriptedRunner run;
  run.source.Set("new", "n");
  run.source.Set("old", "changed!");
  run.target.Set("old", "before");
  const Version listed = run.target.objects.at("old").version;

  run.Run();

  for (const TransferWholeCommand& put : run.Sent<TransferWholeCommand>()) {
    const bool is_new = put.target_key == "new";
    EXPECT_EQ(put.condition.kind, is_new ? Kind::kCreateOnly : Kind::kIfVersion);
    EXPECT_EQ(put.condition.version, is_new ? Version() : listed);
  }
  EXPECT_EQ(run.target.objects.at("old").bytes, "changed!");
}

TEST(EngineCopy, TargetThatChangedIsLeftAloneWithExitTen) {
  ScriptedRunner run;
  run.source.Set("a", "mine");
  run.watch = [&run](const Command& command) {
    if (Is<TransferWholeCommand>(command)) run.target.Set("a", "theirs");
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 10);
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(run.target.objects.at("a").bytes, "theirs");
  EXPECT_EQ(run.ActionOf("a")->reason, Reason::kTargetChanged);
  EXPECT_EQ(run.ActionOf("a")->action, ActionKind::kCopy);
  EXPECT_EQ(run.errors.size(), 1U);
}

TEST(EngineCopy, LostConditionAtTheFinishAbortsTheUpload) {
  ScriptedRunner run;
  run.source.Set("big", "0123456789");
  run.watch = [&run](const Command& command) {
    if (Is<FinishUploadCommand>(command)) run.target.Set("big", "theirs");
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 10);
  EXPECT_EQ(run.target.objects.at("big").bytes, "theirs");
  EXPECT_TRUE(run.target.uploads.empty());
  EXPECT_EQ(run.Kept<UploadEndedRecord>().size(), 1U);
}

TEST(EngineCopy, StoreWithoutConditionsIsLookedAtRightBefore) {
  ScriptedRunner run;
  run.target.capabilities.condition_on_put = false;
  run.source.Set("a", "mine");
  run.source.Set("b", "mine");
  run.watch = [&run](const Command& command) {
    if (Is<HeadCommand>(command)) run.target.Set("b", "theirs");
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 10);
  EXPECT_EQ(run.target.objects.at("a").bytes, "mine");
  EXPECT_EQ(run.target.objects.at("b").bytes, "theirs");
  EXPECT_EQ(run.Sent<TransferWholeCommand>().size(), 1U);
  ASSERT_FALSE(run.notices.empty());
  EXPECT_EQ(run.notices[0].topic, "no-conditions");
}

TEST(EngineCopy, FinishWithoutConditionsIsLookedAtRightBefore) {
  ScriptedRunner run;
  run.target.capabilities.condition_on_finish = ConditionSupport::kNone;
  run.source.Set("big", "0123456789");
  run.watch = [&run](const Command& command) {
    if (Is<HeadCommand>(command) && std::get<HeadCommand>(command.body).side == Side::kTarget) {
      run.target.Set("big", "theirs");
    }
  };

  EXPECT_EQ(run.Run().exit_code, 10);
  EXPECT_EQ(run.target.objects.at("big").bytes, "theirs");
  EXPECT_TRUE(run.target.uploads.empty());
}

TEST(EngineCopy, ChangedSourceBeginsAgainWithTheNewVersionI12) {
  ScriptedRunner run;
  run.source.Set("a", "first");
  int swaps = 0;
  run.watch = [&](const Command& command) {
    if (Is<TransferWholeCommand>(command) && swaps < 3) {
      run.source.Set("a", "new " + std::to_string(++swaps));
    }
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(run.target.objects.at("a").bytes, "new 3");
  EXPECT_EQ(run.ActionOf("a")->attempts, 4);
}

TEST(EngineCopy, SourceThatKeepsChangingFailsAfterThreeRestartsI12) {
  ScriptedRunner run;
  run.source.Set("a", "first");
  int swaps = 0;
  run.watch = [&](const Command& command) {
    if (Is<TransferWholeCommand>(command)) run.source.Set("a", std::to_string(++swaps));
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(swaps, 4);
  EXPECT_FALSE(run.target.objects.contains("a"));
  EXPECT_EQ(run.ActionOf("a")->status, ActionStatus::kFailed);
}

// Every part carries the pin; whichever of them meets another version, nothing is spliced.
TEST(EngineCopy, SourceChangedBetweenPartsIsNeverSplicedI12) {
  for (int swapped_part = 0; swapped_part < 4; ++swapped_part) {
    ScriptedRunner run;
    run.source.Set("big", "0123456789abcdefghijklmnop");
    int part = 0;
    run.watch = [&](const Command& command) {
      if (Is<TransferPartCommand>(command) && part++ == swapped_part) {
        run.source.Set("big", "NEWNEWNEWNEWNEWNEWNEWNEWNEW");
      }
    };

    EXPECT_EQ(run.Run().exit_code, 0);
    EXPECT_EQ(run.target.objects.at("big").bytes, "NEWNEWNEWNEWNEWNEWNEWNEWNEW");
    EXPECT_EQ(run.target.writes["big"], 1);
    EXPECT_TRUE(run.target.uploads.empty());
  }
}

TEST(EngineCopy, SourceThatHasGoneIsSkippedWithExitZero) {
  ScriptedRunner run;
  run.source.Set("a", "first");
  run.source.Set("b", "second");
  run.watch = [&run](const Command& command) {
    if (Is<TransferWholeCommand>(command)) run.source.objects.erase("a");
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.skipped, 1U);
  EXPECT_EQ(summary.copied, 1U);
  EXPECT_EQ(run.ActionOf("a")->reason, Reason::kGoneFromSource);
  EXPECT_EQ(run.ActionOf("a")->action, ActionKind::kSkip);
}

TEST(EngineCopy, ArchivedSourceIsSkippedWithExitOneAndKeepsItsReplica) {
  ScriptedRunner run;
  run.options.delete_extra = true;
  run.source.Set("cold", "new content").archived = true;
  run.source.Set("warm", "w");
  run.target.Set("cold", "old");
  run.target.Set("extra", "x");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(summary.skipped, 1U);
  EXPECT_EQ(summary.deleted, 1U);
  EXPECT_EQ(run.target.objects.at("cold").bytes, "old");
  EXPECT_EQ(run.ActionOf("cold")->reason, Reason::kArchived);
}

}  // namespace
}  // namespace godwit

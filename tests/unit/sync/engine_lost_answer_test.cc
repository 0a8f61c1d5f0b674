#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/sync/scripted_runner.h"

// I17: an answer that was lost is looked up before anything is repeated.

namespace godwit {
namespace {

const char kBig[] = "0123456789abcdefghijklmnop";

// Loses the answers of the first `times` commands of type T, which took effect.
template <typename T>
ScriptedRunner::Fault LoseFirst(int times) {
  return FailFirst<T>(times, Lost());
}

TEST(EngineLostAnswer, PutThatTookEffectIsNotRepeatedI17) {
  for (const int repeats : {0, 3}) {
    ScriptedRunner run;
    run.options.retry = RetryPolicy::Immediate(repeats);
    run.source.Set("a", "alpha");
    run.after = LoseFirst<TransferWholeCommand>(1);

    const SyncSummary summary = run.Run();

    EXPECT_EQ(summary.exit_code, 0);
    EXPECT_EQ(summary.copied, 1U);
    EXPECT_EQ(run.target.writes["a"], 1);
    EXPECT_EQ(run.ActionOf("a")->proof, WriteProof::kCrc64Nvme);
    EXPECT_EQ(run.Kept<KeepStateRecord>().at(0).row.target_version,
              run.target.objects.at("a").version);
  }
}

TEST(EngineLostAnswer, PutThatDidNotTakeEffectIsRepeatedI17) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.target.Set("a", "old");
  run.before = FailFirst<TransferWholeCommand>(1, Lost());

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.target.objects.at("a").bytes, "alpha");
  EXPECT_EQ(run.Sent<TransferWholeCommand>().size(), 2U);
}

TEST(EngineLostAnswer, ForeignObjectIsNotTakenForOursI17) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.before = FailFirst<TransferWholeCommand>(1, Lost());
  run.watch = [&run](const Command& command) {
    if (Is<TransferWholeCommand>(command)) run.target.Set("a", "other");
  };

  EXPECT_EQ(run.Run().exit_code, 10);
  EXPECT_EQ(run.target.objects.at("a").bytes, "other");
}

TEST(EngineLostAnswer, WithoutStoredDigestsTheObjectIsReadI17) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.after = [&run](const Command& command) -> std::optional<Status> {
    if (!Is<TransferWholeCommand>(command)) return std::nullopt;
    run.target.objects.at("a").head_digests = {};
    return Lost();
  };

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.target.writes["a"], 1);
  EXPECT_EQ(run.ActionOf("a")->proof, WriteProof::kReadBack);
}

TEST(EngineLostAnswer, UnclearLookUpFailsTheObjectI17) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.after = LoseFirst<TransferWholeCommand>(1);
  run.before = FailFirst<HeadCommand>(99, Passing());

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(run.target.writes["a"], 1);
}

// The put is repeated since the look-up came too early, and then meets its own first attempt.
TEST(EngineLostAnswer, LostConditionAfterALostPutIsLookedUpI17) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.after = LoseFirst<TransferWholeCommand>(1);
  bool first = true;
  run.before = [&first](const Command& command) -> std::optional<Status> {
    if (!Is<HeadCommand>(command) || !std::exchange(first, false)) return std::nullopt;
    return Status(ErrorKind::kNotFound, "not yet to be seen");
  };

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.Sent<TransferWholeCommand>().size(), 2U);
  EXPECT_EQ(run.target.writes["a"], 1);
}

TEST(EngineLostAnswer, CpThatOverwritesBlindlyRecognisesItsWriteI17) {
  ScriptedRunner run;
  run.options.mode = JobMode::kCopy;
  run.source.Set("a", "alpha");
  run.target.Set("a", "old");
  run.after = LoseFirst<TransferWholeCommand>(1);

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.target.writes["a"], 2);
}

TEST(EngineLostAnswer, ServerCopyThatTookEffectIsNotRepeatedI17) {
  ScriptedRunner run;
  run.server_copy_possible = true;
  run.target.capabilities.server_copy = true;
  run.target.capabilities.condition_on_copy = true;
  run.source.Set("a", "alpha").head_digests = SumOf("alpha").digests();
  run.after = LoseFirst<ServerCopyCommand>(1);

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.target.writes["a"], 1);
}

TEST(EngineLostAnswer, LostBeginStartsAnotherAndAbortsTheOrphanI17) {
  ScriptedRunner run;
  run.source.Set("big", kBig);
  run.after = LoseFirst<BeginUploadCommand>(1);
  // Somebody else's, from long ago.
  FakeUpload& foreign = run.target.uploads["foreign"];
  foreign.key = "big";
  foreign.started.time -= std::chrono::hours(24);

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.Sent<BeginUploadCommand>().size(), 2U);
  EXPECT_EQ(run.target.uploads.size(), 1U);
  EXPECT_TRUE(run.target.uploads.contains("foreign"));
}

TEST(EngineLostAnswer, LostPartIsFoundAndNotSentAgainI17) {
  for (const int repeats : {0, 3}) {
    ScriptedRunner run;
    run.options.retry = RetryPolicy::Immediate(repeats);
    run.source.Set("big", kBig);
    run.after = LoseFirst<TransferPartCommand>(4);

    EXPECT_EQ(run.Run().exit_code, 0);
    EXPECT_EQ(run.Sent<TransferPartCommand>().size(), 4U);
    EXPECT_EQ(run.target.objects.at("big").bytes, kBig);
  }
}

TEST(EngineLostAnswer, LostPartThatIsNotThereIsSentAgainI17) {
  ScriptedRunner run;
  run.source.Set("big", kBig);
  run.before = FailFirst<TransferPartCommand>(1, Lost());

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.Sent<TransferPartCommand>().size(), 5U);
}

TEST(EngineLostAnswer, LostPartOfOtherBytesIsSentAgainI17) {
  ScriptedRunner run;
  run.source.Set("big", kBig);
  bool first = true;
  run.after = [&](const Command& command) -> std::optional<Status> {
    if (!Is<TransferPartCommand>(command) || !std::exchange(first, false)) return std::nullopt;
    run.target.uploads.begin()->second.parts[0] = "damaged!";
    return Lost();
  };

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.target.objects.at("big").bytes, kBig);
}

TEST(EngineLostAnswer, FinishThatTookEffectIsNotRepeatedI17) {
  for (const int repeats : {0, 3}) {
    ScriptedRunner run;
    run.options.retry = RetryPolicy::Immediate(repeats);
    run.source.Set("big", kBig);
    run.after = LoseFirst<FinishUploadCommand>(1);

    EXPECT_EQ(run.Run().exit_code, 0);
    EXPECT_EQ(run.Sent<FinishUploadCommand>().size(), 1U);
    EXPECT_EQ(run.target.writes["big"], 1);
  }
}

TEST(EngineLostAnswer, FinishThatDidNotTakeEffectIsRepeatedI17) {
  ScriptedRunner run;
  run.source.Set("big", kBig);
  run.before = FailFirst<FinishUploadCommand>(1, Lost());

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.Sent<FinishUploadCommand>().size(), 2U);
  EXPECT_EQ(run.Sent<BeginUploadCommand>().size(), 1U);
  EXPECT_EQ(run.target.writes["big"], 1);
}

// cp does not know what was there: equal content may be older than the upload, which stays open.
TEST(EngineLostAnswer, CpLeavesNoUploadOpenWhereTheContentWasThereBefore) {
  ScriptedRunner run;
  run.options.mode = JobMode::kCopy;
  run.source.Set("big", kBig);
  run.target.Set("big", kBig).head_digests = SumOf(kBig).digests();
  run.before = FailFirst<FinishUploadCommand>(1, Lost());

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_TRUE(run.target.uploads.empty());
}

TEST(EngineLostAnswer, CpRemembersTheUploadThatItCouldNotAbortWhereTheContentWasThereBefore) {
  ScriptedRunner run;
  run.options.mode = JobMode::kCopy;
  run.source.Set("big", kBig);
  run.target.Set("big", kBig).head_digests = SumOf(kBig).digests();
  auto lost = FailFirst<FinishUploadCommand>(1, Lost());
  auto refused = FailFirst<AbortUploadCommand>(99, Status(ErrorKind::kPermissionDenied, "403"));
  run.before = [lost, refused](const Command& command) mutable {
    const std::optional<Status> status = lost(command);
    return status ? status : refused(command);
  };

  EXPECT_EQ(run.Run().exit_code, 0);
  ASSERT_EQ(run.Kept<UploadAbandonedRecord>().size(), 1U);
  EXPECT_EQ(run.Kept<UploadAbandonedRecord>()[0].upload_id.Reveal(),
            run.target.uploads.begin()->first);
}

TEST(EngineLostAnswer, UnknownUploadAtTheFinishMayBeAFinishedOneI17) {
  ScriptedRunner run;
  run.source.Set("big", kBig);
  run.after = FailFirst<FinishUploadCommand>(1, Status(ErrorKind::kNotFound, "NoSuchUpload"));

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.target.writes["big"], 1);
}

TEST(EngineLostAnswer, VanishedUploadAtTheFinishBeginsAgain) {
  ScriptedRunner run;
  run.source.Set("big", kBig);
  bool first = true;
  run.watch = [&](const Command& command) {
    if (Is<FinishUploadCommand>(command) && std::exchange(first, false)) {
      run.target.uploads.clear();
    }
  };

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.Sent<BeginUploadCommand>().size(), 2U);
  EXPECT_EQ(run.target.objects.at("big").bytes, kBig);
}

TEST(EngineLostAnswer, DeleteThatTookEffectIsDoneI17) {
  for (const bool applied : {true, false}) {
    ScriptedRunner run;
    run.options.delete_extra = true;
    run.source.Set("a", "alpha");
    run.target.Set("x", "1");
    run.target.Set("y", "2");
    (applied ? run.after : run.before) = LoseFirst<DeleteCommand>(1);

    const SyncSummary summary = run.Run();

    EXPECT_EQ(summary.exit_code, 0);
    EXPECT_EQ(summary.deleted, 2U);
    EXPECT_EQ(run.Sent<DeleteCommand>().size(), applied ? 1U : 2U);
    EXPECT_FALSE(run.target.objects.contains("x"));
  }
}

TEST(EngineLostAnswer, DeleteIsNotRepeatedOnANewerVersionI17) {
  ScriptedRunner run;
  run.options.delete_extra = true;
  run.source.Set("a", "alpha");
  run.target.Set("x", "1");
  run.after = [&run](const Command& command) -> std::optional<Status> {
    if (!Is<DeleteCommand>(command)) return std::nullopt;
    run.target.Set("x", "written meanwhile");
    return Lost();
  };

  EXPECT_EQ(run.Run().exit_code, 10);
  EXPECT_EQ(run.target.objects.at("x").bytes, "written meanwhile");
}

TEST(EngineLostAnswer, MetadataThatTookEffectIsNotRepeatedI17) {
  for (const bool applied : {true, false}) {
    ScriptedRunner run;
    run.target.capabilities.set_metadata = true;
    run.source.Set("a", "alpha").head_digests = SumOf("alpha").digests();
    run.source.objects.at("a").attributes.cache_control = "no-store";
    run.target.Set("a", "alpha").head_digests = SumOf("alpha").digests();
    (applied ? run.after : run.before) = LoseFirst<SetMetadataCommand>(1);

    const SyncSummary summary = run.Run();

    EXPECT_EQ(summary.exit_code, 0);
    EXPECT_EQ(summary.metadata, 1U);
    EXPECT_EQ(run.Sent<SetMetadataCommand>().size(), applied ? 1U : 2U);
    EXPECT_EQ(run.target.objects.at("a").attributes.cache_control, "no-store");
  }
}

// A store may need several requests, and only it knows whose version it is that the first one made.
TEST(EngineLostAnswer, MetadataThatWasSetByHalfIsLeftToTheStoreI17) {
  for (const bool ours : {true, false}) {
    ScriptedRunner run;
    run.target.capabilities.set_metadata = true;
    run.source.Set("a", "alpha").head_digests = SumOf("alpha").digests();
    run.source.objects.at("a").attributes.cache_control = "no-store";
    run.target.Set("a", "alpha").head_digests = SumOf("alpha").digests();
    int sent = 0;
    Version asked;
    run.before = [&](const Command& command) -> std::optional<Status> {
      if (!Is<SetMetadataCommand>(command)) return std::nullopt;
      FakeObject& object = run.target.objects.at("a");
      if (++sent > 1) {
        if (ours) object.version = asked;
        return std::nullopt;
      }
      asked = std::exchange(object.version, "of another request");
      return Lost();
    };

    EXPECT_EQ(run.Run().exit_code, ours ? 0 : 10);
    EXPECT_EQ(sent, 2);
    EXPECT_EQ(run.target.objects.at("a").attributes.cache_control, ours ? "no-store" : "");
  }
}

}  // namespace
}  // namespace godwit

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/sync/scripted_runner.h"

// Keys that the target cannot hold, and things that are no plain objects (I29, sync.md section 1).

namespace godwit {
namespace {

// A local target with --delete.
struct LocalRun : ScriptedRunner {
  LocalRun() {
    options.delete_extra = true;
    target.capabilities.is_local = true;
    target.capabilities.key_rules = KeyRules::kLocal;
  }
};

TEST(EngineKey, KeysThatTheTargetCannotHoldAreNamedAndTheRestIsCopiedI29) {
  LocalRun run;
  run.source.Set("../x", "1");
  run.source.Set("a//b", "2");
  run.source.Set("fine", "3");
  run.target.Set("extra", "4");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(summary.failed, 2U);
  EXPECT_EQ(summary.copied, 1U);
  EXPECT_EQ(summary.deleted, 1U);
  EXPECT_EQ(run.errors.size(), 2U);
  EXPECT_EQ(run.ActionOf("../x")->reason, Reason::kKeyNotRepresentable);
  EXPECT_EQ(run.ActionOf("../x")->status, ActionStatus::kFailed);
}

TEST(EngineKey, ConflictsAreNamedBeforeTheFirstByteMovesI29) {
  LocalRun run;
  run.source.Set("a", "1");
  run.source.Set("z//", "2");
  bool named = false;
  run.watch = [&](const Command& command) {
    if (Is<TransferWholeCommand>(command)) named = !run.errors.empty();
  };
  run.Run();
  EXPECT_TRUE(named);
}

TEST(EngineKey, OfFileAndFolderTheFirstInByteOrderIsCopiedI29) {
  LocalRun run;
  run.source.Set("a", "file");
  run.source.Set("a-b", "between");
  run.source.Set("a/b", "below");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(summary.copied, 2U);
  EXPECT_EQ(run.ActionOf("a/b")->reason, Reason::kKeyNotRepresentable);
}

TEST(EngineKey, LocalNamesThatAreNoUtf8CannotGoToACloudI29) {
  ScriptedRunner run;
  run.source.capabilities.is_local = true;
  run.source.Set("caf\xE9", "1");
  EXPECT_EQ(run.Run().exit_code, 1);
  EXPECT_TRUE(run.target.objects.empty());
}

TEST(EngineKey, LinkOrSpecialFileAtTheTargetIsNeverReplaced) {
  for (const EntryType type : {EntryType::kSymlink, EntryType::kSpecial}) {
    LocalRun run;
    run.source.Set("a", "1");
    run.target.Set("a", "").type = type;
    run.target.Set("other", "").type = type;

    const SyncSummary summary = run.Run();

    EXPECT_EQ(summary.exit_code, 1);
    EXPECT_EQ(run.target.objects.size(), 2U);
    EXPECT_TRUE(run.Sent<TransferWholeCommand>().empty());
  }
}

TEST(EngineKey, MarkerAndFolderOfItsNameAreEqual) {
  LocalRun run;
  run.source.Set("a/", "");
  run.source.Set("b/", "");
  run.target.Set("a/", "").type = EntryType::kFolder;
  run.target.Set("old/", "").type = EntryType::kFolder;

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.unchanged, 1U);
  EXPECT_EQ(summary.copied, 1U);
  EXPECT_EQ(summary.deleted, 0U);
  EXPECT_EQ(summary.listed_target, 0U);
}

TEST(EngineKey, LocalFolderProtectsItsMarkerAndIsNotCopied) {
  ScriptedRunner run;
  run.options.delete_extra = true;
  run.source.capabilities.is_local = true;
  run.source.Set("f", "1");
  run.source.Set("a/", "").type = EntryType::kFolder;
  run.source.Set("b/", "").type = EntryType::kFolder;
  run.target.Set("a/", "");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.deleted, 0U);
  EXPECT_EQ(summary.copied, 1U);
  EXPECT_TRUE(run.target.objects.contains("a/"));
}

TEST(EngineKey, SymlinksAreSkippedOrFailByOption) {
  for (const SymlinkMode mode : {SymlinkMode::kSkip, SymlinkMode::kFail}) {
    ScriptedRunner run;
    run.options.symlinks = mode;
    run.source.Set("l", "").type = EntryType::kSymlink;
    run.source.Set("s", "").type = EntryType::kSpecial;

    const SyncSummary summary = run.Run();

    const bool fails = mode == SymlinkMode::kFail;
    EXPECT_EQ(summary.exit_code, fails ? 1 : 0);
    EXPECT_EQ(summary.failed, fails ? 1U : 0U);
    EXPECT_EQ(summary.skipped, fails ? 1U : 2U);
    EXPECT_EQ(run.ActionOf("l")->reason, Reason::kSymlink);
    EXPECT_EQ(run.ActionOf("s")->reason, Reason::kSpecialFile);
  }
}

TEST(EngineKey, OwnNamesAreNeverData) {
  ScriptedRunner run;
  run.options.delete_extra = true;
  run.source.Set(".godwit-tmp", "1");
  run.source.Set("a", "1");
  run.target.Set("x/.godwit/state", "1");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.copied, 1U);
  EXPECT_EQ(summary.deleted, 0U);
  EXPECT_EQ(summary.listed_source, 1U);
}

TEST(EngineKey, KeysOfFilesFromThatTheSourceLacksAreFailures) {
  ScriptedRunner run;
  run.options.filter.RestrictTo({"b", "a", "zz", "here", "only-target"});
  run.source.Set("here", "1");
  run.source.Set("not-asked", "1");
  run.target.Set("only-target", "1");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(summary.failed, 4U);
  EXPECT_EQ(summary.copied, 1U);
  EXPECT_EQ(run.errors.size(), 4U);
  EXPECT_EQ(run.ActionOf("zz")->reason, Reason::kGoneFromSource);
}

// Blocks `key` at a local target as long as `blocker` is there.
ScriptedRunner::Fault BlockedBy(ScriptedRunner& run, std::string key, std::string blocker) {
  return [&run, key, blocker](const Command& command) -> std::optional<Status> {
    const auto* put = std::get_if<TransferWholeCommand>(&command.body);
    if (put == nullptr || put->target_key != key || !run.target.objects.contains(blocker)) {
      return std::nullopt;
    }
    return Status(ErrorKind::kBlocked, "a folder stands in its place");
  };
}

TEST(EngineKey, CopyThatADeleteUnblocksFollowsTheDeletePhase) {
  LocalRun run;
  run.source.Set("a", "now a file");
  run.options.part_size_bytes = 100;
  run.source.Set("b", "1");
  run.target.Set("a/old", "1");
  run.before = BlockedBy(run, "a", "a/old");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.copied, 2U);
  EXPECT_EQ(summary.deleted, 1U);
  EXPECT_EQ(run.target.objects.at("a").bytes, "now a file");
}

TEST(EngineKey, CopyThatStaysBlockedIsAConflictAndBlocksNoDelete) {
  LocalRun run;
  run.source.Set("a", "1");
  run.source.Set("b/", "");
  run.target.Set("extra", "1");
  run.before = BlockedBy(run, "a", "b/");
  run.target.Set("b/", "").type = EntryType::kFolder;

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(summary.deleted, 1U);
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_EQ(run.ActionOf("a")->reason, Reason::kKeyNotRepresentable);
}

TEST(EngineKey, BlockedCopyWithoutDeletesIsAConflictAtOnce) {
  LocalRun run;
  run.options.delete_extra = false;
  run.source.Set("a", "1");
  run.target.Set("a/x", "1");
  run.before = BlockedBy(run, "a", "a/x");
  EXPECT_EQ(run.Run().exit_code, 1);
  EXPECT_EQ(run.Sent<TransferWholeCommand>().size(), 1U);
}

}  // namespace
}  // namespace godwit

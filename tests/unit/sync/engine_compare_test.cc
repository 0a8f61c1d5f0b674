#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "tests/unit/sync/scripted_runner.h"

namespace godwit {
namespace {

std::uint64_t EvidenceOf(const SyncSummary& summary, Evidence evidence) {
  return summary.evidence[static_cast<std::size_t>(evidence)];
}

void Remember(ScriptedRunner& run, const std::string& key) {
  StateRow row;
  row.key = key;
  row.size_bytes = run.source.objects.at(key).bytes.size();
  row.source_version = run.source.objects.at(key).version;
  row.target_version = run.target.objects.at(key).version;
  row.digests = SumOf(run.source.objects.at(key).bytes).digests();
  run.state[key] = row;
}

TEST(EngineCompare, StateOfBothVersionsNeedsNoRequest) {
  ScriptedRunner run;
  for (int i = 0; i < 2500; ++i) {
    const std::string key = "k" + std::to_string(10000 + i);
    run.source.Set(key, "x");
    run.target.Set(key, "x");
    Remember(run, key);
  }

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(EvidenceOf(summary, Evidence::kState), 2500U);
  EXPECT_EQ(summary.unchanged, 2500U);
  EXPECT_EQ(run.Sent<ListCommand>().size(), 6U);
  EXPECT_TRUE(run.Sent<HeadCommand>().empty());
  EXPECT_TRUE(run.journal.empty());
}

TEST(EngineCompare, WhatAHeadProvedIsAskedOnlyOnce) {
  ScriptedRunner first;
  first.source.Set("a", "x").head_digests = SumOf("x").digests();
  first.target.Set("a", "x").head_digests = SumOf("x").digests();
  ASSERT_EQ(EvidenceOf(first.Run(), Evidence::kDigest), 1U);
  EXPECT_EQ(first.Sent<HeadCommand>().size(), 2U);
  ASSERT_EQ(first.Kept<KeepStateRecord>().size(), 1U);

  ScriptedRunner second;
  second.source = first.source;
  second.target = first.target;
  second.state["a"] = first.Kept<KeepStateRecord>()[0].row;
  EXPECT_EQ(EvidenceOf(second.Run(), Evidence::kState), 1U);
  EXPECT_TRUE(second.Sent<HeadCommand>().empty());
}

TEST(EngineCompare, RecordedModificationTimeIsEvidence) {
  ScriptedRunner run;
  run.source.capabilities.is_local = true;
  run.source.Set("a", "x");
  run.target.Set("a", "x").attributes.mtime = run.source.objects.at("a").modified;

  const SyncSummary summary = run.Run();

  EXPECT_EQ(EvidenceOf(summary, Evidence::kMtime), 1U);
  EXPECT_EQ(run.Sent<HeadCommand>().size(), 1U);
  EXPECT_EQ(run.Kept<KeepStateRecord>().at(0).row.evidence, Evidence::kMtime);
}

// The size is the same and the time older: only the version and the content tell.
TEST(EngineCompare, OneByteChangeOfTheSameSizeAndAnOlderTimeIsFoundI19) {
  ScriptedRunner run;
  run.source.capabilities.is_local = true;
  run.source.Set("a", "old!");
  run.target.Set("a", "old!").head_digests = SumOf("old!").digests();
  Remember(run, "a");
  run.source.Set("a", "new!").modified.time -= std::chrono::hours(1000);

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.copied, 1U);
  EXPECT_EQ(run.target.objects.at("a").bytes, "new!");
  EXPECT_EQ(run.ActionOf("a")->reason, Reason::kDigestDiffers);
}

TEST(EngineCompare, TouchedLocalFileIsHashedOnceAndNotSent) {
  ScriptedRunner run;
  run.source.capabilities.is_local = true;
  run.source.Set("a", "same");
  run.target.Set("a", "same");
  Remember(run, "a");
  run.source.Set("a", "same");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.copied, 0U);
  EXPECT_EQ(summary.unchanged + summary.metadata, 1U);
  EXPECT_EQ(run.Sent<HashCommand>().size(), 1U);
  EXPECT_EQ(run.Kept<KeepStateRecord>().at(0).row.source_version,
            run.source.objects.at("a").version);
}

TEST(EngineCompare, NoEvidenceWarnsOnceAtTheHundredth) {
  ScriptedRunner run;
  for (int i = 0; i < 150; ++i) {
    run.source.Set("k" + std::to_string(i), "x");
    run.target.Set("k" + std::to_string(i), "y");
  }

  EXPECT_EQ(run.Run().copied, 150U);
  ASSERT_EQ(run.notices.size(), 1U);
  EXPECT_EQ(run.notices[0].topic, "no-evidence");
  EXPECT_EQ(run.ActionOf("k7")->reason, Reason::kNoEvidence);
}

TEST(EngineCompare, HeadThatIsForbiddenLeavesNoEvidence) {
  ScriptedRunner run;
  run.source.Set("a", "x");
  run.target.Set("a", "y");
  run.before = FailFirst<HeadCommand>(9, Status(ErrorKind::kPermissionDenied, "403"));
  EXPECT_EQ(run.Run().copied, 1U);
  EXPECT_EQ(run.target.objects.at("a").bytes, "x");
}

TEST(EngineCompare, TargetThatMovedSinceTheListingIsLeftAlone) {
  ScriptedRunner run;
  run.source.Set("a", "x");
  run.target.Set("a", "y");
  run.watch = [&run](const Command& command) {
    if (Is<HeadCommand>(command) && run.target.objects.at("a").bytes == "y") {
      run.target.Set("a", "z");
    }
  };
  EXPECT_EQ(run.Run().exit_code, 10);
  EXPECT_EQ(run.target.objects.at("a").bytes, "z");
  EXPECT_TRUE(run.Sent<TransferWholeCommand>().empty());
}

TEST(EngineCompare, TargetThatVanishedSinceTheListingIsMissing) {
  ScriptedRunner run;
  run.source.Set("a", "x");
  run.target.Set("a", "y");
  run.watch = [&run](const Command& command) {
    if (Is<HeadCommand>(command)) run.target.objects.erase("a");
  };
  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.ActionOf("a")->reason, Reason::kMissingAtTarget);
}

TEST(EngineCompare, ForgottenKeysLeaveTheState) {
  ScriptedRunner run;
  run.source.Set("a", "x");
  run.state["gone"].key = "gone";
  run.Run();
  ASSERT_EQ(run.Kept<DropStateRecord>().size(), 1U);
  EXPECT_EQ(run.Kept<DropStateRecord>()[0].key, "gone");
}

TEST(EngineCompare, MetadataAloneIsSetWithoutSendingBytes) {
  ScriptedRunner run;
  run.target.capabilities.set_metadata = true;
  run.source.Set("a", "x").head_digests = SumOf("x").digests();
  run.source.objects.at("a").attributes.user_metadata["team"] = "lake";
  run.target.Set("a", "x").head_digests = SumOf("x").digests();

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.metadata, 1U);
  EXPECT_EQ(summary.bytes_copied, 0U);
  EXPECT_EQ(run.target.objects.at("a").attributes.user_metadata.at("team"), "lake");
  EXPECT_EQ(run.ActionOf("a")->action, ActionKind::kMetadata);
  EXPECT_EQ(run.Kept<KeepStateRecord>().at(0).row.target_version,
            run.target.objects.at("a").version);
}

TEST(EngineCompare, MetadataThatCannotBeSetAloneIsCopied) {
  for (const bool claims : {false, true}) {
    ScriptedRunner run;
    run.target.capabilities.set_metadata = claims;
    run.source.Set("a", "x").head_digests = SumOf("x").digests();
    run.source.objects.at("a").attributes.user_metadata["team"] = "lake";
    run.target.Set("a", "x").head_digests = SumOf("x").digests();
    run.before = FailFirst<SetMetadataCommand>(1, Status(ErrorKind::kUnsupported, "no"));

    const SyncSummary summary = run.Run();

    EXPECT_EQ(summary.copied, 1U);
    EXPECT_EQ(summary.metadata, 0U);
    EXPECT_EQ(run.ActionOf("a")->reason, Reason::kMetadataDiffers);
  }
}

TEST(EngineCompare, DigestModeReadsAndSaysHowMany) {
  ScriptedRunner run;
  run.options.compare = CompareMode::kDigest;
  run.source.Set("a", "x");
  run.target.Set("a", "x");

  const SyncSummary summary = run.Run();

  EXPECT_EQ(EvidenceOf(summary, Evidence::kDigest), 1U);
  ASSERT_FALSE(run.notices.empty());
  EXPECT_EQ(run.notices.back().topic, "objects-read");
}

TEST(EngineCompare, WeakEvidenceIsNotRemembered) {
  ScriptedRunner run;
  run.options.compare = CompareMode::kSize;
  run.source.Set("a", "x");
  run.target.Set("a", "y");
  EXPECT_EQ(EvidenceOf(run.Run(), Evidence::kSize), 1U);
  EXPECT_TRUE(run.journal.empty());
}

TEST(EngineCompare, SourceThatChangedBeforeItsHeadIsComparedAnew) {
  ScriptedRunner run;
  run.source.Set("a", "x").head_digests = SumOf("x").digests();
  run.target.Set("a", "z").head_digests = SumOf("z").digests();
  run.watch = [&run](const Command& command) {
    const auto* head = std::get_if<HeadCommand>(&command.body);
    if (head == nullptr || head->side != Side::kSource) return;
    if (run.source.objects.at("a").bytes == "x") {
      run.source.Set("a", "z").head_digests = SumOf("z").digests();
    }
  };
  const SyncSummary summary = run.Run();
  EXPECT_EQ(summary.unchanged, 1U);
  EXPECT_EQ(summary.copied, 0U);
}

}  // namespace
}  // namespace godwit

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tests/unit/sync/scripted_runner.h"

namespace godwit {
namespace {

TEST(EngineFailure, PassingFailuresAreRepeatedAndCounted) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.before = FailFirst<TransferWholeCommand>(3, Passing());

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.retries, 3U);
  EXPECT_EQ(run.ActionOf("a")->attempts, 4);
}

TEST(EngineFailure, RetriesEndWithTheErrorAndItsAttempts) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.before = FailFirst<TransferWholeCommand>(99, Passing());

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(run.Sent<TransferWholeCommand>().size(), 4U);
  ASSERT_EQ(run.errors.size(), 1U);
  EXPECT_EQ(run.errors[0].key, "a");
  EXPECT_EQ(run.errors[0].status.attempts(), 4);
}

TEST(EngineFailure, NoRetriesMeansOneAttempt) {
  ScriptedRunner run;
  run.options.retry = RetryPolicy::Immediate(0);
  run.source.Set("a", "alpha");
  run.source.Set("big", "0123456789");
  run.before = [](const Command& command) -> std::optional<Status> {
    if (Is<TransferWholeCommand>(command) || Is<TransferPartCommand>(command)) return Passing();
    return std::nullopt;
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(summary.failed, 2U);
  EXPECT_EQ(summary.retries, 0U);
  EXPECT_EQ(run.Sent<TransferPartCommand>().size(), 2U);
}

TEST(EngineFailure, FailedPartIsRepeatedAlone) {
  ScriptedRunner run;
  run.source.Set("big", "0123456789abcdefghijklmnop");
  run.before = FailFirst<TransferPartCommand>(2, Passing());

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.Sent<TransferPartCommand>().size(), 6U);
  EXPECT_EQ(run.Sent<BeginUploadCommand>().size(), 1U);
  EXPECT_EQ(run.ActionOf("big")->attempts, 3);
}

TEST(EngineFailure, PartThatFailsForGoodAbortsTheUpload) {
  ScriptedRunner run;
  run.source.Set("big", "0123456789abcdefghijklmnop");
  run.before = FailFirst<TransferPartCommand>(1, Status(ErrorKind::kInvalidArgument, "400"));

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 1);
  EXPECT_EQ(summary.failed, 1U);
  EXPECT_TRUE(run.target.uploads.empty());
  EXPECT_EQ(run.Sent<AbortUploadCommand>().size(), 1U);
}

TEST(EngineFailure, UploadThatTheServiceForgotBeginsAgain) {
  ScriptedRunner run;
  run.source.Set("big", "0123456789abcdefghijklmnop");
  int parts = 0;
  run.watch = [&](const Command& command) {
    if (Is<TransferPartCommand>(command) && ++parts == 3) run.target.uploads.clear();
  };

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.Sent<BeginUploadCommand>().size(), 2U);
  EXPECT_EQ(run.target.objects.at("big").bytes, "0123456789abcdefghijklmnop");
}

TEST(EngineFailure, DamageToTheLastAttemptIsExitFive) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.before = FailFirst<TransferWholeCommand>(99, Status(ErrorKind::kCorrupted, "BadDigest"));

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 5);
  EXPECT_FALSE(run.target.objects.contains("a"));
}

TEST(EngineFailure, DamageRepairedByARetryIsExitZeroAndCounted) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.before = FailFirst<TransferWholeCommand>(1, Status(ErrorKind::kCorrupted, "BadDigest"));

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.retries, 1U);
}

TEST(EngineFailure, RefusedDigestAtTheFinishBeginsAgain) {
  ScriptedRunner run;
  run.source.Set("big", "0123456789");
  run.before = FailFirst<FinishUploadCommand>(1, Status(ErrorKind::kCorrupted, "BadDigest"));

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(run.Sent<BeginUploadCommand>().size(), 2U);
  EXPECT_EQ(run.Sent<AbortUploadCommand>().size(), 1U);
  EXPECT_EQ(summary.retries, 1U);
}

TEST(EngineFailure, BytesThatContradictTheSourcesDigestAreNeverPublished) {
  ScriptedRunner run;
  run.source.Set("big", "0123456789").head_digests = {Digest::Crc64Nvme(42)};

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 5);
  EXPECT_TRUE(run.Sent<FinishUploadCommand>().empty());
  EXPECT_FALSE(run.target.objects.contains("big"));
  EXPECT_TRUE(run.target.uploads.empty());
}

TEST(EngineFailure, DamagedVersionThatCannotBeDeletedIsReplaced) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  Version damaged;
  run.answer = [&damaged](CommandResult& result) {
    auto* moved = std::get_if<Transferred>(&result);
    if (moved == nullptr || !damaged.empty()) return;
    damaged = moved->receipt.version;
    moved->receipt.digests = {Digest::Crc64Nvme(42)};
  };
  run.before = FailFirst<DeleteCommand>(9, Status(ErrorKind::kPermissionDenied, "403"));

  EXPECT_EQ(run.Run().exit_code, 0);
  ASSERT_EQ(run.Sent<TransferWholeCommand>().size(), 2U);
  const WriteCondition condition = run.Sent<TransferWholeCommand>()[1].condition;
  EXPECT_EQ(condition.kind, WriteCondition::Kind::kIfVersion);
  EXPECT_EQ(condition.version, damaged);
}

// It can be read once more there before it gets its name.
TEST(EngineFailure, SourceKnownOnlyByMd5GoesToAFolderInParts) {
  ScriptedRunner run;
  run.target.capabilities.is_local = true;
  const Digest md5(DigestKind::kMd5, std::array<std::uint8_t, 16>{1, 2, 3});
  run.source.Set("big", "0123456789abcdef0123").listed_digests = {md5};

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_GE(run.Sent<TransferPartCommand>().size(), 2U);
  const std::vector<FinishUploadCommand> finishes = run.Sent<FinishUploadCommand>();
  ASSERT_EQ(finishes.size(), 1U);
  const Digest* checked = finishes[0].options.digests.Find(DigestKind::kMd5);
  ASSERT_NE(checked, nullptr);
  EXPECT_EQ(*checked, md5);
}

TEST(EngineFailure, ReceiptWithoutProofIsReadBack) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.answer = [](CommandResult& result) {
    if (auto* moved = std::get_if<Transferred>(&result)) {
      moved->receipt.digests = {};
      moved->receipt.proof = WriteProof::kNone;
    }
  };

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.Sent<HashCommand>().size(), 1U);
  EXPECT_EQ(run.ActionOf("a")->proof, WriteProof::kReadBack);
}

TEST(EngineFailure, ReceiptThatContradictsRemovesOurVersionAndEndsWithFive) {
  ScriptedRunner run;
  run.source.Set("a", "alpha");
  run.source.Set("big", "0123456789");
  run.answer = [](CommandResult& result) {
    if (auto* moved = std::get_if<Transferred>(&result)) {
      moved->receipt.digests = {Digest::Crc64Nvme(1)};
    }
    if (auto* receipt = std::get_if<PutReceipt>(&result)) receipt->digests = {Digest::Crc64Nvme(1)};
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 5);
  EXPECT_EQ(summary.failed, 2U);
  EXPECT_TRUE(run.target.objects.empty());
  for (const DeleteCommand& remove : run.Sent<DeleteCommand>()) {
    EXPECT_FALSE(remove.requests.at(0).if_version.empty());
  }
}

TEST(EngineFailure, FullDiskStartsNothingNewAndIsExitEight) {
  ScriptedRunner run;
  run.options.jobs = 1;
  for (char name = 'a'; name <= 'e'; ++name) run.source.Set(std::string(1, name), "x");
  run.before = FailFirst<TransferWholeCommand>(1, Status(ErrorKind::kNoSpace, "ENOSPC"));

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 8);
  EXPECT_EQ(run.Sent<TransferWholeCommand>().size(), 1U);
  EXPECT_EQ(summary.failed, 1U);
}

TEST(EngineFailure, RejectedCredentialsEndTheRunWithThree) {
  ScriptedRunner run;
  run.options.jobs = 1;
  run.source.Set("a", "x");
  run.source.Set("b", "x");
  run.before = FailFirst<TransferWholeCommand>(1, Status(ErrorKind::kUnauthenticated, "401"));

  EXPECT_EQ(run.Run().exit_code, 3);
  EXPECT_EQ(run.Sent<TransferWholeCommand>().size(), 1U);
}

TEST(EngineFailure, DeniedObjectIsExitOneAndDeniedFolderEight) {
  for (const bool is_local : {false, true}) {
    ScriptedRunner run;
    run.target.capabilities.is_local = is_local;
    run.source.Set("a", "x");
    run.source.Set("b", "x");
    run.before = FailFirst<TransferWholeCommand>(1, Status(ErrorKind::kPermissionDenied, "no"));

    const SyncSummary summary = run.Run();

    EXPECT_EQ(summary.exit_code, is_local ? 8 : 1);
    EXPECT_EQ(summary.copied, 1U);
    EXPECT_EQ(summary.failed, 1U);
  }
}

TEST(EngineFailure, ServerSideCopyIsPreferredAndProvenByTheService) {
  ScriptedRunner run;
  run.server_copy_possible = true;
  run.target.capabilities.server_copy = true;
  run.target.capabilities.condition_on_copy = true;
  run.target.capabilities.copy_bytes_max = 12;
  run.source.Set("a", "alpha");
  run.source.Set("big", "0123456789abcdef");

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.Sent<ServerCopyCommand>().size(), 1U);
  EXPECT_EQ(run.Sent<ServerCopyPartCommand>().size(), 2U);
  EXPECT_TRUE(run.Sent<TransferWholeCommand>().empty());
  EXPECT_EQ(run.ActionOf("a")->proof, WriteProof::kServiceCopy);
  EXPECT_EQ(run.target.objects.at("big").bytes, "0123456789abcdef");
}

TEST(EngineFailure, RefusedServerSideCopyFallsBackToStreamingOnce) {
  ScriptedRunner run;
  run.server_copy_possible = true;
  run.options.jobs = 1;
  run.target.capabilities.server_copy = true;
  run.target.capabilities.condition_on_copy = true;
  run.source.Set("a", "alpha");
  run.source.Set("b", "beta");
  run.before = FailFirst<ServerCopyCommand>(99, Status(ErrorKind::kPermissionDenied, "403"));

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_EQ(run.target.objects.at("a").bytes, "alpha");
  EXPECT_EQ(run.target.objects.at("b").bytes, "beta");
  EXPECT_EQ(run.notices.at(0).topic, "server-copy-refused");
}

// Memory is admitted by bytes: what is in flight never exceeds its share (one over-large excepted).
TEST(EngineFailure, BodiesInFlightStayWithinTheMemory) {
  ScriptedRunner run;
  run.options.memory_bytes = 8ULL << 20;
  run.options.part_size_bytes = 1ULL << 20;
  run.options.jobs = 64;
  run.source.Set("big", std::string(6ULL << 20, 'x'));
  std::size_t under_way = 0;
  std::size_t most = 0;
  run.hold = [&](const Command& command) {
    if (!Is<TransferPartCommand>(command)) return false;
    most = std::max(most, ++under_way);
    return true;
  };
  run.released = [&under_way] { --under_way; };

  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_LE(most, 4U);
  EXPECT_GE(most, 3U);
}

TEST(EngineFailure, SameEventsGiveTheSameCommands) {
  std::vector<std::size_t> traces[2];
  for (auto& trace : traces) {
    ScriptedRunner run;
    run.options.retry = RetryPolicy{};
    for (int i = 0; i < 40; ++i) run.source.Set("k" + std::to_string(i), std::string(i, 'x'));
    int count = 0;
    run.before = [&count](const Command& command) -> std::optional<Status> {
      if (Is<JournalCommand>(command) || ++count % 5 != 0) return std::nullopt;
      return Passing();
    };
    run.Run();
    for (const Command& command : run.commands) {
      trace.push_back(command.id * 100 + command.body.index());
      if (const auto* wake = std::get_if<WakeAtCommand>(&command.body)) {
        trace.push_back(static_cast<std::size_t>(wake->time.time_since_epoch().count()));
      }
    }
  }
  EXPECT_EQ(traces[0], traces[1]);
}

}  // namespace
}  // namespace godwit

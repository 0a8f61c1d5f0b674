#include <gtest/gtest.h>

#include <string>

#include "tests/unit/sync/scripted_runner.h"

namespace godwit {
namespace {

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
  ASSERT_EQ(run.Kept<KeepStateRecord>().size(), 2U);
  EXPECT_EQ(run.Kept<KeepStateRecord>()[0].row.target_version, run.target.objects.at("a").version);
}

TEST(EngineCopy, LargeObjectsTravelInPartsInIndexOrderI11) {
  ScriptedRunner run;
  const std::string bytes = "0123456789abcdefghijklmnop";
  run.source.Set("big", bytes);
  // The last part is answered first.
  bool first = true;
  run.hold = [&first](const Command& command) {
    return Is<TransferPartCommand>(command) && std::exchange(first, false);
  };

  const SyncSummary summary = run.Run();

  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(run.target.objects.at("big").bytes, bytes);
  EXPECT_EQ(run.Sent<TransferPartCommand>().size(), 4U);
  ASSERT_EQ(run.Sent<FinishUploadCommand>().size(), 1U);
  EXPECT_EQ(run.Sent<FinishUploadCommand>()[0].options.digests, SumOf(bytes).digests());
  EXPECT_EQ(run.Kept<UploadIntentRecord>().size(), 1U);
  EXPECT_EQ(run.Kept<UploadBegunRecord>().size(), 1U);
  EXPECT_EQ(run.Kept<UploadPartRecord>().size(), 4U);
  EXPECT_EQ(run.Kept<UploadEndedRecord>().size(), 1U);
}

}  // namespace
}  // namespace godwit

// I15, I21: what an earlier run left of an upload, and what the next one makes of it.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "lib/sync/unfinished_uploads.h"
#include "tests/unit/sync/resume_fixture.h"

namespace godwit {
namespace {

TEST_F(EngineResume, GoesOnWithThePartsThatTheServiceStillHasI15) {
  ASSERT_EQ(left().parts.size(), 3U);
  EXPECT_EQ(Finish(), 1U);
  EXPECT_TRUE(second_.Sent<BeginUploadCommand>().empty());
  EXPECT_TRUE(summary_.resumed);
  EXPECT_EQ(summary_.bytes_reused, 30U);
  EXPECT_EQ(summary_.bytes_copied, kBig.size());
  EXPECT_EQ(second_.Kept<UploadEndedRecord>().size(), 1U);
}

TEST_F(EngineResume, PartIsNamedByTheTokenThatTheServiceKnowsItBy) {
  const std::string token = second_.unfinished[0].parts[0].token;
  second_.unfinished[0].parts[0].token = "of an earlier sending";
  EXPECT_EQ(Finish(), 1U);
  EXPECT_EQ(second_.Sent<FinishUploadCommand>().at(0).parts.at(0).token, token);
}

TEST_F(EngineResume, PartThatTheServiceLostIsSentAgainI15) {
  left().parts.erase(1);
  EXPECT_EQ(Finish(), 2U);
}

TEST_F(EngineResume, PartThatTheServiceHasInOtherBytesIsSentAgainI15) {
  left().parts[0] = "##########";
  EXPECT_EQ(Finish(), 2U);
}

TEST_F(EngineResume, PartThatOnlyTheServiceTellsOfIsSentAgain) {
  second_.unfinished[0].parts.erase(second_.unfinished[0].parts.begin());
  EXPECT_EQ(Finish(), 2U);
}

TEST_F(EngineResume, UploadThatTheServiceForgotBeginsAnew) {
  second_.target.uploads.clear();
  EXPECT_EQ(Finish(), 4U);
  EXPECT_FALSE(summary_.resumed);
}

TEST_F(EngineResume, SourceThatChangedBeginsAnewI21) {
  second_.source.Set("big", std::string(40, 'n'));
  EXPECT_EQ(Finish(), 4U);
  EXPECT_EQ(second_.Sent<AbortUploadCommand>().size(), 1U);
}

TEST_F(EngineResume, OtherPartSizeGoesOnInTheOneThatWasBegun) {
  for (const std::uint64_t part_size_bytes : {20, 1000}) {
    ScriptedRunner next;
    GoOnAfter(first_, next);
    next.options.part_size_bytes = part_size_bytes;
    const SyncSummary summary = next.Run();
    EXPECT_EQ(summary.exit_code, 0);
    EXPECT_TRUE(summary.resumed);
    EXPECT_EQ(next.Sent<TransferPartCommand>().size(), 1U);
    EXPECT_EQ(next.target.objects.at("big").bytes, kBig);
  }
}

TEST_F(EngineResume, OtherSourceIsCutAsTheUserAsks) {
  second_.source.Set("big", std::string(40, 'n'));
  second_.options.part_size_bytes = 20;
  EXPECT_EQ(Finish(), 2U);
}

// What is begun keeps its metadata to the end.
TEST_F(EngineResume, OtherMetadataBeginsAnew) {
  second_.options.attributes.storage_class = "STANDARD_IA";
  EXPECT_EQ(Finish(), 4U);
  EXPECT_FALSE(summary_.resumed);
  EXPECT_EQ(second_.target.objects.at("big").attributes.storage_class, "STANDARD_IA");
}

TEST(FormOf, TellsEveryPieceOfMetadataApart) {
  UploadOptions plain;
  std::set<std::uint64_t> forms{FormOf(plain)};
  const auto with = [&](auto change) {
    UploadOptions options;
    change(options);
    forms.insert(FormOf(options));
  };
  with([](UploadOptions& o) { o.attributes.content_type = "a"; });
  with([](UploadOptions& o) { o.attributes.cache_control = "a"; });
  with([](UploadOptions& o) { o.attributes.content_encoding = "a"; });
  with([](UploadOptions& o) { o.attributes.content_disposition = "a"; });
  with([](UploadOptions& o) { o.attributes.content_language = "a"; });
  with([](UploadOptions& o) { o.attributes.storage_class = "a"; });
  with([](UploadOptions& o) { o.attributes.mtime = PreciseTime{}; });
  with([](UploadOptions& o) { o.attributes.user_metadata = {{"a", "b"}}; });
  with([](UploadOptions& o) { o.attributes.user_metadata = {{"a", ""}, {"b", ""}}; });
  with([](UploadOptions& o) { o.attributes.tags = {{"a", "b"}}; });
  with([](UploadOptions& o) { o.by_copy = true; });
  with([](UploadOptions& o) { o.condition = WriteCondition::CreateOnly(); });
  with([](UploadOptions& o) { o.condition = WriteCondition::IfVersion("1"); });
  with([](UploadOptions& o) { o.condition = WriteCondition::IfVersion("2"); });
  EXPECT_EQ(forms.size(), 15U);
  plain.size_bytes = 7;
  EXPECT_TRUE(forms.contains(FormOf(plain)));
}

TEST_F(EngineResume, NoResumeBeginsAnew) {
  second_.options.resume = false;
  EXPECT_EQ(Finish(), 4U);
}

TEST_F(EngineResume, UploadOfAnObjectThatNeedsNoCopyIsAborted) {
  second_.source.Set("big", "x");
  second_.target.Set("big", "x").head_digests = SumOf("x").digests();
  second_.source.objects.at("big").head_digests = SumOf("x").digests();
  EXPECT_EQ(Finish(), 0U);
  EXPECT_EQ(second_.Kept<UploadEndedRecord>().size(), 1U);
}

TEST_F(EngineResume, ListingThatFailedAbortsNothing) {
  second_.source.objects.clear();
  second_.before = [](const Command& command) -> std::optional<Status> {
    const auto* list = std::get_if<ListCommand>(&command.body);
    if (list == nullptr || list->side != Side::kSource) return std::nullopt;
    return Status(ErrorKind::kPermissionDenied, "403");
  };
  EXPECT_NE(second_.Run().exit_code, 0);
  EXPECT_EQ(second_.target.uploads.size(), 1U);
}

// Its condition was given then and would fail in the end, when all has been sent.
TEST_F(EngineResume, UploadThatWasBegunForAnotherTargetBeginsAnew) {
  GiveConditionsAtBegin();
  second_.target.Set("big", "somebody else's");
  EXPECT_EQ(Finish(), 4U);
  EXPECT_EQ(second_.Sent<AbortUploadCommand>().size(), 1U);
}

TEST_F(EngineResume, UploadThatWasBegunForTheSameTargetGoesOn) {
  GiveConditionsAtBegin();
  EXPECT_EQ(Finish(), 1U);
}

TEST_F(EngineResume, TargetThatChangesDuringTheSecondRunIsLeftAlone) {
  LoseTheTargetDuringTheSecondRun();
}

TEST_F(EngineResume, TargetThatChangesAfterAConditionAtBeginIsLeftAlone) {
  GiveConditionsAtBegin();
  LoseTheTargetDuringTheSecondRun();
}

// Who may write need not be allowed to list parts.
TEST_F(EngineResume, PartsThatMayNotBeListedBeginAnew) {
  second_.before = [](const Command& command) -> std::optional<Status> {
    if (!Is<ListPartsCommand>(command)) return std::nullopt;
    return Status(ErrorKind::kPermissionDenied, "403");
  };
  EXPECT_EQ(Finish(), 4U);
  EXPECT_EQ(second_.Sent<AbortUploadCommand>().size(), 1U);
}

TEST_F(EngineResume, NoteOfTheStoreInATokenIsNotCompared) {
  const PartReceipt part = second_.unfinished[0].parts[0];
  CopyJob job;
  job.plan.part_size_bytes = job.source.size_bytes = part.size_bytes;
  job.plan.part_count = 1;
  for (const auto& [listed, taken] : {std::pair{"a", true}, {"b", false}, {"a +", true}}) {
    UploadedParts kept;
    kept.parts.push_back({0, part.size_bytes, listed, {}});
    JournaledUpload journaled;
    journaled.parts.push_back({0, part.size_bytes, "a +", part.digests});
    const std::vector<PartReceipt> there = PartsStillThere(journaled, kept, job);
    EXPECT_EQ(there.size(), taken ? 1U : 0U) << listed;
    for (const PartReceipt& receipt : there) EXPECT_EQ(receipt.token, "a +");
  }
}

// The service copied it, and nobody has seen its bytes.
TEST_F(EngineResume, CopiedPartNeedsNoDigest) {
  CopyJob job;
  job.plan.part_size_bytes = job.source.size_bytes = 10;
  job.plan.part_count = 1;
  JournaledUpload journaled;
  journaled.parts.push_back({0, 10, "a", {}});
  const UploadedParts kept{journaled.parts, {}};
  EXPECT_TRUE(PartsStillThere(journaled, kept, job).empty());
  job.server_copy = true;
  EXPECT_EQ(PartsStillThere(journaled, kept, job).size(), 1U);
}

// An older journal does not tell when.
TEST_F(EngineResume, BeginOfAnUnknownTimeThatNobodyHeardOfIsLeftAlone) {
  second_.unfinished[0].upload_id = Secret();
  second_.unfinished[0].parts.clear();
  left().parts.clear();
  auto foreign = second_.target.uploads.extract(second_.target.uploads.begin());
  second_.target.uploads["foreign"] = foreign.mapped();
  EXPECT_EQ(second_.Run().exit_code, 0);
  EXPECT_EQ(second_.target.uploads.size(), 1U);
  EXPECT_TRUE(second_.Sent<AbortUploadCommand>().empty());
}

TEST(EngineBegin, NoPartIsSentBeforeTheUploadIsRemembered) {
  ScriptedRunner run;
  run.source.Set("big", kBig);
  run.watch = [&run](const Command& command) {
    if (!Is<TransferPartCommand>(command)) return;
    EXPECT_EQ(run.Kept<UploadBegunRecord>().size(), 1U);
  };
  EXPECT_EQ(run.Run().exit_code, 0);
  EXPECT_GE(run.Sent<TransferPartCommand>().size(), 4U);
}

// What the journal does not know nobody would ever go on with.
TEST(EngineBegin, UploadThatCouldNotBeRecordedIsAborted) {
  ScriptedRunner run;
  run.source.Set("big", kBig);
  run.before = [&run](const Command& command) -> std::optional<Status> {
    if (!Is<JournalCommand>(command) || run.target.uploads.empty()) return std::nullopt;
    return Status(ErrorKind::kLocalIo, "the journal cannot be written");
  };
  EXPECT_EQ(run.Run().exit_code, 8);
  EXPECT_TRUE(run.target.uploads.empty());
}

TEST_F(EngineResume, AnUploadOfAnotherJobIsLeftToIt) {
  second_.source.objects.erase("big");
  second_.source.Set("other", "x");
  second_.unfinished[0].of_this_job = false;
  EXPECT_EQ(second_.Run().exit_code, 0);
  EXPECT_EQ(second_.target.uploads.size(), 1U);
  EXPECT_TRUE(second_.Sent<AbortUploadCommand>().empty());
}

TEST_F(EngineResume, ACopyOfOneObjectGoesOnOrAbortsWhatItNoLongerNeeds) {
  second_.options.mode = JobMode::kCopy;
  second_.options.single = SyncOptions::SingleObject{"big", "big"};
  EXPECT_EQ(Finish(), 1U);
  EXPECT_TRUE(summary_.resumed);
}

TEST_F(EngineResume, ACopyOfOneObjectThatIsSmallNowAbortsItsUpload) {
  second_.options.mode = JobMode::kCopy;
  second_.options.single = SyncOptions::SingleObject{"big", "big"};
  second_.source.Set("big", "small");
  EXPECT_EQ(Finish(), 0U);
  EXPECT_EQ(second_.Sent<AbortUploadCommand>().size(), 1U);
}

}  // namespace
}  // namespace godwit

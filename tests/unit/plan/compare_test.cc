#include "lib/plan/compare.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/plan/compare_pair.h"

namespace godwit {
namespace {

// ---- every mode ----

TEST(Compare, DifferentSizesAreAlwaysDifferent) {
  for (const CompareMode mode : {CompareMode::kAuto, CompareMode::kDigest, CompareMode::kMtime,
                                 CompareMode::kSizeMtime, CompareMode::kSize}) {
    Pair pair = Pair::Clouds();
    pair.Prove({kCrcA});
    pair.source.digests = pair.target.digests = {kCrcA};
    pair.target.size_bytes = 8;
    pair.input.mode = mode;
    EXPECT_EQ(pair.Say(), "copy size-differs") << static_cast<int>(mode);
  }
}

TEST(Compare, AlwaysCopiesWhateverIsKnown) {
  Pair pair = Pair::Clouds();
  pair.source.digests = pair.target.digests = {kCrcA};
  pair.input.mode = CompareMode::kAlways;
  EXPECT_EQ(pair.Say(), "copy always");
}

TEST(Compare, SizeTrustsSizesAlone) {
  Pair pair = Pair::Clouds();
  pair.input.mode = CompareMode::kSize;
  EXPECT_EQ(pair.Say(), "unchanged size");
}

TEST(Compare, SizeMtimeTrustsATargetThatIsNotOlder) {
  Pair pair = Pair::Upload();
  pair.input.mode = CompareMode::kSizeMtime;
  EXPECT_EQ(pair.Say(), "unchanged size-mtime");
  pair.target.modified = At(1'000);
  EXPECT_EQ(pair.Say(), "unchanged size-mtime");
  pair.target.modified = At(999, 999'999'999);
  EXPECT_EQ(pair.Say(), "copy mtime-differs");
}

TEST(Compare, SizeMtimeCutsToTheCoarserClock) {
  Pair pair = Pair::Upload();
  pair.input.mode = CompareMode::kSizeMtime;
  pair.source.modified = At(1'000, 900'000'000);
  pair.target.modified = At(1'000, 0, 0);
  EXPECT_EQ(pair.Say(), "unchanged size-mtime");
  pair.target.modified = At(999, 0, 0);
  EXPECT_EQ(pair.Say(), "copy mtime-differs");
}

// ---- auto, nothing remembered ----

TEST(CompareAuto, ListedDigestsDecideWithoutAnyRequest) {
  Pair pair = Pair::Clouds();
  pair.source.digests = pair.target.digests = {Md5(1)};
  EXPECT_EQ(pair.Say(), "unchanged digest");
  pair.target.digests = {Md5(2)};
  EXPECT_EQ(pair.Say(), "copy digest-differs");
}

TEST(CompareAuto, OneDisagreeingDigestOutweighsAgreeingOnes) {
  Pair pair = Pair::Clouds();
  pair.source.digests = {kCrcA, Md5(1)};
  pair.target.digests = {kCrcA, Md5(2)};
  EXPECT_EQ(pair.Say(), "copy digest-differs");
}

TEST(CompareAuto, UploadAsksTheTargetOnceAndTakesItsRecordedTime) {
  Pair pair = Pair::Upload();
  EXPECT_EQ(pair.Say(), "ask target");
  pair.AnswerTargetHead({kCrcA}, At(1'000));
  EXPECT_EQ(pair.Say(), "unchanged mtime");
}

TEST(CompareAuto, UploadWithAnotherRecordedTimeIsCopied) {
  Pair pair = Pair::Upload();
  pair.AnswerTargetHead({kCrcA}, At(1'001));
  EXPECT_EQ(pair.Say(), "copy mtime-differs");
}

TEST(CompareAuto, UploadToAnUnmarkedTargetIsCopiedForWantOfEvidence) {
  Pair pair = Pair::Upload();
  pair.AnswerTargetHead({kCrcA});
  EXPECT_EQ(pair.Say(), "copy no-evidence");
}

TEST(CompareAuto, AFailedHeadIsNotAskedAgain) {
  Pair pair = Pair::Upload();
  pair.input.target.head_useful = false;
  EXPECT_EQ(pair.Say(), "copy no-evidence");
}

TEST(CompareAuto, RecordedTimesAreCutNotRounded) {
  Pair pair = Pair::Upload();
  pair.source.modified = At(1'000, 999'999'999);
  pair.AnswerTargetHead({}, At(1'000, 999'000'000, 3));
  EXPECT_EQ(pair.Say(), "unchanged mtime");
  pair.input.target.head->attributes.mtime = At(1'001, 0, 3);
  EXPECT_EQ(pair.Say(), "copy mtime-differs");
}

TEST(CompareAuto, DownloadAsksTheSourceAndComparesWithTheFilesTime) {
  Pair pair = Pair::Download();
  EXPECT_EQ(pair.Say(), "ask source");
  pair.AnswerSourceHead({kCrcA}, At(2'000));
  EXPECT_EQ(pair.Say(), "unchanged mtime");
}

TEST(CompareAuto, DownloadOfAnUnmarkedSourceUsesItsLastModifiedTime) {
  Pair pair = Pair::Download();
  pair.AnswerSourceHead({});
  EXPECT_EQ(pair.Say(), "copy mtime-differs");
  pair.target.modified = At(1'000);
  EXPECT_EQ(pair.Say(), "unchanged mtime");
}

TEST(CompareAuto, CloudsAreAskedTargetFirst) {
  Pair pair = Pair::Clouds();
  EXPECT_EQ(pair.Say(), "ask target");
  pair.AnswerTargetHead({kCrcA});
  EXPECT_EQ(pair.Say(), "ask source");
  pair.AnswerSourceHead({kCrcA});
  EXPECT_EQ(pair.Say(), "unchanged digest");
}

TEST(CompareAuto, CloudDigestsFoundByHeadOutweighEqualTimes) {
  Pair pair = Pair::Clouds();
  pair.AnswerTargetHead({kCrcB}, At(1'000));
  pair.AnswerSourceHead({kCrcA}, At(1'000));
  EXPECT_EQ(pair.Say(), "copy digest-differs");
}

TEST(CompareAuto, SourceIsNotAskedWhereThatCannotHelp) {
  Pair pair = Pair::Clouds();
  pair.AnswerTargetHead({});
  EXPECT_EQ(pair.Say(), "copy no-evidence");
}

TEST(CompareAuto, LastModifiedTimeOfACloudTargetIsNoRecord) {
  Pair pair = Pair::Upload();
  pair.target.modified = At(1'000);
  pair.AnswerTargetHead({});
  EXPECT_EQ(pair.Say(), "copy no-evidence");
}

TEST(CompareAuto, FilesAreComparedByTimeWithoutReading) {
  Pair pair = Pair::Disks();
  EXPECT_EQ(pair.Say(), "copy mtime-differs");
  pair.target.modified = At(1'000);
  EXPECT_EQ(pair.Say(), "unchanged mtime");
}

TEST(CompareAuto, AHeadOfAnotherVersionTellsNothing) {
  Pair pair = Pair::Upload();
  pair.AnswerTargetHead({}, At(1'000));
  pair.input.target.head->entry.version = "t2";
  EXPECT_EQ(pair.Say(), "copy no-evidence");
}

TEST(CompareAuto, ClaimedDigestIsNoEvidence) {
  Pair pair = Pair::Clouds();
  pair.AnswerTargetHead({});
  pair.AnswerSourceHead({});
  pair.input.target.head->attributes.claimed_crc64nvme = 0xA;
  pair.input.source.head->attributes.claimed_crc64nvme = 0xA;
  EXPECT_EQ(pair.Say(), "copy no-evidence");
}

TEST(CompareAuto, MtimeModeDecidesAlike) {
  Pair pair = Pair::Upload();
  pair.input.mode = CompareMode::kMtime;
  EXPECT_EQ(pair.Say(), "ask target");
  pair.AnswerTargetHead({}, At(1'000));
  EXPECT_EQ(pair.Say(), "unchanged mtime");
}

}  // namespace
}  // namespace godwit

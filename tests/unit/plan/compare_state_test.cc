// Compare where the state of the last run holds the key.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/plan/compare_pair.h"

namespace godwit {
namespace {

// ---- auto, with state ----

TEST(CompareState, UnchangedVersionsNeedNoRequest) {
  for (const bool source_is_local : {false, true}) {
    for (const bool target_is_local : {false, true}) {
      Pair pair(source_is_local, target_is_local);
      pair.Prove({kCrcA});
      EXPECT_EQ(pair.Say(), "unchanged state") << source_is_local << target_is_local;
    }
  }
}

TEST(CompareState, StateByMtimeIsAProofButItsDigestsAreNot) {
  Pair pair = Pair::Upload();
  pair.Prove({kCrcA}, Evidence::kMtime);
  EXPECT_EQ(pair.Say(), "unchanged state");
  pair.source.version = "s2";
  pair.input.source.hashed = DigestSet{kCrcA};
  EXPECT_EQ(pair.Say(), "ask target");
}

TEST(CompareState, StateBySizesAloneIsNoProof) {
  for (const Evidence evidence : {Evidence::kSize, Evidence::kSizeMtime}) {
    Pair pair = Pair::Upload();
    pair.Prove({}, evidence);
    EXPECT_EQ(pair.Say(), "ask target");
    pair.AnswerTargetHead({}, At(1'000));
    EXPECT_EQ(pair.Say(), "unchanged mtime");
  }
}

TEST(CompareState, EmptyVersionsProveNothing) {
  Pair pair = Pair::Upload();
  pair.Prove({kCrcA});
  pair.source.version = pair.row->source_version = "";
  EXPECT_EQ(pair.Say(), "hash source");
}

TEST(CompareState, AnotherSizeThanProvenIsAChange) {
  Pair pair = Pair::Upload();
  pair.Prove({});
  pair.source.size_bytes = pair.target.size_bytes = 9;
  EXPECT_EQ(pair.Say(), "ask target");
}

TEST(CompareState, ListedDigestWithTheLocalCacheIsDigestEvidence) {
  Pair pair = Pair::Upload();
  pair.Prove({kSmallA});
  pair.target.digests = {kSmallA};
  EXPECT_EQ(pair.Say(), "unchanged digest");
}

TEST(CompareState, AServiceDigestThatContradictsTheStateIsADifference) {
  Pair pair = Pair::Upload();
  pair.Prove({kCrcA});
  pair.target.digests = {kCrcB};
  EXPECT_EQ(pair.Say(), "copy digest-differs");
  pair.target.digests = {};
  pair.source.digests = {kCrcB};
  EXPECT_EQ(pair.Say(), "copy digest-differs");
}

TEST(CompareState, ServiceDigestsThatDifferOutweighTheState) {
  Pair pair = Pair::Clouds();
  pair.Prove({});
  pair.source.digests = {kCrcA};
  pair.target.digests = {kCrcB};
  EXPECT_EQ(pair.Say(), "copy digest-differs");
}

TEST(CompareState, ChangedFileIsHashedOnceAndComparedWithTheState) {
  Pair pair = Pair::Upload();
  pair.Prove({kCrcA});
  pair.source.version = "s2";
  EXPECT_EQ(pair.Say(), "hash source");
  pair.input.source.hashed = DigestSet{kCrcA, kSmallA};
  EXPECT_EQ(pair.Say(), "unchanged digest");
}

// I19: a one-byte change of the same size and an older time is found.
TEST(CompareState, SameSizeOlderTimeChangeIsFoundI19) {
  Pair pair = Pair::Upload();
  pair.Prove({kCrcA});
  pair.source.version = "s2";
  pair.source.modified = At(500);
  EXPECT_EQ(pair.Say(), "hash source");
  pair.input.source.hashed = DigestSet{kCrcB};
  EXPECT_EQ(pair.Say(), "copy digest-differs");
}

TEST(CompareState, EqualTimesAreNoEvidenceOnceAVersionChanged) {
  Pair pair = Pair::Disks();
  pair.Prove({});
  pair.source.version = "s2";
  pair.target.modified = pair.source.modified;
  EXPECT_EQ(pair.Say(), "copy version-changed");
}

TEST(CompareState, StateWithoutDigestsAsksTheTargetBeforeReadingTheFile) {
  Pair pair = Pair::Upload();
  pair.Prove({});
  pair.source.version = "s2";
  EXPECT_EQ(pair.Say(), "ask target");
  pair.AnswerTargetHead({Md5(1)}, At(1'000));
  const Verdict verdict = pair.Judge();
  EXPECT_EQ(Describe(verdict), "hash source");
  EXPECT_TRUE(verdict.want_md5);
  EXPECT_FALSE(verdict.want_sha256);
  pair.input.source.hashed = DigestSet{kCrcB, Md5(1)};
  EXPECT_EQ(pair.Say(), "unchanged digest");
}

TEST(CompareState, FileIsNotReadWhereNothingCouldBeCompared) {
  Pair pair = Pair::Upload();
  pair.Prove({});
  pair.source.version = "s2";
  pair.AnswerTargetHead({}, At(1'000));
  EXPECT_EQ(pair.Say(), "copy version-changed");
}

TEST(CompareState, ChangedTargetIsAskedAndComparedWithTheState) {
  Pair pair = Pair::Upload();
  pair.Prove({kCrcA});
  pair.target.version = "t2";
  EXPECT_EQ(pair.Say(), "ask target");
  pair.AnswerTargetHead({kCrcA});
  EXPECT_EQ(pair.Say(), "unchanged digest");
  pair.AnswerTargetHead({kCrcB});
  EXPECT_EQ(pair.Say(), "copy digest-differs");
  pair.AnswerTargetHead({});
  EXPECT_EQ(pair.Say(), "copy version-changed");
}

TEST(CompareState, ChangedCloudSourceIsAskedAndComparedWithTheState) {
  Pair pair = Pair::Download();
  pair.Prove({kCrcA});
  pair.source.version = "s2";
  EXPECT_EQ(pair.Say(), "ask source");
  pair.AnswerSourceHead({kCrcA}, At(2'000));
  EXPECT_EQ(pair.Say(), "unchanged digest");
}

TEST(CompareState, ChangedCloudSourceAsksTheTargetWhereKindsDiffer) {
  Pair pair = Pair::Clouds();
  pair.Prove({kCrcA});
  pair.source.version = "s2";
  pair.AnswerSourceHead({Md5(1)});
  EXPECT_EQ(pair.Say(), "ask target");
  pair.AnswerTargetHead({Md5(1)});
  EXPECT_EQ(pair.Say(), "unchanged digest");
}

TEST(CompareState, ChangedObjectsAreAskedThoughTheStateHasNoDigest) {
  Pair pair = Pair::Clouds();
  pair.Prove({});
  pair.target.version = "t2";
  EXPECT_EQ(pair.Say(), "ask target");
  pair.AnswerTargetHead({kCrcA});
  EXPECT_EQ(pair.Say(), "ask source");
  pair.AnswerSourceHead({kCrcA});
  EXPECT_EQ(pair.Say(), "unchanged digest");

  Pair other = Pair::Clouds();
  other.Prove({});
  other.source.version = "s2";
  EXPECT_EQ(other.Say(), "ask source");
  other.AnswerSourceHead({kCrcA});
  EXPECT_EQ(other.Say(), "ask target");
}

// The source was not asked, so nothing is known of the time that it records.
TEST(CompareState, EqualTargetFileIsLeftAsItIs) {
  Pair pair = Pair::Download();
  pair.Prove({kCrcA});
  pair.target.version = "t2";
  pair.input.target.hashed = DigestSet{kCrcA};
  EXPECT_EQ(pair.Say(), "unchanged digest");
}

TEST(CompareState, ChangedTargetFileIsHashedOnce) {
  Pair pair = Pair::Download();
  pair.Prove({kCrcA});
  pair.target.version = "t2";
  EXPECT_EQ(pair.Say(), "hash target");
  pair.input.target.hashed = DigestSet{kCrcB};
  EXPECT_EQ(pair.Say(), "copy digest-differs");
}

TEST(CompareState, BothChangedAreBothLookedAt) {
  Pair pair = Pair::Upload();
  pair.Prove({kCrcA});
  pair.source.version = "s2";
  pair.target.version = "t2";
  EXPECT_EQ(pair.Say(), "ask target");
  pair.AnswerTargetHead({kCrcB});
  EXPECT_EQ(pair.Say(), "hash source");
  pair.input.source.hashed = DigestSet{kCrcB};
  EXPECT_EQ(pair.Say(), "unchanged digest");
}

TEST(CompareState, BothFilesChangedAreBothHashed) {
  Pair pair = Pair::Disks();
  pair.Prove({kCrcA});
  pair.source.version = "s2";
  pair.target.version = "t2";
  EXPECT_EQ(pair.Say(), "hash source");
  pair.input.source.hashed = DigestSet{kCrcB};
  EXPECT_EQ(pair.Say(), "hash target");
  pair.input.target.hashed = DigestSet{kCrcB};
  EXPECT_EQ(pair.Say(), "metadata digest");
}

TEST(CompareState, VersionChangedGivesWayToADifferenceOfTimes) {
  Pair pair = Pair::Disks();
  pair.Prove({});
  pair.source.version = "s2";
  EXPECT_EQ(pair.Say(), "copy mtime-differs");
}

}  // namespace
}  // namespace godwit

#include "lib/plan/compare.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace godwit {
namespace {

using Next = Verdict::Next;

const Digest kCrcA = Digest::Crc64Nvme(0xA);
const Digest kCrcB = Digest::Crc64Nvme(0xB);
const Digest kSmallA = Digest::Crc32c(0xA);

Digest Md5(std::uint8_t fill) {
  return Digest(DigestKind::kMd5, std::vector<std::uint8_t>(16, fill));
}

PreciseTime At(std::int64_t seconds, std::int64_t nanoseconds = 0, int digits = 9) {
  return {Timestamp(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds)), digits};
}

std::string Describe(const Verdict& verdict) {
  switch (verdict.next) {
    case Next::kUnchanged:
      return "unchanged " + std::string(EvidenceName(verdict.evidence));
    case Next::kCopy:
      return "copy " + std::string(ReasonName(verdict.reason));
    case Next::kMetadata:
      return "metadata " + std::string(EvidenceName(verdict.evidence));
    case Next::kAskTarget:
      return "ask target";
    case Next::kAskSource:
      return "ask source";
    case Next::kHashSource:
      return "hash source";
    case Next::kHashTarget:
      return "hash target";
  }
  return "";
}

// One key on both sides, same size, other times, versions "s1" and "t1". A test changes what it
// is about, and follows the questions with Ask and Hash.
struct Pair {
  ObjectEntry source;
  ObjectEntry target;
  CompareInput input;
  std::optional<StateRow> row;

  Pair(bool source_is_local, bool target_is_local) {
    source.key = target.key = "a";
    source.size_bytes = target.size_bytes = 7;
    source.modified = At(1'000);
    target.modified = At(2'000);
    source.version = "s1";
    target.version = "t1";
    input.source.is_local = source_is_local;
    input.target.is_local = target_is_local;
  }
  Pair(const Pair&) = delete;

  static Pair Upload() { return {true, false}; }
  static Pair Download() { return {false, true}; }
  static Pair Clouds() { return {false, false}; }
  static Pair Disks() { return {true, true}; }

  // The last run proved "s1" and "t1" equal, with these digests.
  void Prove(DigestSet digests, Evidence evidence = Evidence::kDigest) {
    row = StateRow{"a", 7, "s1", "t1", At(1'000), std::move(digests), evidence};
  }
  void AnswerHead(SideKnowledge& side, DigestSet digests,
                  std::optional<PreciseTime> mtime = std::nullopt) {
    side.head.emplace();
    side.head->entry = &side == &input.source ? source : target;
    side.head->entry.digests = std::move(digests);
    side.head->attributes.mtime = mtime;
  }
  void AnswerSourceHead(DigestSet digests, std::optional<PreciseTime> mtime = std::nullopt) {
    AnswerHead(input.source, std::move(digests), mtime);
  }
  void AnswerTargetHead(DigestSet digests, std::optional<PreciseTime> mtime = std::nullopt) {
    AnswerHead(input.target, std::move(digests), mtime);
  }
  Verdict Judge() {
    input.source.entry = &source;
    input.target.entry = &target;
    input.state = row ? &*row : nullptr;
    return Compare(input);
  }
  std::string Say() { return Describe(Judge()); }
};

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

// Times that a run which died may have copied: a second holds more than one content.
#include <gtest/gtest.h>

#include "tests/unit/plan/compare_pair.h"

namespace godwit {
namespace {

// An object without a time of its own, last written at 1,000 s, and a file that bears this time.
struct Ambiguous : Pair {
  explicit Ambiguous(std::int64_t unsettled_since) : Pair(false, true) {
    source.modified = At(1'000, 0, 0);
    target.modified = At(1'000);
    input.unsettled_since = At(unsettled_since).time;
  }
};

TEST(CompareTime, WrittenAfterARunThatDiedBeganIsNoEvidence) {
  Ambiguous pair(999);
  EXPECT_EQ(pair.Say(), "ask source");
  pair.AnswerSourceHead({});
  EXPECT_EQ(pair.Say(), "copy no-evidence");
}

TEST(CompareTime, IsEvidenceWhereAllRunsSucceeded) {
  Ambiguous pair(999);
  pair.input.unsettled_since.reset();
  pair.AnswerSourceHead({});
  EXPECT_EQ(pair.Say(), "unchanged mtime");
}

TEST(CompareTime, IsEvidenceWhereItLiesFurtherBackThanClocksMayDiffer) {
  Ambiguous pair(1'000 + 15 * 60);
  pair.AnswerSourceHead({});
  EXPECT_EQ(pair.Say(), "copy no-evidence");
  pair.input.unsettled_since = At(1'000 + 15 * 60 + 1).time;
  EXPECT_EQ(pair.Say(), "unchanged mtime");
}

TEST(CompareTime, TheFileIsReadOnceWhereTheServiceTellsADigest) {
  Ambiguous pair(999);
  pair.AnswerSourceHead({Md5(1)});
  EXPECT_EQ(pair.Say(), "hash target");
  EXPECT_TRUE(pair.Judge().want_md5);
  pair.input.target.hashed = DigestSet{Md5(1)};
  EXPECT_EQ(pair.Say(), "unchanged digest");
  pair.input.target.hashed = DigestSet{Md5(2)};
  EXPECT_EQ(pair.Say(), "copy digest-differs");
}

TEST(CompareTime, NanosecondsTellAnyTwoWritesApart) {
  Ambiguous pair(999);
  pair.AnswerSourceHead({}, At(1'000));
  EXPECT_EQ(pair.Say(), "unchanged mtime");
}

TEST(CompareTime, OneSideInWholeSecondsIsEnoughToDoubt) {
  Pair pair = Pair::Clouds();
  pair.input.unsettled_since = At(999).time;
  pair.AnswerTargetHead({}, At(1'000, 0, 0));
  pair.AnswerSourceHead({}, At(1'000, 5));
  EXPECT_EQ(pair.Say(), "copy no-evidence");
}

TEST(CompareTime, FilesAreReadOnlyOnceTheirTimeTells) {
  Pair pair = Pair::Upload();
  pair.input.unsettled_since = At(999).time;
  pair.AnswerTargetHead({}, At(1'000, 0, 3));
  EXPECT_EQ(pair.Say(), "unchanged mtime");
}

TEST(CompareTime, StateOutweighsIt) {
  Ambiguous pair(999);
  pair.Prove({});
  EXPECT_EQ(pair.Say(), "unchanged state");
}

}  // namespace
}  // namespace godwit

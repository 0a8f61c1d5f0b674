// Mode digest, metadata differences, what is remembered, and properties over random inputs.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "lib/base/random.h"
#include "lib/plan/compare.h"

namespace godwit {
namespace {

using Next = Verdict::Next;

const Digest kCrcA = Digest::Crc64Nvme(0xA);
const Digest kCrcB = Digest::Crc64Nvme(0xB);

Digest Md5(std::uint8_t fill) {
  return Digest(DigestKind::kMd5, std::vector<std::uint8_t>(16, fill));
}
Digest Sha256(std::uint8_t fill) {
  return Digest(DigestKind::kSha256, std::vector<std::uint8_t>(32, fill));
}
PreciseTime At(std::int64_t seconds) { return {Timestamp(std::chrono::seconds(seconds)), 9}; }

ObjectEntry Entry(Version version, PreciseTime modified) {
  ObjectEntry entry;
  entry.key = "a";
  entry.size_bytes = 7;
  entry.version = std::move(version);
  entry.modified = modified;
  return entry;
}

struct Pair {
  ObjectEntry source = Entry("s1", At(1'000));
  ObjectEntry target = Entry("t1", At(2'000));
  CompareInput input;
  std::optional<StateRow> row;

  Pair(bool source_is_local, bool target_is_local, CompareMode mode) {
    input.source.is_local = source_is_local;
    input.target.is_local = target_is_local;
    input.mode = mode;
  }
  Verdict Judge() {
    input.source.entry = &source;
    input.target.entry = &target;
    input.state = row ? &*row : nullptr;
    return Compare(input);
  }
  Next Say() { return Judge().next; }
};

ObjectMeta Head(const ObjectEntry& entry, DigestSet digests) {
  ObjectMeta meta;
  meta.entry = entry;
  meta.entry.digests = std::move(digests);
  return meta;
}

// ---- mode digest ----

TEST(CompareDigest, ReadsTheFileWhereTheTargetStoresADigest) {
  Pair pair(true, false, CompareMode::kDigest);
  EXPECT_EQ(pair.Say(), Next::kAskTarget);
  pair.input.target.head = Head(pair.target, {kCrcA});
  EXPECT_EQ(pair.Say(), Next::kHashSource);
  pair.input.source.hashed = DigestSet{kCrcA};
  EXPECT_EQ(pair.Say(), Next::kUnchanged);
  EXPECT_EQ(pair.Judge().evidence, Evidence::kDigest);
}

TEST(CompareDigest, ReadsBothSidesWhereNothingIsStored) {
  Pair pair(true, false, CompareMode::kDigest);
  pair.input.target.head = Head(pair.target, {});
  EXPECT_EQ(pair.Say(), Next::kHashSource);
  pair.input.source.hashed = DigestSet{kCrcA};
  EXPECT_EQ(pair.Say(), Next::kHashTarget);
  pair.input.target.hashed = DigestSet{kCrcB};
  EXPECT_EQ(pair.Say(), Next::kCopy);
  EXPECT_EQ(pair.Judge().reason, Reason::kDigestDiffers);
}

TEST(CompareDigest, ReadsTheFileRatherThanTheObject) {
  Pair pair(false, true, CompareMode::kDigest);
  pair.input.source.head = Head(pair.source, {Sha256(1)});
  const Verdict verdict = pair.Judge();
  EXPECT_EQ(verdict.next, Next::kHashTarget);
  EXPECT_TRUE(verdict.want_sha256);
}

TEST(CompareDigest, ReadsOneOfTwoObjectsWhoseDigestsAreOfOtherKinds) {
  Pair pair(false, false, CompareMode::kDigest);
  pair.input.source.head = Head(pair.source, {Md5(1)});
  pair.input.target.head = Head(pair.target, {kCrcA});
  const Verdict verdict = pair.Judge();
  EXPECT_EQ(verdict.next, Next::kHashSource);
  EXPECT_FALSE(verdict.want_md5);
}

TEST(CompareDigest, ReadsTheSideThatHasNone) {
  Pair pair(false, false, CompareMode::kDigest);
  pair.input.source.head = Head(pair.source, {kCrcA});
  pair.input.target.head = Head(pair.target, {});
  EXPECT_EQ(pair.Say(), Next::kHashTarget);
}

TEST(CompareDigest, TakesTheLocalDigestCacheButNoOtherState) {
  Pair pair(true, false, CompareMode::kDigest);
  pair.row = StateRow{"a", 7, "s1", "t1", At(1'000), {kCrcA}, Evidence::kDigest};
  EXPECT_EQ(pair.Say(), Next::kAskTarget);
  pair.input.target.head = Head(pair.target, {kCrcA});
  EXPECT_EQ(pair.Say(), Next::kUnchanged);

  Pair clouds(false, false, CompareMode::kDigest);
  clouds.row = pair.row;
  clouds.input.source.head = Head(clouds.source, {});
  clouds.input.target.head = Head(clouds.target, {});
  EXPECT_EQ(clouds.Say(), Next::kHashSource);
}

TEST(CompareDigest, EqualTimesAreNoEvidence) {
  Pair pair(true, true, CompareMode::kDigest);
  pair.target.modified = pair.source.modified;
  EXPECT_EQ(pair.Say(), Next::kHashSource);
}

TEST(CompareDigest, UnreadableSidesEndAsWantOfEvidence) {
  Pair pair(true, false, CompareMode::kDigest);
  pair.input.target.head_useful = false;
  pair.input.source.hashed = DigestSet();
  pair.input.target.hashed = DigestSet();
  EXPECT_EQ(pair.Judge().reason, Reason::kNoEvidence);
}

// ---- metadata ----

struct MetadataPair : Pair {
  MetadataPair() : Pair(false, false, CompareMode::kAuto) {
    input.source.head = Head(source, {kCrcA});
    input.target.head = Head(target, {kCrcA});
    for (std::optional<ObjectMeta>* head : {&input.source.head, &input.target.head}) {
      (*head)->attributes.content_type = "text/plain";
      (*head)->attributes.user_metadata = {{"owner", "x"}};
      (*head)->attributes.mtime = At(500);
    }
  }
  ObjectAttributes& of_target() { return input.target.head->attributes; }
};

TEST(CompareMetadata, EqualAttributesAreUnchanged) {
  EXPECT_EQ(MetadataPair().Say(), Next::kUnchanged);
}

TEST(CompareMetadata, EveryKnownDifferenceIsSeen) {
  MetadataPair type, cache, encoding, disposition, language, user, time;
  type.of_target().content_type = "x/y";
  cache.of_target().cache_control = "no-store";
  encoding.of_target().content_encoding = "gzip";
  disposition.of_target().content_disposition = "inline";
  language.of_target().content_language = "de";
  user.of_target().user_metadata.clear();
  time.of_target().mtime = At(501);
  for (MetadataPair* pair : {&type, &cache, &encoding, &disposition, &language, &user, &time}) {
    const Verdict verdict = pair->Judge();
    EXPECT_EQ(verdict.next, Next::kMetadata);
    EXPECT_EQ(verdict.reason, Reason::kMetadataDiffers);
    EXPECT_EQ(verdict.evidence, Evidence::kDigest);
  }
}

TEST(CompareMetadata, TagsCountOnlyWhenAskedFor) {
  MetadataPair pair;
  pair.of_target().tags = {{"k", "v"}};
  EXPECT_EQ(pair.Say(), Next::kUnchanged);
  pair.input.check_tags = true;
  EXPECT_EQ(pair.Say(), Next::kMetadata);
}

TEST(CompareMetadata, OptionsDecideWhatIsWanted) {
  MetadataPair pair;
  AttributeRules rules;
  rules.content_type = "text/plain";
  rules.set_metadata = {{"owner", "y"}};
  pair.input.rules = &rules;
  EXPECT_EQ(pair.Say(), Next::kMetadata);
  pair.of_target().user_metadata = {{"owner", "y"}};
  EXPECT_EQ(pair.Say(), Next::kUnchanged);
}

TEST(CompareMetadata, WhatAFileCannotSayIsNoDifference) {
  Pair pair(true, false, CompareMode::kAuto);
  pair.input.target.head = Head(pair.target, {});
  pair.input.target.head->attributes.mtime = pair.source.modified;
  pair.input.target.head->attributes.content_type = "text/plain; charset=utf-8";
  pair.input.target.head->attributes.user_metadata = {{"owner", "x"}};
  EXPECT_EQ(pair.Say(), Next::kUnchanged);
}

TEST(CompareMetadata, TouchedFileWithEqualBytesOnlySetsTheTargetFilesTime) {
  Pair pair(true, true, CompareMode::kAuto);
  pair.row = StateRow{"a", 7, "s0", "t1", At(900), {kCrcA}, Evidence::kDigest};
  pair.input.source.hashed = DigestSet{kCrcA};
  EXPECT_EQ(pair.Say(), Next::kMetadata);
}

// A file system with coarse times would otherwise get the same action for ever.
TEST(CompareMetadata, ProvenPairIsLeftAlone) {
  Pair pair(true, true, CompareMode::kDigest);
  pair.row = StateRow{"a", 7, "s1", "t1", At(1'000), {kCrcA}, Evidence::kDigest};
  EXPECT_EQ(pair.Say(), Next::kUnchanged);
}

// ---- what is remembered ----

TEST(CompareProven, DigestsOfBothSidesAndOfTheProvenVersion) {
  Pair pair(true, false, CompareMode::kAuto);
  pair.row = StateRow{"a", 7, "s0", "t1", At(900), {Sha256(1)}, Evidence::kDigest};
  pair.input.source.hashed = DigestSet{kCrcA};
  pair.target.digests = {Md5(1)};
  pair.Judge();
  EXPECT_EQ(ProvenDigests(pair.input), (DigestSet{kCrcA, Md5(1), Sha256(1)}));
}

TEST(CompareProven, DigestsOfANoLongerCurrentVersionAreNotCarriedOn) {
  Pair pair(true, false, CompareMode::kAuto);
  pair.row = StateRow{"a", 7, "s0", "t0", At(900), {Sha256(1)}, Evidence::kDigest};
  pair.Judge();
  EXPECT_TRUE(ProvenDigests(pair.input).empty());
}

// ---- properties ----

// A world of contents and versions, in which a random sequence of questions is answered truly.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    source_content_ = random_.Below(2);
    target_content_ = random_.Below(2);
    source_is_local_ = random_.Chance(0.5);
    target_is_local_ = random_.Chance(0.5);
    static constexpr CompareMode kModes[] = {CompareMode::kAuto, CompareMode::kDigest,
                                             CompareMode::kMtime};
    mode_ = kModes[random_.Below(3)];
    // Nobody can be wrong about time in this world: equal marks mean equal contents.
    source_.modified = At(static_cast<std::int64_t>(1'000 + source_content_));
    target_.modified = At(static_cast<std::int64_t>(1'000 + target_content_));
    source_.digests = Stored(source_is_local_, source_content_);
    target_.digests = Stored(target_is_local_, target_content_);
    MaybeRow();
  }

  bool equal() const { return source_content_ == target_content_; }
  CompareMode mode() const { return mode_; }

  // Answers until there is a decision. Counts questions.
  Verdict Follow(int& questions) {
    CompareInput input;
    input.mode = mode_;
    input.source.entry = &source_;
    input.target.entry = &target_;
    input.source.is_local = source_is_local_;
    input.target.is_local = target_is_local_;
    input.state = row_ ? &*row_ : nullptr;
    while (true) {
      const Verdict verdict = Compare(input);
      switch (verdict.next) {
        case Next::kAskTarget:
          Answer(input.target, target_, target_content_);
          break;
        case Next::kAskSource:
          Answer(input.source, source_, source_content_);
          break;
        case Next::kHashSource:
          Read(input.source, verdict, source_content_);
          break;
        case Next::kHashTarget:
          Read(input.target, verdict, target_content_);
          break;
        default:
          return verdict;
      }
      if (++questions > 4) return verdict;
    }
  }

 private:
  static Digest Of(DigestKind kind, std::uint64_t content) {
    return Digest(
        kind, std::vector<std::uint8_t>(DigestSize(kind), static_cast<std::uint8_t>(content + 1)));
  }
  DigestSet RandomDigests(std::uint64_t content) {
    DigestSet digests;
    for (const DigestKind kind :
         {DigestKind::kCrc64Nvme, DigestKind::kCrc32c, DigestKind::kMd5, DigestKind::kSha256}) {
      if (random_.Chance(0.3)) digests.Set(Of(kind, content));
    }
    return digests;
  }
  DigestSet Stored(bool is_local, std::uint64_t content) {
    return is_local || random_.Chance(0.6) ? DigestSet() : RandomDigests(content);
  }
  // A row tells the truth of its own time; each side has changed since or not.
  void MaybeRow() {
    source_.version = "s" + std::to_string(source_content_);
    target_.version = "t" + std::to_string(target_content_);
    if (random_.Chance(0.4)) return;
    const std::uint64_t content = random_.Below(2);
    row_ = StateRow{"a",
                    7,
                    "s" + std::to_string(content),
                    "t" + std::to_string(content),
                    At(0),
                    RandomDigests(content),
                    Evidence::kDigest};
  }
  void Answer(SideKnowledge& side, const ObjectEntry& entry, std::uint64_t content) {
    ASSERT_FALSE(side.is_local);
    ASSERT_FALSE(side.head) << "asked twice";
    side.head = Head(entry, RandomDigests(content));
    if (random_.Chance(0.5)) {
      side.head->attributes.mtime = At(static_cast<std::int64_t>(1'000 + content));
    }
  }
  void Read(SideKnowledge& side, const Verdict& verdict, std::uint64_t content) {
    ASSERT_FALSE(side.hashed) << "read twice";
    ASSERT_TRUE(side.is_local || mode_ == CompareMode::kDigest);
    side.hashed = DigestSet{Of(DigestKind::kCrc64Nvme, content), Of(DigestKind::kCrc32c, content)};
    if (verdict.want_md5) side.hashed->Set(Of(DigestKind::kMd5, content));
    if (verdict.want_sha256) side.hashed->Set(Of(DigestKind::kSha256, content));
  }

  Random random_;
  std::uint64_t source_content_ = 0;
  std::uint64_t target_content_ = 0;
  bool source_is_local_ = false;
  bool target_is_local_ = false;
  CompareMode mode_ = CompareMode::kAuto;
  ObjectEntry source_ = Entry("", {});
  ObjectEntry target_ = Entry("", {});
  std::optional<StateRow> row_;
};

TEST(CompareProperty, WhatIsCalledEqualIsEqual) {
  const std::uint64_t seed = RandomSeed();
  int equal = 0;
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    SCOPED_TRACE("seed " + std::to_string(seed + i));
    World world(seed + i);
    int questions = 0;
    const Verdict verdict = world.Follow(questions);
    ASSERT_LE(questions, 4);
    const bool called_equal = verdict.next == Next::kUnchanged || verdict.next == Next::kMetadata;
    ASSERT_TRUE(called_equal || verdict.next == Next::kCopy);
    if (called_equal) {
      ASSERT_TRUE(world.equal());
      ++equal;
    }
    if (world.mode() == CompareMode::kDigest) {
      ASSERT_EQ(called_equal, world.equal());
      if (called_equal) {
        ASSERT_EQ(verdict.evidence, Evidence::kDigest);
      }
    }
  }
  EXPECT_GT(equal, 5'000);
}

}  // namespace
}  // namespace godwit

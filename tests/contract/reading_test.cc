#include <gmock/gmock.h>

#include "tests/contract/contract_test.h"

namespace godwit {
namespace {

using ReadingContract = ContractTest;

TEST_P(ReadingContract, WholeObject) {
  const std::string bytes = PatternBytes(3'000'001);
  Put("k", bytes);
  CollectSink sink;
  const Result<ObjectMeta> meta = store().Get(context(), "k", {}, sink);
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_TRUE(sink.bytes == bytes);
  EXPECT_EQ(meta->entry.key, "k");
  EXPECT_EQ(meta->entry.size_bytes, bytes.size());
}

TEST_P(ReadingContract, EmptyObject) {
  Put("k", "");
  CollectSink sink;
  const Result<ObjectMeta> meta = store().Get(context(), "k", {}, sink);
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(sink.bytes, "");
  EXPECT_EQ(meta->entry.size_bytes, 0u);
}

TEST_P(ReadingContract, RangesGiveExactlyTheirBytes) {
  const std::string bytes = PatternBytes(1000);
  Put("k", bytes);
  struct Range {
    std::uint64_t offset, length;
  };
  for (const Range range :
       {Range{0, 1}, Range{0, 1000}, Range{999, 1}, Range{100, 200}, Range{1, 999}}) {
    CollectSink sink;
    const Result<ObjectMeta> meta =
        store().Get(context(), "k", {range.offset, range.length, {}}, sink);
    ASSERT_TRUE(meta.ok()) << meta.status();
    EXPECT_EQ(sink.bytes, bytes.substr(range.offset, range.length));
    EXPECT_EQ(sink.first_offset, range.offset);
    EXPECT_EQ(meta->entry.size_bytes, bytes.size()) << "the size is that of the whole object";
  }
}

TEST_P(ReadingContract, RangeOutsideOfTheObjectFails) {
  Put("k", "0123456789");
  EXPECT_EQ(TryGet("k", {10, 1, {}}).status().kind(), ErrorKind::kInvalidArgument);
  const Status beyond = TryGet("k", {5, 6, {}}).status();
  EXPECT_FALSE(beyond.ok());
}

TEST_P(ReadingContract, MissingObjectIsNotFound) {
  Put("a/b", "x");
  for (const char* key : {"missing", "a/missing", "a", "a/b/c"}) {
    const Result<std::string> bytes = TryGet(key);
    ASSERT_FALSE(bytes.ok()) << key;
    EXPECT_EQ(bytes.status().kind(), ErrorKind::kNotFound) << bytes.status();
    EXPECT_FALSE(Exists(key)) << key;
  }
}

TEST_P(ReadingContract, PinnedVersionIsRead) {
  const PutReceipt receipt = Put("k", "first");
  EXPECT_EQ(Get("k", {0, 0, receipt.version}), "first");
  EXPECT_EQ(Get("k", {1, 3, receipt.version}), "irs");
}

TEST_P(ReadingContract, PinnedVersionThatWasReplacedIsNotRead) {
  const PutReceipt receipt = Put("k", "first");
  Put("k", "other");
  CollectSink sink;
  const Result<ObjectMeta> meta = store().Get(context(), "k", {0, 0, receipt.version}, sink);
  ASSERT_FALSE(meta.ok());
  EXPECT_EQ(meta.status().kind(), ErrorKind::kPreconditionFailed) << meta.status();
  EXPECT_EQ(sink.bytes, "");
}

TEST_P(ReadingContract, FailureOfTheSinkIsTheAnswer) {
  Put("k", PatternBytes(100'000));
  CollectSink sink;
  sink.failure = Status(ErrorKind::kNoSpace, "the sink is full");
  const Result<ObjectMeta> meta = store().Get(context(), "k", {}, sink);
  ASSERT_FALSE(meta.ok());
  EXPECT_EQ(meta.status().kind(), ErrorKind::kNoSpace);
  EXPECT_EQ(meta.status().message(), "the sink is full");
}

TEST_P(ReadingContract, FailureNamesTheObject) {
  const Result<std::string> bytes = TryGet("some/missing key");
  EXPECT_THAT(bytes.status().object(), testing::EndsWith("/some/missing key"));
  EXPECT_THAT(bytes.status().object(), testing::StartsWith(store().Name()));
}

TEST_P(ReadingContract, HeadTellsDigestsThatTheStoreKeeps) {
  const std::string bytes = "digest me";
  PutOptions options;
  options.digests = CrcsOf(bytes);
  Put("k", bytes, options);
  const Result<ObjectMeta> meta = store().Head(context(), "k");
  ASSERT_TRUE(meta.ok()) << meta.status();
  for (const DigestKind kind : can().digests_stored) {
    const Digest* digest = meta->entry.digests.Find(kind);
    if (kind == DigestKind::kCrc64Nvme) {
      ASSERT_NE(digest, nullptr);
    }
    const Digest* expected = options.digests.Find(kind);
    if (digest != nullptr && expected != nullptr) {
      EXPECT_EQ(*digest, *expected);
    }
  }
  EXPECT_TRUE(can().digests_stored.empty() == meta->entry.digests.empty());
}

GODWIT_CONTRACT_SUITE(ReadingContract);

}  // namespace
}  // namespace godwit

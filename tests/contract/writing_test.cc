#include <gmock/gmock.h>

#include "tests/contract/contract_test.h"

namespace godwit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WritingContract : public ContractTest {
 protected:
  PutOptions CreateOnly() {
    PutOptions options;
    options.condition = WriteCondition::CreateOnly();
    return options;
  }
  PutOptions IfVersion(const Version& version) {
    PutOptions options;
    options.condition = WriteCondition::IfVersion(version);
    return options;
  }
};

TEST_P(WritingContract, OverwriteReplacesBytesAndVersion) {
  const PutReceipt first = Put("k", "a longer first content");
  const PutReceipt second = Put("k", "second");
  EXPECT_NE(first.version, second.version);
  EXPECT_EQ(Get("k"), "second");
  EXPECT_THAT(Keys(), ElementsAre("k"));
}

TEST_P(WritingContract, ReceiptNamesTheVersionThatIsStored) {
  const PutReceipt receipt = Put("a/k", "x");
  const Result<ObjectMeta> meta = store().Head(context(), "a/k");
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(receipt.version, meta->entry.version);
  EXPECT_FALSE(receipt.version.empty());
}

TEST_P(WritingContract, EveryNumberOfBytesAroundABlockIsStored) {
  for (const std::size_t size : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 1048575UL, 1048577UL}) {
    const std::string bytes = PatternBytes(size, size);
    PutOptions options;
    options.digests = CrcsOf(bytes);
    Put("k", bytes, options);
    EXPECT_TRUE(Get("k") == bytes) << size;
  }
}

TEST_P(WritingContract, DigestGivenIsProven) {
  PutOptions options;
  options.digests = CrcsOf("proven");
  const PutReceipt receipt = Put("k", "proven", options);
  EXPECT_NE(receipt.proof, WriteProof::kNone);
}

TEST_P(WritingContract, WrongDigestIsRefusedAndNothingIsStored) {
  Put("old", "old bytes");
  PutOptions options;
  options.digests = CrcsOf("other bytes");
  for (const char* key : {"new", "old"}) {
    const Result<PutReceipt> receipt = TryPut(key, "these bytes", options);
    ASSERT_FALSE(receipt.ok());
    EXPECT_EQ(receipt.status().kind(), ErrorKind::kCorrupted) << receipt.status();
  }
  EXPECT_EQ(Get("old"), "old bytes");
  EXPECT_THAT(Keys(), ElementsAre("old"));
}

TEST_P(WritingContract, CreateOnlyTakesAFreeKey) {
  EXPECT_TRUE(TryPut("k", "first", CreateOnly()).ok());
  EXPECT_EQ(Get("k"), "first");
}

TEST_P(WritingContract, CreateOnlyLeavesWhatIsThere) {
  if (!can().condition_on_put) return;
  Put("k", "first");
  const Result<PutReceipt> receipt = TryPut("k", "second", CreateOnly());
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kPreconditionFailed) << receipt.status();
  EXPECT_EQ(Get("k"), "first");
}

TEST_P(WritingContract, IfVersionReplacesThatVersion) {
  const PutReceipt first = Put("k", "first");
  EXPECT_TRUE(TryPut("k", "second", IfVersion(first.version)).ok());
  EXPECT_EQ(Get("k"), "second");
}

TEST_P(WritingContract, IfVersionLeavesAnotherVersion) {
  if (!can().condition_on_put) return;
  const PutReceipt first = Put("k", "first");
  Put("k", "second");
  const Result<PutReceipt> receipt = TryPut("k", "third", IfVersion(first.version));
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kPreconditionFailed) << receipt.status();
  EXPECT_EQ(Get("k"), "second");
}

TEST_P(WritingContract, IfVersionOfAMissingObjectFails) {
  if (!can().condition_on_put) return;
  const PutReceipt first = Put("k", "first");
  ASSERT_TRUE(Delete("k").ok());
  const Result<PutReceipt> receipt = TryPut("k", "second", IfVersion(first.version));
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kPreconditionFailed) << receipt.status();
  EXPECT_FALSE(Exists("k"));
}

TEST_P(WritingContract, AttributesComeBack) {
  PutOptions options;
  ObjectAttributes& attributes = options.attributes;
  attributes.content_type = "text/x-test; charset=utf-8";
  attributes.cache_control = "max-age=17";
  attributes.content_encoding = "gzip";
  attributes.content_disposition = "attachment; filename=\"x y\"";
  attributes.content_language = "de";
  attributes.mtime = PreciseTime{Timestamp(std::chrono::nanoseconds(1'700'000'000'123'456'789)), 9};
  attributes.user_metadata = {{"owner", "data team"}, {"x-y", "1"}};
  Put("k", "stored as it is", options);
  const Result<ObjectMeta> meta = store().Head(context(), "k");
  ASSERT_TRUE(meta.ok()) << meta.status();
  ASSERT_TRUE(meta->attributes.mtime.has_value());
  EXPECT_EQ(meta->attributes.mtime->time, attributes.mtime->time);
  if (can().is_local) {
    EXPECT_EQ(meta->entry.modified, attributes.mtime);
  } else {
    EXPECT_EQ(meta->attributes.content_type, attributes.content_type);
    EXPECT_EQ(meta->attributes.cache_control, attributes.cache_control);
    EXPECT_EQ(meta->attributes.content_encoding, attributes.content_encoding);
    EXPECT_EQ(meta->attributes.content_disposition, attributes.content_disposition);
    EXPECT_EQ(meta->attributes.content_language, attributes.content_language);
    EXPECT_EQ(meta->attributes.user_metadata, attributes.user_metadata);
  }
  EXPECT_EQ(Get("k"), "stored as it is");
}

TEST_P(WritingContract, OddTimesComeBack) {
  using std::chrono::seconds;
  const std::vector<Timestamp> times{
      Timestamp(seconds(0)), Timestamp(seconds(0)) - std::chrono::nanoseconds(1),
      Timestamp(seconds(8'589'934'592)), Timestamp(seconds(3'345'000'000))};
  for (const Timestamp time : times) {
    PutOptions options;
    options.attributes.mtime = PreciseTime{time, 9};
    Put("k", "x", options);
    const Result<ObjectMeta> meta = store().Head(context(), "k");
    ASSERT_TRUE(meta.ok() && meta->attributes.mtime) << meta.status();
    EXPECT_EQ(meta->attributes.mtime->time, time);
  }
}

TEST_P(WritingContract, BodyThatEndsEarlyStoresNothing) {
  const std::string bytes = PatternBytes(5000);
  TestSource body(bytes);
  body.ClaimSize(6000);
  const Result<PutReceipt> receipt = store().Put(context(), permit(), "k", {}, body);
  EXPECT_FALSE(receipt.ok());
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(WritingContract, BodyThatFailsStoresNothing) {
  Put("k", "old");
  const std::string bytes = PatternBytes(300'000);
  TestSource body(bytes);
  body.FailAt(200'000, Status(ErrorKind::kLocalIo, "the source broke"));
  const Result<PutReceipt> receipt = store().Put(context(), permit(), "k", {}, body);
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kLocalIo) << receipt.status();
  EXPECT_EQ(receipt.status().message(), "the source broke");
  EXPECT_EQ(Get("k"), "old");
}

TEST_P(WritingContract, BodyOverTheLimitOfASinglePutIsRefusedUnread) {
  const std::uint64_t limit = can().put_bytes_max;
  TestSource body("");
  body.ClaimSize(limit + 1);
  const Result<PutReceipt> receipt = store().Put(context(), permit(), "k", {}, body);
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kInvalidArgument) << receipt.status();
  EXPECT_EQ(body.reads, 0);
}

TEST_P(WritingContract, MissingContainerIsNotMadeByAWrite) {
  const std::unique_ptr<StoreUnderTest> missing = under_test().OpenMissing();
  MemorySource body(AsBytes("x"));
  const Result<PutReceipt> receipt = missing->store().Put(context(), permit(), "k", {}, body);
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kContainerNotFound) << receipt.status();
}

TEST_P(WritingContract, FolderKeyWithBytesIsKeptOrRefused) {
  const Result<PutReceipt> receipt = TryPut("dir/", "bytes");
  EXPECT_EQ(receipt.ok(), !Differs(Difference::kFoldersHaveNoBytes)) << receipt.status();
}

TEST_P(WritingContract, CreateContainerMakesItOnceAndAgain) {
  const std::unique_ptr<StoreUnderTest> missing = under_test().OpenMissing();
  EXPECT_TRUE(missing->store().CreateContainer(context(), permit(), "").ok());
  EXPECT_TRUE(missing->store().CreateContainer(context(), permit(), "").ok());
  const Result<ListPage> page = missing->store().List(context(), {});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(page->entries, IsEmpty());
}

TEST_P(WritingContract, LocateAnswers) {
  const Result<Location> location = store().Locate(context());
  EXPECT_TRUE(location.ok()) << location.status();
}

GODWIT_CONTRACT_SUITE(WritingContract);

}  // namespace
}  // namespace godwit

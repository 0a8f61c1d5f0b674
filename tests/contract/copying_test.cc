#include <gmock/gmock.h>

#include "tests/contract/contract_test.h"

namespace godwit {
namespace {

class CopyingContract : public ContractTest {
 protected:
  Result<PutReceipt> Copy(const std::string& from, const Version& version, const std::string& to,
                          const PutOptions& options = {}) {
    return store().Copy(context(), permit(), {under_test().container(), from, version}, to,
                        options);
  }
};

TEST_P(CopyingContract, CopyMakesAnEqualObjectOrIsUnsupported) {
  PutOptions options;
  options.attributes.content_type = "text/x-copied";
  const PutReceipt source = Put("from/a", "copy me", options);
  const Result<PutReceipt> receipt = Copy("from/a", source.version, "to/b", options);
  if (!can().server_copy) {
    ASSERT_FALSE(receipt.ok());
    EXPECT_EQ(receipt.status().kind(), ErrorKind::kUnsupported) << receipt.status();
    EXPECT_FALSE(Exists("to/b"));
    return;
  }
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(Get("to/b"), "copy me");
  const Result<ObjectMeta> meta = store().Head(context(), "to/b");
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(meta->entry.version, receipt->version);
  EXPECT_EQ(meta->attributes.content_type, "text/x-copied");
}

TEST_P(CopyingContract, CopyIsPinnedToItsVersion) {
  if (!can().server_copy) return;
  const PutReceipt first = Put("a", "first");
  Put("a", "second");
  const Result<PutReceipt> receipt = Copy("a", first.version, "b");
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kPreconditionFailed) << receipt.status();
  EXPECT_FALSE(Exists("b"));
}

TEST_P(CopyingContract, CopyOfAMissingObjectIsNotFound) {
  if (!can().server_copy) return;
  const Result<PutReceipt> receipt = Copy("missing", "", "b");
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kNotFound) << receipt.status();
}

TEST_P(CopyingContract, CopyCreateOnlyLeavesWhatIsThere) {
  if (!can().server_copy || !can().condition_on_copy) return;
  const PutReceipt source = Put("a", "source");
  Put("b", "target");
  PutOptions options;
  options.condition = WriteCondition::CreateOnly();
  const Result<PutReceipt> receipt = Copy("a", source.version, "b", options);
  ASSERT_EQ(receipt.ok(), Differs(Difference::kConditionsAreIgnored)) << receipt.status();
  if (receipt.ok()) return;
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kPreconditionFailed) << receipt.status();
  EXPECT_EQ(Get("b"), "target");
}

TEST_P(CopyingContract, CopyReachesAnotherContainer) {
  const std::unique_ptr<StoreUnderTest> other = under_test().OpenOther();
  ASSERT_EQ(other == nullptr, Differs(Difference::kNoOtherContainer));
  if (other == nullptr) return;
  const PutReceipt source = Put("odd key +%/x", "across");
  const Result<PutReceipt> receipt = other->store().Copy(
      context(), permit(), {under_test().container(), "odd key +%/x", source.version}, "b", {});
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  CollectSink sink;
  ASSERT_TRUE(other->store().Get(context(), "b", {}, sink).ok());
  EXPECT_EQ(sink.bytes, "across");
}

TEST_P(CopyingContract, CopiedPartsBecomeTheObjectOrAreUnsupported) {
  const std::string bytes = PatternBytes(PartBytes() + 100);
  const PutReceipt source = Put("from", bytes);
  Upload upload = Begin("to", bytes.size(), PartBytes());
  for (const std::uint32_t index : {0U, 1U}) {
    const std::uint64_t offset = index * PartBytes();
    const Result<PartReceipt> part =
        store().CopyPart(context(), permit(), "to", upload.id, {index, offset, {}},
                         {under_test().container(), "from", source.version},
                         std::min<std::uint64_t>(PartBytes(), bytes.size() - offset));
    if (!can().server_copy || Differs(Difference::kPartsAreNotCopied)) {
      ASSERT_FALSE(part.ok());
      EXPECT_EQ(part.status().kind(), ErrorKind::kUnsupported) << part.status();
      return;
    }
    ASSERT_TRUE(part.ok()) << part.status();
    upload.parts.push_back(*part);
  }
  const Result<PutReceipt> receipt = Finish(upload, bytes);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_TRUE(Get("to") == bytes);
}

TEST_P(CopyingContract, SetMetadataReplacesItOrIsUnsupported) {
  PutOptions options;
  options.attributes.content_type = "text/old";
  options.attributes.user_metadata = {{"a", "1"}};
  const PutReceipt first = Put("k", "the bytes stay", options);
  ObjectAttributes attributes;
  attributes.content_type = "text/new";
  attributes.user_metadata = {{"b", "2"}};
  const Result<PutReceipt> receipt =
      store().SetMetadata(context(), permit(), "k", first.version, attributes);
  if (!can().set_metadata) {
    ASSERT_FALSE(receipt.ok());
    EXPECT_EQ(receipt.status().kind(), ErrorKind::kUnsupported) << receipt.status();
    return;
  }
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  const Result<ObjectMeta> meta = store().Head(context(), "k");
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(meta->attributes.content_type, "text/new");
  if (Differs(Difference::kRemovedMetadataIsEmpty)) attributes.user_metadata["a"] = "";
  EXPECT_EQ(meta->attributes.user_metadata, attributes.user_metadata);
  EXPECT_EQ(meta->entry.version, receipt->version);
  EXPECT_EQ(Get("k"), "the bytes stay");
}

TEST_P(CopyingContract, SetMetadataOfAnotherVersionFails) {
  if (!can().set_metadata) return;
  const PutReceipt first = Put("k", "first");
  Put("k", "second");
  const Result<PutReceipt> receipt =
      store().SetMetadata(context(), permit(), "k", first.version, {});
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kPreconditionFailed) << receipt.status();
}

GODWIT_CONTRACT_SUITE(CopyingContract);

}  // namespace
}  // namespace godwit

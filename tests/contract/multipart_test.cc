#include <algorithm>

#include <gmock/gmock.h>

#include "tests/contract/contract_test.h"

namespace godwit {
namespace {

using testing::IsEmpty;

class MultipartContract : public ContractTest {
 protected:
  // Two whole parts and one shorter.
  std::string ThreeParts() { return PatternBytes(PartBytes() * 2 + 1234); }
  // A finish over other bytes. One that ended its upload finds none when it is repeated.
  void ExpectOtherBytes(const Status& status) {
    const bool repeated = GetParam().wrapping == Wrapping::kRetrying;
    EXPECT_TRUE(status.Is(ErrorKind::kCorrupted) || (repeated && status.Is(ErrorKind::kNotFound)))
        << status;
  }
};

TEST_P(MultipartContract, PartsBecomeTheObject) {
  const std::string bytes = ThreeParts();
  ObjectAttributes attributes;
  attributes.content_type = "model/x";
  attributes.mtime = PreciseTime{Timestamp(std::chrono::seconds(1'600'000'000)), 9};
  const Upload upload = BeginWithParts("a/big", bytes, attributes);
  EXPECT_FALSE(Exists("a/big")) << "nothing may be seen before the end";
  const Result<PutReceipt> receipt = Finish(upload, bytes);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_TRUE(Get("a/big") == bytes);
  const Result<ObjectMeta> meta = store().Head(context(), "a/big");
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(meta->entry.version, receipt->version);
  EXPECT_EQ(meta->entry.size_bytes, bytes.size());
  ASSERT_TRUE(meta->attributes.mtime.has_value());
  EXPECT_EQ(meta->attributes.mtime->time, attributes.mtime->time);
  if (!can().is_local) {
    EXPECT_EQ(meta->attributes.content_type, "model/x");
  }
}

TEST_P(MultipartContract, WholeDigestIsProven) {
  const std::string bytes = ThreeParts();
  const Result<PutReceipt> receipt = Finish(BeginWithParts("big", bytes), bytes);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_NE(receipt->proof, WriteProof::kNone);
}

TEST_P(MultipartContract, OnePartIsEnough) {
  const std::string bytes = "a single short part";
  const Result<PutReceipt> receipt = Finish(BeginWithParts("k", bytes), bytes);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(Get("k"), bytes);
}

TEST_P(MultipartContract, PartsMayComeInAnyOrder) {
  const std::string bytes = ThreeParts();
  Upload upload = Begin("k", bytes.size(), PartBytes());
  if (!can().parts_in_any_order) {
    const Result<PartReceipt> early =
        TryPutPart(upload, 1, std::string_view(bytes).substr(PartBytes(), PartBytes()));
    ASSERT_FALSE(early.ok());
    EXPECT_EQ(early.status().kind(), ErrorKind::kInvalidArgument) << early.status();
    return;
  }
  for (const std::uint32_t index : {2U, 0U, 1U}) {
    const Result<PartReceipt> part =
        TryPutPart(upload, index, std::string_view(bytes).substr(index * PartBytes(), PartBytes()));
    ASSERT_TRUE(part.ok()) << part.status();
    EXPECT_EQ(part->index, index);
    upload.parts.push_back(*part);
  }
  std::ranges::sort(upload.parts, {}, &PartReceipt::index);
  ASSERT_TRUE(Finish(upload, bytes).ok());
  EXPECT_TRUE(Get("k") == bytes);
}

TEST_P(MultipartContract, PartSentAgainReplacesItself) {
  const std::string bytes = ThreeParts();
  Upload upload = BeginWithParts("k", PatternBytes(bytes.size(), 99));
  for (std::uint32_t index = 0; index < 3; ++index) {
    const Result<PartReceipt> part =
        TryPutPart(upload, index, std::string_view(bytes).substr(index * PartBytes(), PartBytes()));
    ASSERT_TRUE(part.ok()) << part.status();
    upload.parts[index] = *part;
  }
  const Result<PutReceipt> receipt = Finish(upload, bytes);
  if (!can().parts_in_any_order) {
    // Bytes of a stream stay as they came first; the digest of the whole tells.
    ExpectOtherBytes(receipt.status());
    return;
  }
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_TRUE(Get("k") == bytes);
}

TEST_P(MultipartContract, WrongDigestOfAPartIsRefused) {
  const Upload upload = Begin("k", PartBytes(), PartBytes());
  const std::string bytes = PatternBytes(PartBytes());
  MemorySource body(AsBytes(bytes));
  const UploadPart part{0, 0, CrcsOf("something else")};
  const Result<PartReceipt> receipt =
      store().PutPart(context(), permit(), "k", upload.id, part, body);
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kCorrupted) << receipt.status();
}

TEST_P(MultipartContract, WrongDigestOfTheWholeIsRefused) {
  const std::string bytes = ThreeParts();
  const Upload upload = BeginWithParts("k", bytes);
  const Result<PutReceipt> receipt = Finish(upload, PatternBytes(bytes.size(), 7));
  ExpectOtherBytes(receipt.status());
  // Without a check before it is published the object is there, and the receipt says so.
  const bool looks_after =
      Differs(Difference::kWholeDigestIsNotChecked) || GetParam().kind.name == "fakegcsxml";
  EXPECT_EQ(Exists("k"), looks_after);
}

TEST_P(MultipartContract, PartsThatDoNotAddUpAreRefused) {
  const std::string bytes = ThreeParts();
  Upload upload = BeginWithParts("k", bytes);
  upload.parts.pop_back();
  const Result<PutReceipt> receipt = Finish(upload, bytes);
  EXPECT_FALSE(receipt.ok());
  EXPECT_FALSE(Exists("k"));
}

TEST_P(MultipartContract, PartThatWasNeverSentIsRefused) {
  const std::string bytes = ThreeParts();
  Upload upload = BeginWithParts("k", bytes);
  upload.parts[1].token = upload.parts[2].token;
  const Result<PutReceipt> receipt = Finish(upload, bytes);
  ASSERT_FALSE(receipt.ok());
  EXPECT_FALSE(Exists("k"));
}

TEST_P(MultipartContract, PartBelowTheMinimumIsRefused) {
  if (can().part_bytes_min <= 1) return;  // There is nothing below it.
  const std::string bytes = "too short a part";
  Upload upload = Begin("k", bytes.size(), 10);
  for (const std::uint32_t index : {0U, 1U}) {
    const Result<PartReceipt> part =
        TryPutPart(upload, index, std::string_view(bytes).substr(index * 10, 10));
    if (!can().parts_in_any_order && index == 1) {
      // What came first can only have been the last part.
      ASSERT_FALSE(part.ok());
      EXPECT_EQ(part.status().kind(), ErrorKind::kInvalidArgument) << part.status();
      return;
    }
    ASSERT_TRUE(part.ok()) << part.status();
    upload.parts.push_back(*part);
  }
  const Result<PutReceipt> receipt = Finish(upload, bytes);
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kInvalidArgument) << receipt.status();
  EXPECT_FALSE(Exists("k"));
}

TEST_P(MultipartContract, ListPartsTellsWhatWasKept) {
  const std::string bytes = ThreeParts();
  const Upload upload = BeginWithParts("k", bytes);
  const Result<UploadedParts> kept = store().ListParts(context(), "k", upload.id);
  if (Differs(Difference::kAskingEndsTheUpload)) {
    EXPECT_TRUE(kept.status().Is(ErrorKind::kNotFound)) << kept.status();
    return;
  }
  ASSERT_TRUE(kept.ok()) << kept.status();
  if (kept->contiguous_bytes.has_value()) {
    EXPECT_EQ(*kept->contiguous_bytes, bytes.size());
  }
  ASSERT_EQ(kept->parts.size(), 3u);
  for (std::uint32_t index = 0; index < 3; ++index) {
    EXPECT_EQ(kept->parts[index].index, index);
    EXPECT_EQ(kept->parts[index].size_bytes, upload.parts[index].size_bytes);
    EXPECT_EQ(kept->parts[index].token, upload.parts[index].token);
  }
}

TEST_P(MultipartContract, ListedPartsFinishTheUpload) {
  const std::string bytes = ThreeParts();
  Upload upload = BeginWithParts("k", bytes);
  const Result<UploadedParts> kept = store().ListParts(context(), "k", upload.id);
  if (Differs(Difference::kAskingEndsTheUpload)) {
    EXPECT_TRUE(kept.status().Is(ErrorKind::kNotFound)) << kept.status();
    return;
  }
  ASSERT_TRUE(kept.ok()) << kept.status();
  upload.parts = kept->parts;
  ASSERT_TRUE(Finish(upload, bytes).ok());
  EXPECT_TRUE(Get("k") == bytes);
}

TEST_P(MultipartContract, ListPartsTellsMoreThanOnePage) {
  if (!can().parts_in_any_order) return;  // A stream is told by its length.
  const Upload upload = Begin("k", 1001, 1);
  for (std::uint32_t index = 0; index < 1001; ++index) {
    ASSERT_TRUE(TryPutPart(upload, index, "x").ok());
  }
  const Result<UploadedParts> kept = store().ListParts(context(), "k", upload.id);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(kept->parts.size(), 1001u);
}

TEST_P(MultipartContract, FinishAgainIsTheSameOrUnknown) {
  const std::string bytes = ThreeParts();
  const Upload upload = BeginWithParts("k", bytes);
  const Result<PutReceipt> first = Finish(upload, bytes);
  ASSERT_TRUE(first.ok()) << first.status();
  const Result<PutReceipt> second = Finish(upload, bytes);
  if (!second.ok()) {
    EXPECT_EQ(second.status().kind(), ErrorKind::kNotFound) << second.status();
  } else {
    EXPECT_EQ(second->version, first->version);
  }
  EXPECT_TRUE(Get("k") == bytes);
}

TEST_P(MultipartContract, FinishCreateOnlyLeavesWhatIsThere) {
  if (can().condition_on_finish == ConditionSupport::kNone) return;
  Put("k", "first");
  const std::string bytes = ThreeParts();
  const Result<PutReceipt> receipt = UploadIf("k", bytes, WriteCondition::CreateOnly());
  ASSERT_EQ(receipt.ok(), Differs(Difference::kWritesIgnoreConditions)) << receipt.status();
  if (receipt.ok()) return;
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kPreconditionFailed) << receipt.status();
  EXPECT_EQ(Get("k"), "first");
}

TEST_P(MultipartContract, FinishIfVersionReplacesOnlyThatVersion) {
  if (can().condition_on_finish == ConditionSupport::kNone) return;
  const PutReceipt first = Put("k", "first");
  const PutReceipt second = Put("k", "second");
  const std::string bytes = ThreeParts();
  const Result<PutReceipt> stale = UploadIf("k", bytes, WriteCondition::IfVersion(first.version));
  ASSERT_EQ(stale.ok(), Differs(Difference::kWritesIgnoreConditions)) << stale.status();
  if (stale.ok()) return;
  EXPECT_EQ(stale.status().kind(), ErrorKind::kPreconditionFailed) << stale.status();
  EXPECT_EQ(Get("k"), "second");
  EXPECT_TRUE(UploadIf("k", bytes, WriteCondition::IfVersion(second.version)).ok());
  EXPECT_TRUE(Get("k") == bytes);
}

TEST_P(MultipartContract, AbortLeavesNothing) {
  const std::string bytes = ThreeParts();
  const Upload upload = BeginWithParts("a/k", bytes);
  const Status aborted = store().AbortUpload(context(), permit(), "a/k", upload.id);
  if (Differs(Difference::kAbortIsRefused)) {
    EXPECT_TRUE(aborted.Is(ErrorKind::kUnsupported)) << aborted;
    return;
  }
  EXPECT_TRUE(aborted.ok()) << aborted;
  EXPECT_THAT(Keys(), IsEmpty());
  if (Differs(Difference::kAbortIsIgnored)) {
    // Asking what was kept publishes it.
    EXPECT_FALSE(TryPutPart(upload, 0, "the session lives on").ok());
    EXPECT_TRUE(Exists("a/k"));
    return;
  }
  const Result<UploadedParts> kept = store().ListParts(context(), "a/k", upload.id);
  ASSERT_FALSE(kept.ok());
  EXPECT_EQ(kept.status().kind(), ErrorKind::kNotFound) << kept.status();
  EXPECT_FALSE(Finish(upload, bytes).ok());
  EXPECT_FALSE(TryPutPart(upload, 0, bytes).ok());
}

TEST_P(MultipartContract, AbortOfAnUnknownUploadSucceeds) {
  const Upload upload = Begin("k", 10, 10);
  for (int i = 0; i < 2; ++i) {
    const Status aborted = store().AbortUpload(context(), permit(), "k", upload.id);
    EXPECT_EQ(aborted.ok(), !Differs(Difference::kAbortIsRefused)) << aborted;
  }
}

TEST_P(MultipartContract, ListUploadsNamesThoseUnderWay) {
  const Upload one = Begin("a/one", 10, 10);
  const Upload two = Begin("b/two", 10, 10);
  const Result<std::vector<UploadEntry>> all = store().ListUploads(context(), "");
  if (Differs(Difference::kUploadsAreNotListed)) {
    EXPECT_TRUE(all.status().Is(ErrorKind::kUnsupported)) << all.status();
    return;
  }
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->size(), 2u);
  const Result<std::vector<UploadEntry>> exact = store().ListUploads(context(), "a/one");
  ASSERT_TRUE(exact.ok()) << exact.status();
  ASSERT_EQ(exact->size(), 1u);
  EXPECT_EQ(exact->front().key, "a/one");
  // An id that is listed need not be the same text, but it means the same upload.
  ASSERT_TRUE(store().AbortUpload(context(), permit(), "a/one", exact->front().upload_id).ok());
  EXPECT_FALSE(store().ListParts(context(), "a/one", one.id).ok());
  const Result<std::vector<UploadEntry>> rest = store().ListUploads(context(), "");
  ASSERT_TRUE(rest.ok()) << rest.status();
  ASSERT_EQ(rest->size(), 1u);
  EXPECT_EQ(rest->front().key, "b/two");
}

TEST_P(MultipartContract, UploadsUnderWayAreNotListedAsObjects) {
  BeginWithParts("a/k", ThreeParts());
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(MultipartContract, TwoUploadsOfOneKeyAreIndependent) {
  const std::string first = PatternBytes(PartBytes() + 1, 1);
  const std::string second = PatternBytes(PartBytes() + 2, 2);
  const Upload one = BeginWithParts("k", first);
  const Upload two = BeginWithParts("k", second);
  ASSERT_TRUE(Finish(two, second).ok());
  EXPECT_TRUE(Get("k") == second);
  const Result<PutReceipt> receipt = Finish(one, first);
  if (Differs(Difference::kUploadsShareTheirBlocks)) {
    EXPECT_TRUE(receipt.status().Is(ErrorKind::kNotFound)) << receipt.status();
    EXPECT_TRUE(Get("k") == second);
    return;
  }
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_TRUE(Get("k") == first);
}

GODWIT_CONTRACT_SUITE(MultipartContract);

}  // namespace
}  // namespace godwit

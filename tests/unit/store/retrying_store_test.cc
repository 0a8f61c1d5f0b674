#include "lib/store/retrying_store.h"

#include <gmock/gmock.h>

#include "lib/policy/permit_issuer.h"
#include "lib/store/memory/memory_store.h"
#include "tests/contract/fault_store.h"
#include "tests/contract/test_bytes.h"

namespace godwit {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

Status Unavailable() { return Status(ErrorKind::kUnavailable, "try again"); }

class Retrying : public testing::Test {
 protected:
  Result<PutReceipt> Put(std::string_view key, std::string_view bytes, PutOptions options = {}) {
    MemorySource body(AsBytes(bytes));
    options.digests = CrcsOf(bytes);
    return store_.Put(context_, permit_, key, options, body);
  }
  Status Delete(const std::vector<DeleteRequest>& requests) {
    const Result<std::vector<Status>> answers = store_.Delete(context_, permit_, requests);
    if (!answers.ok()) return answers.status();
    for (const Status& answer : *answers) {
      if (!answer.ok()) return answer;
    }
    return Status::Ok();
  }

  CallContext context_;
  WritePermit permit_ = PermitIssuer().Judge("test");
  MemoryStore memory_;
  FaultStore faulty_{memory_};
  std::vector<milliseconds> slept_;
  RetryingStore store_{faulty_, RetryPolicy{.repeats_max = 3}, 1,
                       [this](const CallContext&, milliseconds delay) { slept_.push_back(delay); }};
};

TEST_F(Retrying, EveryOperationIsRepeatedUntilItSucceeds) {
  for (std::size_t i = 0; i < kOperationCount; ++i) {
    faulty_.FailBefore(static_cast<Operation>(i), Unavailable(), 2);
  }
  const PutReceipt put = Put("k", "bytes").value();
  CollectSink sink;
  EXPECT_TRUE(store_.Locate(context_).ok());
  EXPECT_TRUE(store_.List(context_, {}).ok());
  EXPECT_TRUE(store_.Head(context_, "k").ok());
  EXPECT_TRUE(store_.Get(context_, "k", {0, 0, put.version}, sink).ok());
  EXPECT_TRUE(store_.Copy(context_, permit_, {"memory", "k", put.version}, "c", {}).ok());
  EXPECT_TRUE(store_.SetMetadata(context_, permit_, "k", put.version, {}).ok());
  const Result<Secret> id = store_.BeginUpload(context_, permit_, "u", {});
  ASSERT_TRUE(id.ok()) << id.status();
  MemorySource body(AsBytes("part"));
  const Result<PartReceipt> part = store_.PutPart(context_, permit_, "u", *id, {0, 0, {}}, body);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_TRUE(
      store_.CopyPart(context_, permit_, "u", *id, {1, 0, {}}, {"memory", "k", ""}, 5).ok());
  EXPECT_TRUE(store_.ListParts(context_, "u", *id).ok());
  EXPECT_TRUE(store_.ListUploads(context_, "").ok());
  FinishOptions finish;
  finish.size_bytes = 4;
  EXPECT_TRUE(store_.FinishUpload(context_, permit_, "u", *id, {&*part, 1}, finish).ok());
  EXPECT_TRUE(store_.AbortUpload(context_, permit_, "u", *id).ok());
  EXPECT_TRUE(Delete({{"k", ""}}).ok());
  EXPECT_TRUE(store_.CreateContainer(context_, permit_, "").ok());
  for (std::size_t i = 0; i < kOperationCount; ++i) {
    EXPECT_EQ(faulty_.CallCount(static_cast<Operation>(i)), 3) << "operation " << i;
  }
}

TEST_F(Retrying, LastFailureTellsTheNumberOfAttempts) {
  faulty_.FailBefore(Operation::kHead, Unavailable(), 100);
  const Result<ObjectMeta> meta = store_.Head(context_, "k");
  ASSERT_FALSE(meta.ok());
  EXPECT_EQ(meta.status().attempts(), 4);
  EXPECT_EQ(faulty_.CallCount(Operation::kHead), 4);
  EXPECT_EQ(meta.status().ToString(), "try again (4 attempts)");
}

TEST_F(Retrying, FinalFailureIsNotRepeated) {
  EXPECT_EQ(store_.Head(context_, "missing").status().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(faulty_.CallCount(Operation::kHead), 1);
  EXPECT_THAT(slept_, testing::IsEmpty());
}

TEST_F(Retrying, PausesGrowWithJitterAndHonourTheService) {
  faulty_.FailBefore(Operation::kHead, Unavailable().WithRetryAfter(milliseconds(7000)), 3);
  EXPECT_EQ(store_.Head(context_, "k").status().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(slept_, ElementsAre(milliseconds(7000), milliseconds(7000), milliseconds(7000)));
}

TEST_F(Retrying, StoppedContextIsNotTried) {
  std::stop_source stop;
  stop.request_stop();
  context_.stop = stop.get_token();
  EXPECT_EQ(store_.Head(context_, "k").status().kind(), ErrorKind::kCancelled);
  EXPECT_EQ(faulty_.CallCount(Operation::kHead), 0);
}

TEST_F(Retrying, StopDuringThePauseEndsTheCall) {
  std::stop_source stop;
  context_.stop = stop.get_token();
  RetryingStore store(faulty_, RetryPolicy{}, 1,
                      [&stop](const CallContext&, milliseconds) { stop.request_stop(); });
  faulty_.FailBefore(Operation::kHead, Unavailable(), 100);
  EXPECT_FALSE(store.Head(context_, "k").ok());
  EXPECT_EQ(faulty_.CallCount(Operation::kHead), 1);
}

TEST_F(Retrying, DeadlineIsNotSleptOver) {
  context_.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  faulty_.FailBefore(Operation::kHead, Unavailable().WithRetryAfter(milliseconds(60'000)), 100);
  EXPECT_FALSE(store_.Head(context_, "k").ok());
  EXPECT_THAT(slept_, testing::IsEmpty());
}

// I17: a write whose answer was lost is looked up, recognised, and not made twice.
TEST_F(Retrying, LostAnswerOfAPutIsRecognisedI17) {
  faulty_.FailAfterEffect(Operation::kPut, Unavailable());
  const Result<PutReceipt> receipt = Put("k", "bytes");
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->version, memory_.Head(context_, "k")->entry.version);
  EXPECT_EQ(receipt->proof, WriteProof::kCrc64Nvme);
  EXPECT_EQ(faulty_.CallCount(Operation::kPut), 1);
  EXPECT_EQ(memory_.VersionCount("k"), 1u);
}

TEST_F(Retrying, LostAnswerOfACreateOnlyPutIsRecognisedEvenIfTheFailureIsFinal) {
  PutOptions options;
  options.condition = WriteCondition::CreateOnly();
  faulty_.FailAfterEffect(Operation::kPut, Status(ErrorKind::kTimeout, "no answer"));
  faulty_.FailBefore(Operation::kHead, Status(ErrorKind::kPermissionDenied, "no"), 1);
  // The look-up is refused, so the put is repeated, and its own object is in the way.
  const Result<PutReceipt> receipt = Put("k", "bytes", options);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(faulty_.CallCount(Operation::kPut), 2);
  EXPECT_EQ(memory_.VersionCount("k"), 1u);
}

TEST_F(Retrying, LostAnswerOverSomeoneElsesObjectIsRepeated) {
  ASSERT_TRUE(Put("k", "other").ok());
  faulty_.FailBefore(Operation::kPut, Unavailable().WithMaybeApplied(true), 1);
  ASSERT_TRUE(Put("k", "bytes").ok());
  EXPECT_EQ(faulty_.CallCount(Operation::kPut), 3);
  EXPECT_EQ(memory_.VersionCount("k"), 2u);
}

TEST_F(Retrying, LostAnswerOfAFinishIsRecognisedI17) {
  const Result<Secret> id = store_.BeginUpload(context_, permit_, "k", {});
  MemorySource body(AsBytes("part"));
  const Result<PartReceipt> part = store_.PutPart(context_, permit_, "k", *id, {0, 0, {}}, body);
  FinishOptions finish;
  finish.size_bytes = 4;
  finish.digests = CrcsOf("part");
  faulty_.FailAfterEffect(Operation::kFinishUpload, Unavailable());
  const Result<PutReceipt> receipt =
      store_.FinishUpload(context_, permit_, "k", *id, {&*part, 1}, finish);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->version, memory_.Head(context_, "k")->entry.version);
  EXPECT_EQ(faulty_.CallCount(Operation::kFinishUpload), 1);
  EXPECT_EQ(memory_.VersionCount("k"), 1u);
}

TEST_F(Retrying, LostAnswerOfACopyIsRecognisedI17) {
  const PutReceipt source = Put("a", "bytes").value();
  faulty_.FailAfterEffect(Operation::kCopy, Unavailable());
  PutOptions options;
  options.digests = CrcsOf("bytes");
  const Result<PutReceipt> receipt =
      store_.Copy(context_, permit_, {"memory", "a", source.version}, "b", options);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(memory_.VersionCount("b"), 1u);
}

TEST_F(Retrying, LostAnswerOfNewMetadataIsRecognisedI17) {
  const PutReceipt before = Put("k", "bytes").value();
  ObjectAttributes attributes;
  attributes.user_metadata = {{"a", "1"}};
  faulty_.FailAfterEffect(Operation::kSetMetadata, Unavailable());
  const Result<PutReceipt> receipt =
      store_.SetMetadata(context_, permit_, "k", before.version, attributes);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(memory_.VersionCount("k"), 2u);
  EXPECT_EQ(faulty_.CallCount(Operation::kSetMetadata), 1);
}

TEST_F(Retrying, LostAnswerOfADeleteIsLookedUpI17) {
  const PutReceipt put = Put("k", "bytes").value();
  for (const Version& version : {put.version, Version()}) {
    faulty_.FailAfterEffect(Operation::kDelete, Unavailable());
    EXPECT_TRUE(Delete({{"k", version}}).ok());
  }
  EXPECT_EQ(faulty_.CallCount(Operation::kDelete), 2) << "one for each call";
}

TEST_F(Retrying, LostAnswerOfADeleteThatDidNotHappenIsRepeated) {
  const PutReceipt old = Put("old", "bytes").value();
  faulty_.FailBefore(Operation::kDelete, Unavailable().WithMaybeApplied(true), 1);
  EXPECT_TRUE(Delete({{"old", old.version}}).ok());
  EXPECT_TRUE(memory_.Contents().empty());
  ASSERT_TRUE(Put("k", "bytes").ok());
  faulty_.FailBefore(Operation::kDelete, Unavailable().WithMaybeApplied(true), 1);
  EXPECT_TRUE(Delete({{"k", old.version}}).Is(ErrorKind::kPreconditionFailed));
  EXPECT_EQ(memory_.VersionCount("k"), 1u) << "it is another one's";
}

TEST_F(Retrying, CutReadBeginsAgainAtItsFirstOffset) {
  const std::string bytes = PatternBytes(1000);
  ASSERT_TRUE(Put("k", bytes).ok());
  faulty_.CutGet(300);
  CollectSink sink;
  const Result<ObjectMeta> meta = store_.Get(context_, "k", {100, 800, ""}, sink);
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(sink.bytes, bytes.substr(100, 800));
  EXPECT_EQ(sink.restarts, 1);
  EXPECT_EQ(faulty_.CallCount(Operation::kGet), 2);
}

// I12: two attempts never join two versions.
TEST_F(Retrying, ReadThatIsRepeatedStaysWithItsVersionI12) {
  ASSERT_TRUE(Put("k", PatternBytes(1000, 1)).ok());
  faulty_.CutGet(300);
  CollectSink sink;
  bool replaced = false;
  sink.at_write = [&] {
    if (!std::exchange(replaced, true)) {
      MemorySource body(AsBytes("replaced"));
      ASSERT_TRUE(memory_.Put(context_, permit_, "k", {}, body).ok());
    }
  };
  const Result<ObjectMeta> meta = store_.Get(context_, "k", {}, sink);
  ASSERT_FALSE(meta.ok());
  EXPECT_EQ(meta.status().kind(), ErrorKind::kPreconditionFailed);
  EXPECT_EQ(meta.status().attempts(), 2);
}

TEST_F(Retrying, OnlyTheFailedKeysOfABatchAreRepeated) {
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(Put(key, "x").ok());
  faulty_.FailKey("b", Status(ErrorKind::kThrottled, "slow down"), 2);
  EXPECT_TRUE(Delete({{"a", ""}, {"b", ""}, {"c", ""}}).ok());
  EXPECT_EQ(faulty_.CallCount(Operation::kDelete), 3);
  EXPECT_THAT(faulty_.DeleteSizes(), ElementsAre(3u, 1u, 1u));
  EXPECT_TRUE(memory_.Contents().empty());
}

TEST_F(Retrying, KeyThatFailsForGoodIsAnsweredInItsPlace) {
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(Put(key, "x").ok());
  faulty_.FailKey("b", Status(ErrorKind::kThrottled, "slow down"), 100);
  const std::vector<DeleteRequest> requests{{"a", ""}, {"b", ""}, {"c", ""}};
  const Result<std::vector<Status>> answers = store_.Delete(context_, permit_, requests);
  ASSERT_TRUE(answers.ok()) << answers.status();
  EXPECT_TRUE(answers->at(0).ok());
  EXPECT_TRUE(answers->at(1).Is(ErrorKind::kThrottled));
  EXPECT_EQ(answers->at(1).attempts(), 4);
  EXPECT_TRUE(answers->at(2).ok());
}

TEST_F(Retrying, WholeBatchThatFailsForGoodIsTheAnswer) {
  faulty_.FailBefore(Operation::kDelete, Unavailable(), 100);
  const Status status = Delete({{"a", ""}});
  EXPECT_TRUE(status.Is(ErrorKind::kUnavailable)) << status;
  EXPECT_EQ(status.attempts(), 4);
}

}  // namespace
}  // namespace godwit

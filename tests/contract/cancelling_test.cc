#include <functional>

#include <gmock/gmock.h>

#include "tests/contract/contract_test.h"

namespace godwit {
namespace {

using testing::ElementsAre;

class CancellingContract : public ContractTest {
 protected:
  // Every operation once, with `context`; what each answered, by its name.
  std::vector<std::pair<std::string, Status>> CallAll(const CallContext& context,
                                                      const Upload& upload) {
    MemorySource body(AsBytes("new bytes"));
    CollectSink sink;
    const DeleteRequest request{"k", ""};
    const CopySource source{under_test().container(), "k", ""};
    std::vector<std::pair<std::string, Status>> answers;
    const auto add = [&answers](const char* name, const Status& status) {
      answers.emplace_back(name, status);
    };
    add("list", store().List(context, {}).status());
    add("head", store().Head(context, "k").status());
    add("get", store().Get(context, "k", {}, sink).status());
    add("put", store().Put(context, permit(), "k", {}, body).status());
    add("delete", store().Delete(context, permit(), {&request, 1}).status());
    add("begin", store().BeginUpload(context, permit(), "u", {}).status());
    add("part", store().PutPart(context, permit(), "up", upload.id, {1, 0, {}}, body).status());
    add("parts", store().ListParts(context, "up", upload.id).status());
    add("uploads", store().ListUploads(context, "").status());
    FinishOptions finish;
    finish.size_bytes = upload.size_bytes;
    add("finish",
        store().FinishUpload(context, permit(), "up", upload.id, upload.parts, finish).status());
    add("abort", store().AbortUpload(context, permit(), "up", upload.id));
    add("create", store().CreateContainer(context, permit(), ""));
    if (can().server_copy) {
      add("copy", store().Copy(context, permit(), source, "copy", {}).status());
      add("copy part",
          store().CopyPart(context, permit(), "up", upload.id, {}, source, 1).status());
    }
    if (can().set_metadata) {
      add("metadata", store().SetMetadata(context, permit(), "k", "v", {}).status());
    }
    EXPECT_EQ(sink.bytes, "");
    return answers;
  }
};

TEST_P(CancellingContract, StoppedContextStartsNothing) {
  const PutReceipt receipt = Put("k", "old bytes");
  const Upload upload = BeginWithParts("up", "old part");
  std::stop_source stop;
  stop.request_stop();
  CallContext stopped;
  stopped.stop = stop.get_token();
  for (const auto& [name, status] : CallAll(stopped, upload)) {
    EXPECT_TRUE(status.Is(ErrorKind::kCancelled)) << name << ": " << status;
  }
  EXPECT_EQ(Get("k", {0, 0, receipt.version}), "old bytes");
  EXPECT_THAT(Keys(), ElementsAre("k"));
  const Result<UploadedParts> parts = store().ListParts(context(), "up", upload.id);
  if (Differs(Difference::kAskingEndsTheUpload)) {
    EXPECT_TRUE(parts.status().Is(ErrorKind::kNotFound)) << parts.status();
    return;
  }
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(parts->parts.size(), 1u);
}

TEST_P(CancellingContract, LateContextStartsNothing) {
  const PutReceipt receipt = Put("k", "old bytes");
  const Upload upload = BeginWithParts("up", "old part");
  CallContext late;
  // The store's own clock may be another one than the machine's.
  late.deadline = std::chrono::steady_clock::time_point::min();
  for (const auto& [name, status] : CallAll(late, upload)) {
    EXPECT_TRUE(status.Is(ErrorKind::kTimeout)) << name << ": " << status;
  }
  EXPECT_EQ(Get("k", {0, 0, receipt.version}), "old bytes");
  EXPECT_THAT(Keys(), ElementsAre("k"));
}

TEST_P(CancellingContract, StopDuringAReadEndsIt) {
  Put("k", PatternBytes(8 << 20));
  std::stop_source stop;
  CallContext stoppable;
  stoppable.stop = stop.get_token();
  CollectSink sink;
  sink.at_write = [&stop] { stop.request_stop(); };
  const Result<ObjectMeta> meta = store().Get(stoppable, "k", {}, sink);
  ASSERT_FALSE(meta.ok());
  EXPECT_EQ(meta.status().kind(), ErrorKind::kCancelled) << meta.status();
}

TEST_P(CancellingContract, StopDuringAWriteStoresNothing) {
  Put("k", "old bytes");
  const std::string bytes = PatternBytes(4 << 20);
  std::stop_source stop;
  CallContext stoppable;
  stoppable.stop = stop.get_token();
  TestSource body(bytes);
  body.at_read = [&stop] { stop.request_stop(); };
  const Result<PutReceipt> receipt = store().Put(stoppable, permit(), "k", {}, body);
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kCancelled) << receipt.status();
  EXPECT_EQ(Get("k"), "old bytes");
  EXPECT_THAT(Keys(), ElementsAre("k"));
}

GODWIT_CONTRACT_SUITE(CancellingContract);

}  // namespace
}  // namespace godwit

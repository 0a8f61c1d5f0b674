#include "tests/contract/contract_test.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lib/policy/permit_issuer.h"

namespace godwit {
namespace {

constexpr std::uint64_t kRequestsPerSecond = 2;
constexpr std::uint64_t kBytesPerSecond = 1 << 20;

}  // namespace

std::vector<ContractParam> AllContractParams() {
  std::vector<ContractParam> params;
  for (const StoreKind& kind : AllStoreKinds()) {
    for (const Wrapping wrapping : {Wrapping::kPlain, Wrapping::kRetrying, Wrapping::kThrottled}) {
      params.push_back(ContractParam{kind, wrapping});
    }
  }
  return params;
}

std::string ContractParamName(const testing::TestParamInfo<ContractParam>& info) {
  switch (info.param.wrapping) {
    case Wrapping::kPlain:
      return info.param.kind.name + "_plain";
    case Wrapping::kRetrying:
      return info.param.kind.name + "_retrying";
    case Wrapping::kThrottled:
      return info.param.kind.name + "_throttled";
  }
  return "unnamed";
}

void PrintTo(const ContractParam& param, std::ostream* out) { *out << param.kind.name; }

ContractTest::ContractTest()
    : under_test_(GetParam().kind.open()),
      faults_(std::make_unique<FaultStore>(under_test_->store())),
      store_(faults_.get()) {
  if (GetParam().wrapping == Wrapping::kRetrying) {
    faults_->FailEverySecond();
    retrying_ = std::make_unique<RetryingStore>(*faults_, RetryPolicy::Immediate(3), 1);
    store_ = retrying_.get();
  }
  if (GetParam().wrapping == Wrapping::kThrottled) {
    throttled_ = std::make_unique<ThrottledStore>(
        *faults_, ThrottleLimits{kBytesPerSecond, kRequestsPerSecond}, clock_,
        [this](const CallContext&, std::chrono::milliseconds delay) {
          slept_ += delay;
          clock_.Advance(delay);
        });
    store_ = throttled_.get();
  }
}

void ContractTest::TearDown() {
  if (GetParam().wrapping == Wrapping::kRetrying) {
    // No call ended with an attempt that only the double had failed.
    for (std::size_t i = 0; i < kOperationCount; ++i) {
      EXPECT_EQ(faults_->CallCount(static_cast<Operation>(i)) % 2, 0) << "operation " << i;
    }
  }
  if (GetParam().wrapping == Wrapping::kThrottled) {
    const int beyond_burst = faults_->TotalCalls() - static_cast<int>(kRequestsPerSecond);
    EXPECT_GE(slept_, std::chrono::seconds(1) * beyond_burst / int{kRequestsPerSecond});
  }
}

WritePermit ContractTest::permit() const { return PermitIssuer().Judge("contract"); }

Result<PutReceipt> ContractTest::TryPut(std::string_view key, std::string_view bytes,
                                        const PutOptions& options) {
  MemorySource body(AsBytes(bytes));
  return store().Put(context_, permit(), key, options, body);
}

PutReceipt ContractTest::Put(std::string_view key, std::string_view bytes,
                             const PutOptions& options) {
  Result<PutReceipt> receipt = TryPut(key, bytes, options);
  EXPECT_TRUE(receipt.ok()) << receipt.status();
  return receipt.ok() ? *std::move(receipt) : PutReceipt{};
}

Result<std::string> ContractTest::TryGet(std::string_view key, const GetOptions& options) {
  CollectSink sink;
  const Result<ObjectMeta> meta = store().Get(context_, key, options, sink);
  if (!meta.ok()) return meta.status();
  return std::move(sink.bytes);
}

std::string ContractTest::Get(std::string_view key, const GetOptions& options) {
  Result<std::string> bytes = TryGet(key, options);
  return bytes.ok() ? *std::move(bytes) : bytes.status().ToString();
}

Status ContractTest::Delete(std::string_view key, const Version& if_version) {
  const DeleteRequest request{std::string(key), if_version};
  const Result<std::vector<Status>> statuses = store().Delete(context_, permit(), {&request, 1});
  if (!statuses.ok()) return statuses.status();
  EXPECT_EQ(statuses->size(), 1u);
  return statuses->at(0);
}

bool ContractTest::Exists(std::string_view key) {
  const Result<ObjectMeta> meta = store().Head(context_, key);
  EXPECT_TRUE(meta.ok() || meta.status().Is(ErrorKind::kNotFound)) << meta.status();
  return meta.ok();
}

ContractTest::Listing ContractTest::ListAll(ListRequest request) {
  Listing all;
  std::set<std::string> tokens;
  do {
    Result<ListPage> page = store().List(context_, request);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) break;
    ++all.pages;
    for (ObjectEntry& entry : page->entries) {
      all.keys.push_back(entry.key);
      all.entries.push_back(std::move(entry));
    }
    for (std::string& prefix : page->common_prefixes) all.prefixes.push_back(std::move(prefix));
    request.page_token = page->next_page_token;
    EXPECT_TRUE(tokens.insert(request.page_token).second) << "a page token came twice";
  } while (!request.page_token.empty() && all.pages < 10'000);
  return all;
}

ContractTest::Upload ContractTest::Begin(std::string_view key, std::uint64_t size_bytes,
                                         std::uint64_t part_bytes,
                                         const ObjectAttributes& attributes,
                                         const WriteCondition& condition) {
  const UploadOptions options{attributes, condition, size_bytes, part_bytes};
  Result<Secret> id = store().BeginUpload(context_, permit(), key, options);
  EXPECT_TRUE(id.ok()) << id.status();
  Upload upload{
      std::string(key), id.ok() ? *std::move(id) : Secret(), size_bytes, part_bytes, {}, {}};
  upload.attributes = attributes;
  return upload;
}

Result<PartReceipt> ContractTest::TryPutPart(const Upload& upload, std::uint32_t index,
                                             std::string_view bytes) {
  MemorySource body(AsBytes(bytes));
  const UploadPart part{index, index * upload.part_bytes, CrcsOf(bytes)};
  return store().PutPart(context_, permit(), upload.key, upload.id, part, body);
}

ContractTest::Upload ContractTest::BeginWithParts(std::string_view key, std::string_view bytes,
                                                  const ObjectAttributes& attributes,
                                                  const WriteCondition& condition) {
  Upload upload = Begin(key, bytes.size(), PartBytes(), attributes, condition);
  for (std::uint32_t index = 0; index * upload.part_bytes < bytes.size(); ++index) {
    Result<PartReceipt> part =
        TryPutPart(upload, index, bytes.substr(index * upload.part_bytes, upload.part_bytes));
    EXPECT_TRUE(part.ok()) << part.status();
    if (part.ok()) upload.parts.push_back(*std::move(part));
  }
  return upload;
}

Result<PutReceipt> ContractTest::UploadIf(std::string_view key, std::string_view bytes,
                                          const WriteCondition& condition) {
  const bool at_begin = can().condition_on_finish == ConditionSupport::kAtBegin;
  const Upload upload = BeginWithParts(key, bytes, {}, at_begin ? condition : WriteCondition());
  return Finish(upload, bytes, at_begin ? WriteCondition() : condition);
}

Result<PutReceipt> ContractTest::Finish(const Upload& upload, std::string_view bytes,
                                        const WriteCondition& condition) {
  FinishOptions options;
  options.condition = condition;
  options.size_bytes = upload.size_bytes;
  options.digests = CrcsOf(bytes);
  options.attributes = upload.attributes;
  return store().FinishUpload(context_, permit(), upload.key, upload.id, upload.parts, options);
}

}  // namespace godwit

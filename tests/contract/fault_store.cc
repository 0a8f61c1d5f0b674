#include "tests/contract/fault_store.h"

#include <algorithm>
#include <utility>

namespace godwit {
namespace {

class CutSink final : public ByteSink {
 public:
  CutSink(ByteSink& sink, std::uint64_t bytes_left) : sink_(sink), bytes_left_(bytes_left) {}

  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    const std::size_t count = std::min<std::uint64_t>(bytes.size(), bytes_left_);
    bytes_left_ -= count;
    if (count > 0) GODWIT_RETURN_IF_ERROR(sink_.Write(offset, bytes.first(count)));
    if (count == bytes.size()) return Status::Ok();
    return Status(ErrorKind::kUnavailable, "the body ended early");
  }

 private:
  ByteSink& sink_;
  std::uint64_t bytes_left_;
};

}  // namespace

void FaultStore::FailBefore(Operation operation, Status status, int times) {
  const std::lock_guard lock(mutex_);
  PlanOf(operation).before = std::move(status);
  PlanOf(operation).before_times = times;
}

void FaultStore::FailAfterEffect(Operation operation, Status status) {
  const std::lock_guard lock(mutex_);
  PlanOf(operation).after = std::move(status).WithMaybeApplied(true);
}

void FaultStore::CutGet(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  cut_bytes_ = bytes;
}

void FaultStore::FailKey(std::string key, Status status, int times) {
  const std::lock_guard lock(mutex_);
  failing_key_ = std::move(key);
  key_failure_ = std::move(status);
  key_failures_left_ = times;
}

std::vector<std::size_t> FaultStore::DeleteSizes() const {
  const std::lock_guard lock(mutex_);
  return delete_sizes_;
}

int FaultStore::CallCount(Operation operation) const {
  const std::lock_guard lock(mutex_);
  return plans_[static_cast<std::size_t>(operation)].calls;
}

int FaultStore::TotalCalls() const {
  const std::lock_guard lock(mutex_);
  int total = 0;
  for (const Plan& plan : plans_) total += plan.calls;
  return total;
}

Status FaultStore::Before(Operation operation) {
  const std::lock_guard lock(mutex_);
  Plan& plan = PlanOf(operation);
  ++plan.calls;
  if (plan.before_times > 0) {
    --plan.before_times;
    return plan.before;
  }
  if (every_second_ && plan.calls % 2 == 1) {
    return Status(ErrorKind::kUnavailable, "every second call fails");
  }
  return Status::Ok();
}

std::optional<Status> FaultStore::After(Operation operation) {
  const std::lock_guard lock(mutex_);
  return std::exchange(PlanOf(operation).after, std::nullopt);
}

template <typename Call>
auto FaultStore::Run(Operation operation, Call call) -> decltype(call()) {
  if (Status status = Before(operation); !status.ok()) return status;
  auto result = call();
  if (std::optional<Status> lost = After(operation)) return *std::move(lost);
  return result;
}

Result<Location> FaultStore::Locate(const CallContext& context) {
  return Run(Operation::kLocate, [&] { return store_.Locate(context); });
}

void FaultStore::ClaimOrder(ListingOrder order) {
  claimed_ = store_.Describe();
  claimed_->order = order;
}

Result<ListPage> FaultStore::List(const CallContext& context, const ListRequest& request) {
  return Run(Operation::kList, [&] {
    if (repeated_token_.empty()) return store_.List(context, request);
    ListRequest first = request;
    first.page_token.clear();
    Result<ListPage> page = store_.List(context, first);
    if (page.ok()) page->next_page_token = repeated_token_;
    return page;
  });
}

Result<ObjectMeta> FaultStore::Head(const CallContext& context, std::string_view key) {
  return Run(Operation::kHead, [&] { return store_.Head(context, key); });
}

Result<ObjectMeta> FaultStore::Get(const CallContext& context, std::string_view key,
                                   const GetOptions& options, ByteSink& sink) {
  return Run(Operation::kGet, [&] {
    std::optional<std::uint64_t> cut;
    {
      const std::lock_guard lock(mutex_);
      cut = std::exchange(cut_bytes_, std::nullopt);
    }
    if (!cut) return store_.Get(context, key, options, sink);
    CutSink cut_sink(sink, *cut);
    return store_.Get(context, key, options, cut_sink);
  });
}

Result<PutReceipt> FaultStore::Put(const CallContext& context, const WritePermit& permit,
                                   std::string_view key, const PutOptions& options,
                                   ByteSource& body) {
  return Run(Operation::kPut, [&] { return store_.Put(context, permit, key, options, body); });
}

Result<std::vector<Status>> FaultStore::Delete(const CallContext& context,
                                               const WritePermit& permit,
                                               std::span<const DeleteRequest> requests) {
  return Run(Operation::kDelete, [&] { return DeleteKeys(context, permit, requests); });
}

Result<std::vector<Status>> FaultStore::DeleteKeys(const CallContext& context,
                                                   const WritePermit& permit,
                                                   std::span<const DeleteRequest> requests) {
  std::vector<DeleteRequest> passed(requests.begin(), requests.end());
  std::optional<std::size_t> failing;
  {
    const std::lock_guard lock(mutex_);
    delete_sizes_.push_back(requests.size());
    const auto found = std::ranges::find(passed, failing_key_, &DeleteRequest::key);
    if (key_failures_left_ > 0 && found != passed.end()) {
      --key_failures_left_;
      failing = static_cast<std::size_t>(found - passed.begin());
      passed.erase(found);
    }
  }
  Result<std::vector<Status>> answers = store_.Delete(context, permit, passed);
  if (failing && answers.ok()) {
    answers->insert(answers->begin() + static_cast<std::ptrdiff_t>(*failing), key_failure_);
  }
  return answers;
}

Result<PutReceipt> FaultStore::Copy(const CallContext& context, const WritePermit& permit,
                                    const CopySource& source, std::string_view key,
                                    const PutOptions& options) {
  return Run(Operation::kCopy, [&] { return store_.Copy(context, permit, source, key, options); });
}

Result<PutReceipt> FaultStore::SetMetadata(const CallContext& context, const WritePermit& permit,
                                           std::string_view key, const Version& version,
                                           const ObjectAttributes& attributes) {
  return Run(Operation::kSetMetadata,
             [&] { return store_.SetMetadata(context, permit, key, version, attributes); });
}

Result<Secret> FaultStore::BeginUpload(const CallContext& context, const WritePermit& permit,
                                       std::string_view key, const UploadOptions& options) {
  return Run(Operation::kBeginUpload,
             [&] { return store_.BeginUpload(context, permit, key, options); });
}

Result<PartReceipt> FaultStore::PutPart(const CallContext& context, const WritePermit& permit,
                                        std::string_view key, const Secret& upload_id,
                                        const UploadPart& part, ByteSource& body) {
  return Run(Operation::kPutPart,
             [&] { return store_.PutPart(context, permit, key, upload_id, part, body); });
}

Result<PartReceipt> FaultStore::CopyPart(const CallContext& context, const WritePermit& permit,
                                         std::string_view key, const Secret& upload_id,
                                         const UploadPart& part, const CopySource& source,
                                         std::uint64_t length) {
  return Run(Operation::kCopyPart, [&] {
    return store_.CopyPart(context, permit, key, upload_id, part, source, length);
  });
}

Result<UploadedParts> FaultStore::ListParts(const CallContext& context, std::string_view key,
                                            const Secret& upload_id) {
  return Run(Operation::kListParts, [&] { return store_.ListParts(context, key, upload_id); });
}

Result<std::vector<UploadEntry>> FaultStore::ListUploads(const CallContext& context,
                                                         std::string_view prefix) {
  return Run(Operation::kListUploads, [&] { return store_.ListUploads(context, prefix); });
}

Result<PutReceipt> FaultStore::FinishUpload(const CallContext& context, const WritePermit& permit,
                                            std::string_view key, const Secret& upload_id,
                                            std::span<const PartReceipt> parts,
                                            const FinishOptions& options) {
  return Run(Operation::kFinishUpload,
             [&] { return store_.FinishUpload(context, permit, key, upload_id, parts, options); });
}

Status FaultStore::AbortUpload(const CallContext& context, const WritePermit& permit,
                               std::string_view key, const Secret& upload_id) {
  return Run(Operation::kAbortUpload,
             [&] { return store_.AbortUpload(context, permit, key, upload_id); });
}

Status FaultStore::CreateContainer(const CallContext& context, const WritePermit& permit,
                                   std::string_view region) {
  return Run(Operation::kCreateContainer,
             [&] { return store_.CreateContainer(context, permit, region); });
}

}  // namespace godwit

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/object_store.h"

namespace godwit {

enum class Operation : std::uint8_t {
  kLocate,
  kList,
  kHead,
  kGet,
  kPut,
  kDelete,
  kCopy,
  kSetMetadata,
  kBeginUpload,
  kPutPart,
  kCopyPart,
  kListParts,
  kListUploads,
  kFinishUpload,
  kAbortUpload,
  kCreateContainer,
};
inline constexpr std::size_t kOperationCount = 16;

// A test double in front of a real store: counts calls, and fails those that it is told to, before
// or after they took effect. Safe from any thread.
class FaultStore final : public ObjectStore {
 public:
  explicit FaultStore(ObjectStore& store) : store_(store) {}

  // The next `times` calls fail with `status` and do nothing.
  void FailBefore(Operation operation, Status status, int times = 1);
  // The next call takes effect, then fails with `status`, which may have been applied.
  void FailAfterEffect(Operation operation, Status status);
  // The first of every two calls of each operation fails with kUnavailable and does nothing.
  void FailEverySecond() { every_second_ = true; }
  // The next Get ends after so many bytes of its range, with kUnavailable.
  void CutGet(std::uint64_t bytes);

  // The next `times` deletes of `key` answer `status` for it, and do not delete it.
  void FailKey(std::string key, Status status, int times);

  // From now on, listings: what Describe() says of their order, and the token of every page.
  void ClaimOrder(ListingOrder order);
  void RepeatToken(std::string token) { repeated_token_ = std::move(token); }

  // How many keys each Delete had.
  std::vector<std::size_t> DeleteSizes() const;
  // Calls so far, failed ones included.
  int CallCount(Operation operation) const;
  int TotalCalls() const;

  const Capabilities& Describe() const override { return claimed_ ? *claimed_ : store_.Describe(); }
  std::string Name() const override { return store_.Name(); }
  Result<Location> Locate(const CallContext& context) override;
  Result<ListPage> List(const CallContext& context, const ListRequest& request) override;
  Result<ObjectMeta> Head(const CallContext& context, std::string_view key) override;
  Result<ObjectMeta> Get(const CallContext& context, std::string_view key,
                         const GetOptions& options, ByteSink& sink) override;
  Result<PutReceipt> Put(const CallContext& context, const WritePermit& permit,
                         std::string_view key, const PutOptions& options,
                         ByteSource& body) override;
  Result<std::vector<Status>> Delete(const CallContext& context, const WritePermit& permit,
                                     std::span<const DeleteRequest> requests) override;
  Result<PutReceipt> Copy(const CallContext& context, const WritePermit& permit,
                          const CopySource& source, std::string_view key,
                          const PutOptions& options) override;
  Result<PutReceipt> SetMetadata(const CallContext& context, const WritePermit& permit,
                                 std::string_view key, const Version& version,
                                 const ObjectAttributes& attributes) override;
  Result<Secret> BeginUpload(const CallContext& context, const WritePermit& permit,
                             std::string_view key, const UploadOptions& options) override;
  Result<PartReceipt> PutPart(const CallContext& context, const WritePermit& permit,
                              std::string_view key, const Secret& upload_id, const UploadPart& part,
                              ByteSource& body) override;
  Result<PartReceipt> CopyPart(const CallContext& context, const WritePermit& permit,
                               std::string_view key, const Secret& upload_id,
                               const UploadPart& part, const CopySource& source,
                               std::uint64_t length) override;
  Result<UploadedParts> ListParts(const CallContext& context, std::string_view key,
                                  const Secret& upload_id) override;
  Result<std::vector<UploadEntry>> ListUploads(const CallContext& context,
                                               std::string_view prefix) override;
  Result<PutReceipt> FinishUpload(const CallContext& context, const WritePermit& permit,
                                  std::string_view key, const Secret& upload_id,
                                  std::span<const PartReceipt> parts,
                                  const FinishOptions& options) override;
  Status AbortUpload(const CallContext& context, const WritePermit& permit, std::string_view key,
                     const Secret& upload_id) override;
  Status CreateContainer(const CallContext& context, const WritePermit& permit,
                         std::string_view region) override;

 private:
  struct Plan {
    Status before;
    int before_times = 0;
    std::optional<Status> after;
    int calls = 0;
  };

  Plan& PlanOf(Operation operation) { return plans_[static_cast<std::size_t>(operation)]; }
  Status Before(Operation operation);
  std::optional<Status> After(Operation operation);
  Result<std::vector<Status>> DeleteKeys(const CallContext& context, const WritePermit& permit,
                                         std::span<const DeleteRequest> requests);
  template <typename Call>
  auto Run(Operation operation, Call call) -> decltype(call());

  ObjectStore& store_;
  mutable std::mutex mutex_;  // Guards all below.
  std::array<Plan, kOperationCount> plans_;
  bool every_second_ = false;
  std::optional<std::uint64_t> cut_bytes_;
  std::string failing_key_;
  Status key_failure_;
  int key_failures_left_ = 0;
  std::vector<std::size_t> delete_sizes_;
  std::string repeated_token_;
  std::optional<Capabilities> claimed_;
};

}  // namespace godwit

#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/object_store.h"
#include "lib/base/clock.h"
#include "lib/store/retrying_store.h"

namespace godwit {

// A rate as a bucket of tokens that fills with time and holds one second's worth. Whoever takes
// more than there is runs it into debt and waits until the debt is paid, so that one large piece
// passes and the rate holds on average. Safe from any thread.
class TokenBucket {
 public:
  // `per_second` of 0: no limit.
  TokenBucket(std::uint64_t per_second, const Clock& clock);
  // Takes `count` tokens; the answer is how long to wait before going on.
  std::chrono::milliseconds Take(std::uint64_t count);

 private:
  const double per_second_;
  const Clock& clock_;
  std::mutex mutex_;  // Guards all below.
  double tokens_;
  std::chrono::steady_clock::time_point filled_;
};

struct ThrottleLimits {
  std::uint64_t bytes_per_second = 0;     // Object bytes in both directions; 0: no limit.
  std::uint64_t requests_per_second = 0;  // 0: no limit.
};

// Holds another store to rates of requests and bytes. Safe from any thread.
class ThrottledStore final : public ObjectStore {
 public:
  // `store` and `clock` are borrowed.
  ThrottledStore(ObjectStore& store, ThrottleLimits limits, const Clock& clock,
                 Sleeper sleeper = SleepInterruptibly);

  const Capabilities& Describe() const override { return store_.Describe(); }
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
  void Admit(const CallContext& context);

  ObjectStore& store_;
  const Sleeper sleeper_;
  TokenBucket requests_;
  TokenBucket bytes_;
};

}  // namespace godwit

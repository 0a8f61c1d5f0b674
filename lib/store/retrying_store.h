#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/object_store.h"
#include "lib/base/random.h"
#include "lib/base/retry_policy.h"

namespace godwit {

// Waits for a delay, or less if the context is stopped or its deadline comes first.
using Sleeper = std::function<void(const CallContext& context, std::chrono::milliseconds delay)>;
void SleepInterruptibly(const CallContext& context, std::chrono::milliseconds delay);

// Repeats failed calls of another store by a RetryPolicy, for callers that have no engine.
//
// Reads are repeated as they are; a Get goes on only with the version it has seen first, from its
// first offset. A write whose answer was lost is looked up before it is repeated: one that took
// effect is recognised by its digest, or by its bytes where the service tells none of those that
// were given (new metadata: by itself), and not sent again (I17); without a digest it is repeated.
// Of a batch of deletes only the keys that failed are repeated, and of those whose answer was lost
// only what is still there, in the version that is to go. The Status of a call that failed for good
// says how many attempts were made. Safe from any thread.
class RetryingStore final : public ObjectStore {
 public:
  // `store` is borrowed.
  RetryingStore(ObjectStore& store, RetryPolicy policy, std::uint64_t seed = RandomSeed(),
                Sleeper sleeper = SleepInterruptibly);

  const Capabilities& Describe() const override;
  std::string Name() const override;
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
  // Deletes that are not decided yet, and their places in the request.
  struct OpenDeletes {
    std::vector<DeleteRequest> requests;
    std::vector<std::size_t> places;
    void Add(DeleteRequest request, std::size_t place) {
      requests.push_back(std::move(request));
      places.push_back(place);
    }
  };

  template <typename Call>
  auto Repeat(const CallContext& context, Call call) -> decltype(call());
  // `recognise` answers the receipt if the object that is there now is what `call` writes.
  template <typename Call, typename Recognise>
  Result<PutReceipt> RepeatWrite(const CallContext& context, Call call, Recognise recognise);
  bool Pause(const CallContext& context, const Status& status, int attempts);
  void DropDone(const CallContext& context, OpenDeletes& open, std::vector<Status>& answers);
  Result<PutReceipt> LookUp(const CallContext& context, std::string_view key,
                            std::optional<std::uint64_t> size_bytes, const DigestSet& digests,
                            bool read_back);
  Result<PutReceipt> LookUpMetadata(const CallContext& context, std::string_view key,
                                    const ObjectAttributes& attributes);

  ObjectStore& store_;
  const RetryPolicy policy_;
  const Sleeper sleeper_;
  std::mutex mutex_;  // Guards random_.
  Random random_;
};

}  // namespace godwit

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/object_store.h"
#include "lib/base/log.h"

namespace godwit {

// Writes one debug line for each call of another store: what, on which key, how it ended and how
// long it took. Safe from any thread.
class LoggedStore final : public ObjectStore {
 public:
  // `store` and `log` are borrowed.
  LoggedStore(ObjectStore& store, Log& log) : store_(store), log_(log) {}

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
  template <typename Call>
  auto Logged(const char* operation, std::string_view key, Call call) -> decltype(call());

  ObjectStore& store_;
  Log& log_;
};

}  // namespace godwit

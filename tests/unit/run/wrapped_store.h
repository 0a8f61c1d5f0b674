#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/object_store.h"

namespace godwit {

// Forwards every call to another store; tests override what is to go wrong.
class WrappedStore : public ObjectStore {
 public:
  explicit WrappedStore(ObjectStore& store) : store_(store) {}

  const Capabilities& Describe() const override { return store_.Describe(); }
  std::string Name() const override { return store_.Name(); }
  Result<Location> Locate(const CallContext& context) override { return store_.Locate(context); }
  Result<ListPage> List(const CallContext& context, const ListRequest& request) override {
    return store_.List(context, request);
  }
  Result<ObjectMeta> Head(const CallContext& context, std::string_view key) override {
    return store_.Head(context, key);
  }
  Result<ObjectMeta> Get(const CallContext& context, std::string_view key,
                         const GetOptions& options, ByteSink& sink) override {
    return store_.Get(context, key, options, sink);
  }
  Result<PutReceipt> Put(const CallContext& context, const WritePermit& permit,
                         std::string_view key, const PutOptions& options,
                         ByteSource& body) override {
    return store_.Put(context, permit, key, options, body);
  }
  Result<std::vector<Status>> Delete(const CallContext& context, const WritePermit& permit,
                                     std::span<const DeleteRequest> requests) override {
    return store_.Delete(context, permit, requests);
  }
  Result<PutReceipt> Copy(const CallContext& context, const WritePermit& permit,
                          const CopySource& source, std::string_view key,
                          const PutOptions& options) override {
    return store_.Copy(context, permit, source, key, options);
  }
  Result<PutReceipt> SetMetadata(const CallContext& context, const WritePermit& permit,
                                 std::string_view key, const Version& version,
                                 const ObjectAttributes& attributes) override {
    return store_.SetMetadata(context, permit, key, version, attributes);
  }
  Result<Secret> BeginUpload(const CallContext& context, const WritePermit& permit,
                             std::string_view key, const UploadOptions& options) override {
    return store_.BeginUpload(context, permit, key, options);
  }
  Result<PartReceipt> PutPart(const CallContext& context, const WritePermit& permit,
                              std::string_view key, const Secret& upload_id, const UploadPart& part,
                              ByteSource& body) override {
    return store_.PutPart(context, permit, key, upload_id, part, body);
  }
  Result<PartReceipt> CopyPart(const CallContext& context, const WritePermit& permit,
                               std::string_view key, const Secret& upload_id,
                               const UploadPart& part, const CopySource& source,
                               std::uint64_t length) override {
    return store_.CopyPart(context, permit, key, upload_id, part, source, length);
  }
  Result<UploadedParts> ListParts(const CallContext& context, std::string_view key,
                                  const Secret& upload_id) override {
    return store_.ListParts(context, key, upload_id);
  }
  Result<std::vector<UploadEntry>> ListUploads(const CallContext& context,
                                               std::string_view prefix) override {
    return store_.ListUploads(context, prefix);
  }
  Result<PutReceipt> FinishUpload(const CallContext& context, const WritePermit& permit,
                                  std::string_view key, const Secret& upload_id,
                                  std::span<const PartReceipt> parts,
                                  const FinishOptions& options) override {
    return store_.FinishUpload(context, permit, key, upload_id, parts, options);
  }
  Status AbortUpload(const CallContext& context, const WritePermit& permit, std::string_view key,
                     const Secret& upload_id) override {
    return store_.AbortUpload(context, permit, key, upload_id);
  }
  Status CreateContainer(const CallContext& context, const WritePermit& permit,
                         std::string_view region) override {
    return store_.CreateContainer(context, permit, region);
  }

 protected:
  ObjectStore& store_;
};

}  // namespace godwit

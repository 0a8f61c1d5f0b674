#include "lib/store/ordered_store.h"

#include <utility>

namespace godwit {

OrderedStore::OrderedStore(ObjectStore& store, OrderedOptions options)
    : store_(store), options_(std::move(options)), cursors_(options_.cursors_max) {}

const Capabilities& OrderedStore::Describe() const {
  const Capabilities& inner = store_.Describe();
  if (inner.order == ListingOrder::kUtf8Bytes) return inner;
  const std::lock_guard lock(mutex_);
  const auto [place, added] = described_.try_emplace(&inner, inner);
  if (added) place->second.order = ListingOrder::kUtf8Bytes;
  return place->second;
}

Result<Location> OrderedStore::Locate(const CallContext& context) { return store_.Locate(context); }

Result<ObjectMeta> OrderedStore::Head(const CallContext& context, std::string_view key) {
  return store_.Head(context, key);
}

Result<ObjectMeta> OrderedStore::Get(const CallContext& context, std::string_view key,
                                     const GetOptions& options, ByteSink& sink) {
  return store_.Get(context, key, options, sink);
}

Result<PutReceipt> OrderedStore::Put(const CallContext& context, const WritePermit& permit,
                                     std::string_view key, const PutOptions& options,
                                     ByteSource& body) {
  return store_.Put(context, permit, key, options, body);
}

Result<std::vector<Status>> OrderedStore::Delete(const CallContext& context,
                                                 const WritePermit& permit,
                                                 std::span<const DeleteRequest> requests) {
  return store_.Delete(context, permit, requests);
}

Result<PutReceipt> OrderedStore::Copy(const CallContext& context, const WritePermit& permit,
                                      const CopySource& source, std::string_view key,
                                      const PutOptions& options) {
  return store_.Copy(context, permit, source, key, options);
}

Result<PutReceipt> OrderedStore::SetMetadata(const CallContext& context, const WritePermit& permit,
                                             std::string_view key, const Version& version,
                                             const ObjectAttributes& attributes) {
  return store_.SetMetadata(context, permit, key, version, attributes);
}

Result<Secret> OrderedStore::BeginUpload(const CallContext& context, const WritePermit& permit,
                                         std::string_view key, const UploadOptions& options) {
  return store_.BeginUpload(context, permit, key, options);
}

Result<PartReceipt> OrderedStore::PutPart(const CallContext& context, const WritePermit& permit,
                                          std::string_view key, const Secret& upload_id,
                                          const UploadPart& part, ByteSource& body) {
  return store_.PutPart(context, permit, key, upload_id, part, body);
}

Result<PartReceipt> OrderedStore::CopyPart(const CallContext& context, const WritePermit& permit,
                                           std::string_view key, const Secret& upload_id,
                                           const UploadPart& part, const CopySource& source,
                                           std::uint64_t length) {
  return store_.CopyPart(context, permit, key, upload_id, part, source, length);
}

Result<UploadedParts> OrderedStore::ListParts(const CallContext& context, std::string_view key,
                                              const Secret& upload_id) {
  return store_.ListParts(context, key, upload_id);
}

Result<std::vector<UploadEntry>> OrderedStore::ListUploads(const CallContext& context,
                                                           std::string_view prefix) {
  return store_.ListUploads(context, prefix);
}

Result<PutReceipt> OrderedStore::FinishUpload(const CallContext& context, const WritePermit& permit,
                                              std::string_view key, const Secret& upload_id,
                                              std::span<const PartReceipt> parts,
                                              const FinishOptions& options) {
  return store_.FinishUpload(context, permit, key, upload_id, parts, options);
}

Status OrderedStore::AbortUpload(const CallContext& context, const WritePermit& permit,
                                 std::string_view key, const Secret& upload_id) {
  return store_.AbortUpload(context, permit, key, upload_id);
}

Status OrderedStore::CreateContainer(const CallContext& context, const WritePermit& permit,
                                     std::string_view region) {
  return store_.CreateContainer(context, permit, region);
}

}  // namespace godwit

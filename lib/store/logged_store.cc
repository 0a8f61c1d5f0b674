#include "lib/store/logged_store.h"

#include <chrono>

namespace godwit {
namespace {

std::string Ending(const Status& status) { return status.ok() ? "ok" : status.ToString(); }
template <typename T>
std::string Ending(const Result<T>& result) {
  return Ending(result.status());
}

}  // namespace

template <typename Call>
auto LoggedStore::Logged(const char* operation, std::string_view key, Call call)
    -> decltype(call()) {
  const auto begin = std::chrono::steady_clock::now();
  auto result = call();
  const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);
  log_.Debug(store_.Name() + ": " + operation + " '" + std::string(key) + "': " + Ending(result) +
             ", " + std::to_string(elapsed.count()) + " us");
  return result;
}

Result<Location> LoggedStore::Locate(const CallContext& context) {
  return Logged("locate", "", [&] { return store_.Locate(context); });
}

Result<ListPage> LoggedStore::List(const CallContext& context, const ListRequest& request) {
  return Logged("list", request.prefix, [&] { return store_.List(context, request); });
}

Result<ObjectMeta> LoggedStore::Head(const CallContext& context, std::string_view key) {
  return Logged("head", key, [&] { return store_.Head(context, key); });
}

Result<ObjectMeta> LoggedStore::Get(const CallContext& context, std::string_view key,
                                    const GetOptions& options, ByteSink& sink) {
  return Logged("get", key, [&] { return store_.Get(context, key, options, sink); });
}

Result<PutReceipt> LoggedStore::Put(const CallContext& context, const WritePermit& permit,
                                    std::string_view key, const PutOptions& options,
                                    ByteSource& body) {
  return Logged("put", key, [&] { return store_.Put(context, permit, key, options, body); });
}

Result<std::vector<Status>> LoggedStore::Delete(const CallContext& context,
                                                const WritePermit& permit,
                                                std::span<const DeleteRequest> requests) {
  return Logged("delete", requests.empty() ? "" : requests.front().key,
                [&] { return store_.Delete(context, permit, requests); });
}

Result<PutReceipt> LoggedStore::Copy(const CallContext& context, const WritePermit& permit,
                                     const CopySource& source, std::string_view key,
                                     const PutOptions& options) {
  return Logged("copy", key, [&] { return store_.Copy(context, permit, source, key, options); });
}

Result<PutReceipt> LoggedStore::SetMetadata(const CallContext& context, const WritePermit& permit,
                                            std::string_view key, const Version& version,
                                            const ObjectAttributes& attributes) {
  return Logged("set metadata", key,
                [&] { return store_.SetMetadata(context, permit, key, version, attributes); });
}

Result<Secret> LoggedStore::BeginUpload(const CallContext& context, const WritePermit& permit,
                                        std::string_view key, const UploadOptions& options) {
  return Logged("begin upload", key,
                [&] { return store_.BeginUpload(context, permit, key, options); });
}

Result<PartReceipt> LoggedStore::PutPart(const CallContext& context, const WritePermit& permit,
                                         std::string_view key, const Secret& upload_id,
                                         const UploadPart& part, ByteSource& body) {
  return Logged("put part", key,
                [&] { return store_.PutPart(context, permit, key, upload_id, part, body); });
}

Result<PartReceipt> LoggedStore::CopyPart(const CallContext& context, const WritePermit& permit,
                                          std::string_view key, const Secret& upload_id,
                                          const UploadPart& part, const CopySource& source,
                                          std::uint64_t length) {
  return Logged("copy part", key, [&] {
    return store_.CopyPart(context, permit, key, upload_id, part, source, length);
  });
}

Result<UploadedParts> LoggedStore::ListParts(const CallContext& context, std::string_view key,
                                             const Secret& upload_id) {
  return Logged("list parts", key, [&] { return store_.ListParts(context, key, upload_id); });
}

Result<std::vector<UploadEntry>> LoggedStore::ListUploads(const CallContext& context,
                                                          std::string_view prefix) {
  return Logged("list uploads", prefix, [&] { return store_.ListUploads(context, prefix); });
}

Result<PutReceipt> LoggedStore::FinishUpload(const CallContext& context, const WritePermit& permit,
                                             std::string_view key, const Secret& upload_id,
                                             std::span<const PartReceipt> parts,
                                             const FinishOptions& options) {
  return Logged("finish upload", key, [&] {
    return store_.FinishUpload(context, permit, key, upload_id, parts, options);
  });
}

Status LoggedStore::AbortUpload(const CallContext& context, const WritePermit& permit,
                                std::string_view key, const Secret& upload_id) {
  return Logged("abort upload", key,
                [&] { return store_.AbortUpload(context, permit, key, upload_id); });
}

Status LoggedStore::CreateContainer(const CallContext& context, const WritePermit& permit,
                                    std::string_view region) {
  return Logged("create container", "",
                [&] { return store_.CreateContainer(context, permit, region); });
}

}  // namespace godwit

#include "lib/store/throttled_store.h"

#include <algorithm>
#include <utility>

namespace godwit {
namespace {

class ThrottledSink final : public ByteSink {
 public:
  ThrottledSink(ByteSink& sink, const CallContext& context, TokenBucket& bucket,
                const Sleeper& sleeper)
      : sink_(sink), context_(context), bucket_(bucket), sleeper_(sleeper) {}

  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    sleeper_(context_, bucket_.Take(bytes.size()));
    return sink_.Write(offset, bytes);
  }

 private:
  ByteSink& sink_;
  const CallContext& context_;
  TokenBucket& bucket_;
  const Sleeper& sleeper_;
};

class ThrottledSource final : public ByteSource {
 public:
  ThrottledSource(ByteSource& source, const CallContext& context, TokenBucket& bucket,
                  const Sleeper& sleeper)
      : source_(source), context_(context), bucket_(bucket), sleeper_(sleeper) {}

  std::uint64_t size_bytes() const override { return source_.size_bytes(); }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override {
    Result<std::size_t> count = source_.Read(offset, buffer);
    if (count.ok()) sleeper_(context_, bucket_.Take(*count));
    return count;
  }

 private:
  ByteSource& source_;
  const CallContext& context_;
  TokenBucket& bucket_;
  const Sleeper& sleeper_;
};

}  // namespace

TokenBucket::TokenBucket(std::uint64_t per_second, const Clock& clock)
    : per_second_(static_cast<double>(per_second)),
      clock_(clock),
      tokens_(per_second_),
      filled_(clock.Now()) {}

std::chrono::milliseconds TokenBucket::Take(std::uint64_t count) {
  using std::chrono::milliseconds;
  if (per_second_ == 0) return milliseconds{0};
  const std::lock_guard lock(mutex_);
  const auto now = clock_.Now();
  const double elapsed = std::chrono::duration<double>(now - filled_).count();
  filled_ = now;
  tokens_ = std::min(per_second_, tokens_ + elapsed * per_second_) - static_cast<double>(count);
  if (tokens_ >= 0) return milliseconds{0};
  return milliseconds(static_cast<std::int64_t>(-tokens_ / per_second_ * 1000) + 1);
}

ThrottledStore::ThrottledStore(ObjectStore& store, ThrottleLimits limits, const Clock& clock,
                               Sleeper sleeper)
    : store_(store),
      sleeper_(std::move(sleeper)),
      requests_(limits.requests_per_second, clock),
      bytes_(limits.bytes_per_second, clock) {}

void ThrottledStore::Admit(const CallContext& context) {
  if (const auto delay = requests_.Take(1); delay.count() > 0) sleeper_(context, delay);
}

Result<Location> ThrottledStore::Locate(const CallContext& context) {
  Admit(context);
  return store_.Locate(context);
}

Result<ListPage> ThrottledStore::List(const CallContext& context, const ListRequest& request) {
  Admit(context);
  return store_.List(context, request);
}

Result<ObjectMeta> ThrottledStore::Head(const CallContext& context, std::string_view key) {
  Admit(context);
  return store_.Head(context, key);
}

Result<ObjectMeta> ThrottledStore::Get(const CallContext& context, std::string_view key,
                                       const GetOptions& options, ByteSink& sink) {
  Admit(context);
  ThrottledSink slow(sink, context, bytes_, sleeper_);
  return store_.Get(context, key, options, slow);
}

Result<PutReceipt> ThrottledStore::Put(const CallContext& context, const WritePermit& permit,
                                       std::string_view key, const PutOptions& options,
                                       ByteSource& body) {
  Admit(context);
  ThrottledSource slow(body, context, bytes_, sleeper_);
  return store_.Put(context, permit, key, options, slow);
}

Result<std::vector<Status>> ThrottledStore::Delete(const CallContext& context,
                                                   const WritePermit& permit,
                                                   std::span<const DeleteRequest> requests) {
  Admit(context);
  return store_.Delete(context, permit, requests);
}

Result<PutReceipt> ThrottledStore::Copy(const CallContext& context, const WritePermit& permit,
                                        const CopySource& source, std::string_view key,
                                        const PutOptions& options) {
  Admit(context);
  return store_.Copy(context, permit, source, key, options);
}

Result<PutReceipt> ThrottledStore::SetMetadata(const CallContext& context,
                                               const WritePermit& permit, std::string_view key,
                                               const Version& version,
                                               const ObjectAttributes& attributes) {
  Admit(context);
  return store_.SetMetadata(context, permit, key, version, attributes);
}

Result<Secret> ThrottledStore::BeginUpload(const CallContext& context, const WritePermit& permit,
                                           std::string_view key, const UploadOptions& options) {
  Admit(context);
  return store_.BeginUpload(context, permit, key, options);
}

Result<PartReceipt> ThrottledStore::PutPart(const CallContext& context, const WritePermit& permit,
                                            std::string_view key, const Secret& upload_id,
                                            const UploadPart& part, ByteSource& body) {
  Admit(context);
  ThrottledSource slow(body, context, bytes_, sleeper_);
  return store_.PutPart(context, permit, key, upload_id, part, slow);
}

Result<PartReceipt> ThrottledStore::CopyPart(const CallContext& context, const WritePermit& permit,
                                             std::string_view key, const Secret& upload_id,
                                             const UploadPart& part, const CopySource& source,
                                             std::uint64_t length) {
  Admit(context);
  return store_.CopyPart(context, permit, key, upload_id, part, source, length);
}

Result<UploadedParts> ThrottledStore::ListParts(const CallContext& context, std::string_view key,
                                                const Secret& upload_id) {
  Admit(context);
  return store_.ListParts(context, key, upload_id);
}

Result<std::vector<UploadEntry>> ThrottledStore::ListUploads(const CallContext& context,
                                                             std::string_view prefix) {
  Admit(context);
  return store_.ListUploads(context, prefix);
}

Result<PutReceipt> ThrottledStore::FinishUpload(const CallContext& context,
                                                const WritePermit& permit, std::string_view key,
                                                const Secret& upload_id,
                                                std::span<const PartReceipt> parts,
                                                const FinishOptions& options) {
  Admit(context);
  return store_.FinishUpload(context, permit, key, upload_id, parts, options);
}

Status ThrottledStore::AbortUpload(const CallContext& context, const WritePermit& permit,
                                   std::string_view key, const Secret& upload_id) {
  Admit(context);
  return store_.AbortUpload(context, permit, key, upload_id);
}

Status ThrottledStore::CreateContainer(const CallContext& context, const WritePermit& permit,
                                       std::string_view region) {
  Admit(context);
  return store_.CreateContainer(context, permit, region);
}

}  // namespace godwit

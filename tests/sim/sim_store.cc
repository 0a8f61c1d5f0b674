#include "tests/sim/sim_store.h"

#include <utility>

#include "lib/plan/key_rules.h"

namespace godwit {
namespace {

class StringSink final : public ByteSink {
 public:
  explicit StringSink(std::string& into) : into_(into) {}
  Status Write(std::uint64_t, std::span<const std::byte> bytes) override {
    for (const std::byte byte : bytes) into_ += std::to_integer<char>(byte);
    return Status::Ok();
  }

 private:
  std::string& into_;
};

// Changes one bit of the first byte that passes.
class DamagingSink final : public ByteSink {
 public:
  explicit DamagingSink(ByteSink& inner) : inner_(inner) {}
  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    std::vector<std::byte> copy(bytes.begin(), bytes.end());
    if (!done_ && !copy.empty()) copy.front() ^= std::byte{1};
    done_ = true;
    return inner_.Write(offset, copy);
  }

 private:
  ByteSink& inner_;
  bool done_ = false;
};

class DamagedSource final : public ByteSource {
 public:
  explicit DamagedSource(ByteSource& inner) : inner_(inner) {}
  std::uint64_t size_bytes() const override { return inner_.size_bytes(); }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override {
    Result<std::size_t> count = inner_.Read(offset, buffer);
    if (count.ok() && *count > 0 && offset == 0) buffer.front() ^= std::byte{1};
    return count;
  }

 private:
  ByteSource& inner_;
};

}  // namespace

std::optional<SimObject> SimStore::Look(std::string_view key) {
  SimObject object;
  StringSink sink(object.content);
  Result<ObjectMeta> meta = inner_.Head({}, key);
  if (!meta.ok()) return std::nullopt;
  object.meta = *std::move(meta);
  // An archived object has no readable content; its version still tells whether it changed.
  static_cast<void>(inner_.Get({}, key, {}, sink).ok());
  return object;
}

bool SimStore::Fires(StoreFault fault) {
  if (fault_ != fault) return false;
  fault_ = StoreFault::kNone;
  return true;
}

Status SimStore::Admit(std::string_view key) const {
  if (!Describe().is_local) return Status::Ok();
  if (auto problem = KeyProblem(Describe(), key)) {
    return Status(ErrorKind::kInvalidArgument, *std::move(problem));
  }
  for (const auto& [other, content] : inner_.Contents()) {
    const bool under = key.starts_with(other + "/");
    const bool over = other.starts_with(std::string(key) + "/");
    if (under || over) return Status(ErrorKind::kBlocked, "'" + other + "' stands in the way");
  }
  return Status::Ok();
}

template <typename Write>
Result<PutReceipt> SimStore::Observe(std::string_view key, bool damaged, Write write) {
  if (Status admitted = Admit(key); !admitted.ok()) return admitted;
  const std::optional<SimObject> before = Look(key);
  Result<PutReceipt> receipt = write();
  const std::optional<SimObject> after = Look(key);
  const bool changed = after && (!before || before->version() != after->version());
  if (changed && observer_ != nullptr) {
    observer_->OnPublished(std::string(key), before, *after, damaged);
  }
  return receipt;
}

Result<Location> SimStore::Locate(const CallContext& context) { return inner_.Locate(context); }

Result<ListPage> SimStore::List(const CallContext& context, const ListRequest& request) {
  return inner_.List(context, request);
}

Result<ObjectMeta> SimStore::Head(const CallContext& context, std::string_view key) {
  return inner_.Head(context, key);
}

Result<ObjectMeta> SimStore::Get(const CallContext& context, std::string_view key,
                                 const GetOptions& options, ByteSink& sink) {
  if (!Fires(StoreFault::kDamageRead)) return inner_.Get(context, key, options, sink);
  DamagingSink damaging(sink);
  return inner_.Get(context, key, options, damaging);
}

Result<PutReceipt> SimStore::Put(const CallContext& context, const WritePermit& permit,
                                 std::string_view key, const PutOptions& options,
                                 ByteSource& body) {
  DamagedSource damaged(body);
  if (Fires(StoreFault::kDamageSent)) {
    return Observe(key, false, [&] { return inner_.Put(context, permit, key, options, damaged); });
  }
  if (body.size_bytes() == 0 || !Fires(StoreFault::kDamageStored)) {
    return Observe(key, false, [&] { return inner_.Put(context, permit, key, options, body); });
  }
  PutOptions unchecked = options;
  unchecked.digests = {};
  return Observe(key, true, [&] {
    Result<PutReceipt> receipt = inner_.Put(context, permit, key, unchecked, damaged);
    // The service checked what came in. Its answer tells the digest of what it then stored, where
    // it keeps one of a kind that was sent.
    const bool tells = receipt.ok() && receipt->digests.Find(DigestKind::kCrc32c) != nullptr;
    if (tells) receipt->proof = WriteProof::kCrc32c;
    return receipt;
  });
}

Result<std::vector<Status>> SimStore::Delete(const CallContext& context, const WritePermit& permit,
                                             std::span<const DeleteRequest> requests) {
  std::vector<std::optional<SimObject>> before;
  for (const DeleteRequest& request : requests) before.push_back(Look(request.key));
  Result<std::vector<Status>> statuses = inner_.Delete(context, permit, requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const bool gone = before[i] && !Look(requests[i].key);
    if (gone && observer_ != nullptr) observer_->OnDeleted(requests[i].key, *before[i]);
  }
  return statuses;
}

Result<PutReceipt> SimStore::Copy(const CallContext& context, const WritePermit& permit,
                                  const CopySource& source, std::string_view key,
                                  const PutOptions& options) {
  return Observe(key, false, [&] { return inner_.Copy(context, permit, source, key, options); });
}

Result<PutReceipt> SimStore::SetMetadata(const CallContext& context, const WritePermit& permit,
                                         std::string_view key, const Version& version,
                                         const ObjectAttributes& attributes) {
  return Observe(key, false,
                 [&] { return inner_.SetMetadata(context, permit, key, version, attributes); });
}

Result<Secret> SimStore::BeginUpload(const CallContext& context, const WritePermit& permit,
                                     std::string_view key, const UploadOptions& options) {
  return inner_.BeginUpload(context, permit, key, options);
}

Result<PartReceipt> SimStore::PutPart(const CallContext& context, const WritePermit& permit,
                                      std::string_view key, const Secret& upload_id,
                                      const UploadPart& part, ByteSource& body) {
  DamagedSource damaged(body);
  if (Fires(StoreFault::kDamageSent)) {
    return inner_.PutPart(context, permit, key, upload_id, part, damaged);
  }
  if (!Fires(StoreFault::kDamageStored)) {
    return inner_.PutPart(context, permit, key, upload_id, part, body);
  }
  UploadPart unchecked = part;
  unchecked.digests = {};
  return inner_.PutPart(context, permit, key, upload_id, unchecked, damaged);
}

Result<PartReceipt> SimStore::CopyPart(const CallContext& context, const WritePermit& permit,
                                       std::string_view key, const Secret& upload_id,
                                       const UploadPart& part, const CopySource& source,
                                       std::uint64_t length) {
  return inner_.CopyPart(context, permit, key, upload_id, part, source, length);
}

Result<UploadedParts> SimStore::ListParts(const CallContext& context, std::string_view key,
                                          const Secret& upload_id) {
  return inner_.ListParts(context, key, upload_id);
}

Result<std::vector<UploadEntry>> SimStore::ListUploads(const CallContext& context,
                                                       std::string_view prefix) {
  return inner_.ListUploads(context, prefix);
}

Result<PutReceipt> SimStore::FinishUpload(const CallContext& context, const WritePermit& permit,
                                          std::string_view key, const Secret& upload_id,
                                          std::span<const PartReceipt> parts,
                                          const FinishOptions& options) {
  return Observe(key, false, [&] {
    return inner_.FinishUpload(context, permit, key, upload_id, parts, options);
  });
}

Status SimStore::AbortUpload(const CallContext& context, const WritePermit& permit,
                             std::string_view key, const Secret& upload_id) {
  return inner_.AbortUpload(context, permit, key, upload_id);
}

Status SimStore::CreateContainer(const CallContext& context, const WritePermit& permit,
                                 std::string_view region) {
  return inner_.CreateContainer(context, permit, region);
}

}  // namespace godwit

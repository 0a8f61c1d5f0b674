#include "tests/sim/sim_store.h"

#include <algorithm>
#include <utility>

#include "lib/plan/key_rules.h"

namespace godwit {
namespace {

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
  std::optional<MemoryStore::Object> found = inner_.Find(key);
  if (!found) return std::nullopt;
  SimObject object{std::move(found->meta), std::string(found->body->size(), '\0')};
  std::transform(found->body->begin(), found->body->end(), object.content.begin(),
                 [](std::byte byte) { return std::to_integer<char>(byte); });
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
  if (observer_ == nullptr) return write(true);
  std::optional<MemoryStore::Object> file;
  if (disk_ != nullptr) file = inner_.Find(key);
  const std::optional<SimObject> before = Look(key);
  Result<PutReceipt> receipt = write(true);
  const bool refused = !receipt.ok() && receipt.status().Is(ErrorKind::kCorrupted);
  if (refused && flaws_.publishes_unchecked) static_cast<void>(write(false).ok());
  const std::optional<SimObject> after = Look(key);
  const bool changed = after && (!before || before->version() != after->version());
  if (!changed) return receipt;
  if (disk_ != nullptr) disk_->NameChanged(std::string(key), std::move(file), !flaws_.skips_sync);
  observer_->OnPublished(std::string(key), before, *after, damaged);
  return receipt;
}

Result<Location> SimStore::Locate(const CallContext& context) { return inner_.Locate(context); }

Result<ListPage> SimStore::List(const CallContext& context, const ListRequest& request) {
  Result<ListPage> page = inner_.List(context, request);
  if (page.ok() && observer_ != nullptr && spoiler_) spoiler_(request, *page);
  return page;
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
  PutOptions unchecked = options;
  unchecked.digests = {};
  DamagedSource damaged(body);
  ByteSource& sent = Fires(StoreFault::kDamageSent) ? static_cast<ByteSource&>(damaged) : body;
  if (body.size_bytes() == 0 || !Fires(StoreFault::kDamageStored)) {
    return Observe(key, false, [&](bool checked) {
      return inner_.Put(context, permit, key, checked ? options : unchecked, sent);
    });
  }
  return Observe(key, true, [&](bool) {
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
  if (observer_ == nullptr) return inner_.Delete(context, permit, requests);
  std::vector<std::optional<SimObject>> before;
  std::vector<std::optional<MemoryStore::Object>> files;
  for (const DeleteRequest& request : requests) {
    before.push_back(Look(request.key));
    if (disk_ != nullptr) files.push_back(inner_.Find(request.key));
  }
  Result<std::vector<Status>> statuses = inner_.Delete(context, permit, requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!before[i] || inner_.Find(requests[i].key)) continue;
    if (disk_ != nullptr) disk_->NameChanged(requests[i].key, std::move(files[i]), true);
    observer_->OnDeleted(requests[i].key, *before[i]);
  }
  return statuses;
}

Result<PutReceipt> SimStore::Copy(const CallContext& context, const WritePermit& permit,
                                  const CopySource& source, std::string_view key,
                                  const PutOptions& options) {
  return Observe(key, false,
                 [&](bool) { return inner_.Copy(context, permit, source, key, options); });
}

Result<PutReceipt> SimStore::SetMetadata(const CallContext& context, const WritePermit& permit,
                                         std::string_view key, const Version& version,
                                         const ObjectAttributes& attributes) {
  return Observe(key, false, [&](bool) {
    return inner_.SetMetadata(context, permit, key, version, attributes);
  });
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
  FinishOptions unchecked = options;
  unchecked.digests = {};
  return Observe(key, false, [&](bool checked) {
    return inner_.FinishUpload(context, permit, key, upload_id, parts,
                               checked ? options : unchecked);
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

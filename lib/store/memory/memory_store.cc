#include "lib/store/memory/memory_store.h"

#include <algorithm>
#include <utility>

#include "lib/checksum/content_hasher.h"
#include "lib/crypto/md5.h"
#include "lib/crypto/sha256.h"
#include "lib/store/call_check.h"
#include "lib/store/memory/memory_body.h"

namespace godwit {
namespace {

constexpr std::size_t kChunkBytes = 256 << 10;

DigestSet KeptDigests(const Capabilities& capabilities, std::span<const std::byte> bytes) {
  ContentHasher crcs;
  crcs.Update(bytes);
  DigestSet all = crcs.sum().digests();
  DigestSet kept;
  for (const DigestKind kind : capabilities.digests_stored) {
    if (kind == DigestKind::kMd5) kept.Set(Digest(kind, Md5(bytes)));
    if (kind == DigestKind::kSha256) kept.Set(Digest(kind, Sha256(bytes)));
    if (const Digest* crc = all.Find(kind)) kept.Set(*crc);
  }
  return kept;
}

bool IsArchiveClass(std::string_view storage_class) {
  return storage_class == "GLACIER" || storage_class == "DEEP_ARCHIVE";
}

Status NotFound() { return Status(ErrorKind::kNotFound, "no such object"); }

}  // namespace

MemoryOptions MemoryOptions::Capable() {
  MemoryOptions options;
  options.capabilities.service = "memory";
  options.capabilities.condition_on_copy = true;
  options.capabilities.server_copy = true;
  options.capabilities.set_metadata = true;
  options.capabilities.digests_stored = {DigestKind::kCrc64Nvme, DigestKind::kCrc32c};
  return options;
}

MemoryStore::MemoryStore(MemoryOptions options)
    : options_(std::move(options)),
      clock_(options_.clock != nullptr ? *options_.clock : system_clock_),
      container_exists_(options_.container_exists),
      objects_(KeyOrder{options_.capabilities.order}) {}

MemoryStore::MemoryStore(Capabilities capabilities)
    : MemoryStore(MemoryOptions{std::move(capabilities)}) {}

std::uint64_t MemoryStore::VersionCount(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = version_counts_.find(key);
  return found == version_counts_.end() ? 0 : found->second;
}

std::map<std::string, std::string> MemoryStore::Contents() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> contents;
  for (const auto& [key, object] : objects_) {
    std::string& text = contents[key];
    for (const std::byte byte : *object.body) text += std::to_integer<char>(byte);
  }
  return contents;
}

std::optional<MemoryStore::Object> MemoryStore::Find(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

void MemoryStore::Restore(std::string_view key, std::optional<Object> object) {
  const std::lock_guard lock(mutex_);
  if (object) {
    objects_.insert_or_assign(std::string(key), *std::move(object));
  } else if (const auto found = objects_.find(key); found != objects_.end()) {
    objects_.erase(found);
  }
}

std::size_t MemoryStore::OpenUploadCount() const {
  const std::lock_guard lock(mutex_);
  return uploads_.size();
}

Status MemoryStore::Admit(const CallContext& context) const {
  GODWIT_RETURN_IF_ERROR(CheckCall(context, clock_.Now()));
  const std::lock_guard lock(mutex_);
  if (!container_exists_) return Status(ErrorKind::kContainerNotFound, "no such container");
  return Status::Ok();
}

Status MemoryStore::AdmitKey(std::string_view key) const {
  if (key.empty()) return Status(ErrorKind::kInvalidArgument, "the key is empty");
  if (key.size() > options_.capabilities.key_bytes_max) {
    return Status(ErrorKind::kInvalidArgument, "the key is too long");
  }
  return Status::Ok();
}

PreciseTime MemoryStore::WallNow() const {
  const Timestamp now = clock_.WallNow();
  if (!options_.whole_seconds) return PreciseTime{now, 9};
  return PreciseTime{std::chrono::floor<std::chrono::seconds>(now), 0};
}

Result<MemoryStore::Object> MemoryStore::Snapshot(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return NotFound();
  return found->second;
}

Result<Location> MemoryStore::Locate(const CallContext& context) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  return Location{};
}

Result<ObjectMeta> MemoryStore::Head(const CallContext& context, std::string_view key) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  context.Count(RequestClass::kHead);
  Result<Object> object = Snapshot(key);
  if (!object.ok()) return std::move(object).status().WithOperation("read").WithObject(Shown(key));
  return std::move(object->meta);
}

Result<ObjectMeta> MemoryStore::Get(const CallContext& context, std::string_view key,
                                    const GetOptions& options, ByteSink& sink) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  context.Count(RequestClass::kGet);
  Result<Object> object = Snapshot(key);
  if (!object.ok()) return std::move(object).status().WithOperation("read").WithObject(Shown(key));
  const ObjectEntry& entry = object->meta.entry;
  if (!options.version.empty() && options.version != entry.version) {
    return Status(ErrorKind::kPreconditionFailed, "the object has changed")
        .WithOperation("read")
        .WithObject(Shown(key));
  }
  if (entry.archived)
    return Status(ErrorKind::kArchived, "the object is archived").WithObject(Shown(key));
  const Result<std::uint64_t> length = RangeLength(options, entry.size_bytes);
  if (!length.ok()) return length.status();
  for (std::uint64_t done = 0; done < *length;) {
    GODWIT_RETURN_IF_ERROR(CheckCall(context, clock_.Now()));
    const std::size_t chunk = std::min<std::uint64_t>(kChunkBytes, *length - done);
    const std::uint64_t offset = options.offset + done;
    GODWIT_RETURN_IF_ERROR(sink.Write(offset, std::span(*object->body).subspan(offset, chunk)));
    if (context.meter != nullptr) context.meter->CountReceived(chunk);
    done += chunk;
  }
  return std::move(object->meta);
}

Result<PutReceipt> MemoryStore::Put(const CallContext& context, const WritePermit&,
                                    std::string_view key, const PutOptions& options,
                                    ByteSource& body) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  GODWIT_RETURN_IF_ERROR(AdmitKey(key));
  context.Count(RequestClass::kPut);
  if (body.size_bytes() > options_.capabilities.put_bytes_max) {
    return Status(ErrorKind::kInvalidArgument, "the body is too large for a single put");
  }
  Result<Bytes> bytes = ReadBody(context, clock_, body);
  if (!bytes.ok()) return bytes.status();
  const Result<WriteProof> proof = CheckBody(options.digests, *bytes);
  if (!proof.ok()) return proof.status().WithOperation("write").WithObject(Shown(key));
  GODWIT_RETURN_IF_ERROR(CheckCall(context, clock_.Now()));
  const std::lock_guard lock(mutex_);
  if (options_.capabilities.condition_on_put) {
    GODWIT_RETURN_IF_ERROR(CheckCondition(key, options.condition));
  }
  PutReceipt receipt =
      Publish(key, options.attributes, std::make_shared<const Bytes>(std::move(*bytes)));
  receipt.proof = *proof;
  return receipt;
}

Result<std::vector<Status>> MemoryStore::Delete(const CallContext& context, const WritePermit&,
                                                std::span<const DeleteRequest> requests) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  if (requests.size() > options_.capabilities.delete_keys_max) {
    return Status(ErrorKind::kInvalidArgument, "too many keys in one delete");
  }
  context.Count(RequestClass::kDelete);
  std::vector<Status> statuses;
  const std::lock_guard lock(mutex_);
  for (const DeleteRequest& request : requests) statuses.push_back(DeleteOne(request));
  return statuses;
}

Status MemoryStore::DeleteOne(const DeleteRequest& request) {
  const auto found = objects_.find(request.key);
  if (found == objects_.end()) return Status::Ok();
  if (options_.capabilities.condition_on_delete && !request.if_version.empty() &&
      request.if_version != found->second.meta.entry.version) {
    return Status(ErrorKind::kPreconditionFailed, "the object has changed")
        .WithOperation("delete")
        .WithObject(Shown(request.key));
  }
  objects_.erase(found);
  return Status::Ok();
}

Result<MemoryStore::Object> MemoryStore::CopyableSource(const CopySource& source) const {
  if (!options_.capabilities.server_copy || source.container != options_.container) {
    return Status(ErrorKind::kUnsupported, "no copy inside the service from there");
  }
  Result<Object> object = Snapshot(source.key);
  if (object.ok() && !source.version.empty() && source.version != object->meta.entry.version) {
    return Status(ErrorKind::kPreconditionFailed, "the source has changed")
        .WithObject(Shown(source.key));
  }
  return object;
}

Result<PutReceipt> MemoryStore::Copy(const CallContext& context, const WritePermit&,
                                     const CopySource& source, std::string_view key,
                                     const PutOptions& options) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  GODWIT_RETURN_IF_ERROR(AdmitKey(key));
  context.Count(RequestClass::kCopy);
  Result<Object> object = CopyableSource(source);
  if (!object.ok()) return std::move(object).status().WithOperation("copy");
  if (object->body->size() > options_.capabilities.copy_bytes_max) {
    return Status(ErrorKind::kInvalidArgument, "the object is too large for a single copy");
  }
  const Result<WriteProof> proof = CheckBody(options.digests, *object->body);
  if (!proof.ok()) return proof.status().WithOperation("copy").WithObject(Shown(key));
  const std::lock_guard lock(mutex_);
  if (options_.capabilities.condition_on_copy) {
    GODWIT_RETURN_IF_ERROR(CheckCondition(key, options.condition));
  }
  PutReceipt receipt = Publish(key, options.attributes, std::move(object->body));
  receipt.proof = WriteProof::kServiceCopy;
  return receipt;
}

Result<PutReceipt> MemoryStore::SetMetadata(const CallContext& context, const WritePermit&,
                                            std::string_view key, const Version& version,
                                            const ObjectAttributes& attributes) {
  if (!options_.capabilities.set_metadata) {
    return Status(ErrorKind::kUnsupported, "metadata cannot be set without the bytes");
  }
  GODWIT_RETURN_IF_ERROR(Admit(context));
  context.Count(RequestClass::kCopy);
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return NotFound().WithObject(Shown(key));
  GODWIT_RETURN_IF_ERROR(CheckCondition(key, WriteCondition::IfVersion(version)));
  return Publish(key, attributes, found->second.body);
}

Status MemoryStore::CreateContainer(const CallContext& context, const WritePermit&,
                                    std::string_view) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context, clock_.Now()));
  context.Count(RequestClass::kOther);
  const std::lock_guard lock(mutex_);
  container_exists_ = true;
  return Status::Ok();
}

Status MemoryStore::CheckCondition(std::string_view key, const WriteCondition& condition) const {
  if (condition.kind == WriteCondition::Kind::kNone) return Status::Ok();
  const auto found = objects_.find(key);
  const bool exists = found != objects_.end();
  const bool holds = condition.kind == WriteCondition::Kind::kCreateOnly
                         ? !exists
                         : exists && found->second.meta.entry.version == condition.version;
  if (holds) return Status::Ok();
  return Status(ErrorKind::kPreconditionFailed, exists ? "the object at the target has changed"
                                                       : "the object at the target is gone")
      .WithOperation("write")
      .WithObject(Shown(key));
}

PutReceipt MemoryStore::Publish(std::string_view key, const ObjectAttributes& attributes,
                                Body body) {
  Object object;
  object.body = std::move(body);
  object.meta.attributes = attributes;
  ObjectEntry& entry = object.meta.entry;
  entry.key = key;
  entry.size_bytes = object.body->size();
  entry.modified = WallNow();
  entry.version = "v" + std::to_string(++sequence_);
  entry.digests = KeptDigests(options_.capabilities, *object.body);
  entry.storage_class = attributes.storage_class;
  entry.archived = IsArchiveClass(entry.storage_class);
  if (options_.capabilities.is_local) {
    entry.modified = attributes.mtime.value_or(entry.modified);
    object.meta.attributes = {};
    object.meta.attributes.mtime = entry.modified;
  }
  ++version_counts_[entry.key];
  PutReceipt receipt{entry.version, entry.modified, entry.digests, WriteProof::kNone};
  objects_.insert_or_assign(entry.key, std::move(object));
  return receipt;
}

}  // namespace godwit

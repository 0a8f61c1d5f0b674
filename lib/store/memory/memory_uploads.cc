#include <iterator>
#include <utility>

#include "lib/checksum/content_hasher.h"
#include "lib/store/call_check.h"
#include "lib/store/memory/memory_body.h"
#include "lib/store/memory/memory_store.h"

namespace godwit {
namespace {

Status NoUpload(std::string shown) {
  return Status(ErrorKind::kNotFound, "no such upload").WithObject(std::move(shown));
}

Status BadParts(std::string message) {
  return Status(ErrorKind::kInvalidArgument, std::move(message)).WithOperation("finish upload of");
}

}  // namespace

Result<Secret> MemoryStore::BeginUpload(const CallContext& context, const WritePermit&,
                                        std::string_view key, const UploadOptions& options) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  GODWIT_RETURN_IF_ERROR(AdmitKey(key));
  context.Count(RequestClass::kPut);
  const std::lock_guard lock(mutex_);
  std::string id = "upload-" + std::to_string(++sequence_);
  uploads_[id] = Upload{std::string(key), options, WallNow(), {}, 0};
  return Secret(std::move(id));
}

Result<MemoryStore::Upload*> MemoryStore::FindUpload(std::string_view key,
                                                     const Secret& upload_id) {
  const auto found = uploads_.find(upload_id.Reveal());
  if (found == uploads_.end() || found->second.key != key) return NoUpload(Shown(key));
  return &found->second;
}

void MemoryStore::LosePart(const Secret& upload_id, std::uint32_t index) {
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find(upload_id.Reveal());
  if (found == uploads_.end()) return;
  Upload& upload = found->second;
  // One stream of bytes loses all from there on.
  const bool stream = !options_.capabilities.parts_in_any_order;
  const auto first = upload.parts.lower_bound(index);
  if (first == upload.parts.end() || first->first != index) return;
  const auto last = stream ? upload.parts.end() : std::next(first);
  if (stream) {
    upload.contiguous_bytes = 0;
    for (auto part = upload.parts.begin(); part != first; ++part) {
      upload.contiguous_bytes += part->second.bytes.size();
    }
  }
  upload.parts.erase(first, last);
}

Status MemoryStore::AdmitPart(const Upload& upload, const UploadPart& part,
                              std::uint64_t size_bytes) const {
  const Capabilities& limits = options_.capabilities;
  if (part.index >= limits.parts_max) {
    return Status(ErrorKind::kInvalidArgument, "the part's number is too large");
  }
  if (size_bytes > limits.part_bytes_max) {
    return Status(ErrorKind::kInvalidArgument, "the part is too large");
  }
  if (!limits.parts_in_any_order && part.offset > upload.contiguous_bytes) {
    return Status(ErrorKind::kInvalidArgument, "the part does not follow the bytes kept so far");
  }
  return Status::Ok();
}

Result<PartReceipt> MemoryStore::KeepPart(std::string_view key, const Secret& upload_id,
                                          const UploadPart& part, Bytes bytes) {
  ContentHasher hasher;
  hasher.Update(bytes);
  const std::lock_guard lock(mutex_);
  const Result<Upload*> upload = FindUpload(key, upload_id);
  if (!upload.ok()) return upload.status();
  GODWIT_RETURN_IF_ERROR(AdmitPart(**upload, part, bytes.size()));
  PartReceipt receipt{part.index, bytes.size(), "p" + std::to_string(++sequence_),
                      hasher.sum().digests()};
  (*upload)->contiguous_bytes = std::max((*upload)->contiguous_bytes, part.offset + bytes.size());
  (*upload)->parts[part.index] = Part{receipt, std::move(bytes)};
  return receipt;
}

Result<PartReceipt> MemoryStore::PutPart(const CallContext& context, const WritePermit&,
                                         std::string_view key, const Secret& upload_id,
                                         const UploadPart& part, ByteSource& body) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  context.Count(RequestClass::kPut);
  Result<Bytes> bytes = ReadBody(context, clock_, body);
  if (!bytes.ok()) return bytes.status();
  const Result<WriteProof> proof = CheckBody(part.digests, *bytes);
  if (!proof.ok()) return proof.status().WithOperation("write a part of").WithObject(Shown(key));
  GODWIT_RETURN_IF_ERROR(CheckCall(context, clock_.Now()));
  return KeepPart(key, upload_id, part, std::move(*bytes));
}

Result<PartReceipt> MemoryStore::CopyPart(const CallContext& context, const WritePermit&,
                                          std::string_view key, const Secret& upload_id,
                                          const UploadPart& part, const CopySource& source,
                                          std::uint64_t length) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  context.Count(RequestClass::kCopy);
  const Result<Object> object = CopyableSource(source);
  if (!object.ok()) return object.status();
  const Bytes& bytes = *object->body;
  if (part.offset > bytes.size() || length > bytes.size() - part.offset) {
    return Status(ErrorKind::kInvalidArgument, "the range lies outside of the object");
  }
  const auto range = std::span(bytes).subspan(part.offset, length);
  return KeepPart(key, upload_id, part, Bytes(range.begin(), range.end()));
}

Result<UploadedParts> MemoryStore::ListParts(const CallContext& context, std::string_view key,
                                             const Secret& upload_id) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  context.Count(RequestClass::kList);
  const std::lock_guard lock(mutex_);
  const Result<Upload*> upload = FindUpload(key, upload_id);
  if (!upload.ok()) return upload.status();
  UploadedParts kept;
  for (const auto& [index, part] : (*upload)->parts) kept.parts.push_back(part.receipt);
  if (!options_.capabilities.parts_in_any_order) {
    kept.contiguous_bytes = (*upload)->contiguous_bytes;
  }
  return kept;
}

Result<std::vector<UploadEntry>> MemoryStore::ListUploads(const CallContext& context,
                                                          std::string_view prefix) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  context.Count(RequestClass::kList);
  const std::lock_guard lock(mutex_);
  std::vector<UploadEntry> entries;
  for (const auto& [id, upload] : uploads_) {
    if (upload.key.starts_with(prefix)) {
      entries.push_back(UploadEntry{upload.key, Secret(id), upload.started});
    }
  }
  return entries;
}

Status MemoryStore::CheckParts(const Upload& upload, std::span<const PartReceipt> parts) const {
  if (parts.empty()) return BadParts("an upload needs at least one part");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0 && parts[i].index <= parts[i - 1].index) {
      return BadParts("the parts are not in ascending order");
    }
    const auto kept = upload.parts.find(parts[i].index);
    // One stream of bytes has no parts that could be told from others.
    const bool told_apart = options_.capabilities.parts_in_any_order;
    if (kept == upload.parts.end() ||
        (told_apart && kept->second.receipt.token != parts[i].token)) {
      return Status(ErrorKind::kCorrupted, "a part is missing, or was sent again since")
          .WithOperation("finish upload of");
    }
    const bool last = i + 1 == parts.size();
    if (!last && kept->second.bytes.size() < options_.capabilities.part_bytes_min) {
      return BadParts("a part is smaller than the minimum");
    }
  }
  return Status::Ok();
}

Result<PutReceipt> MemoryStore::FinishUpload(const CallContext& context, const WritePermit&,
                                             std::string_view key, const Secret& upload_id,
                                             std::span<const PartReceipt> parts,
                                             const FinishOptions& options) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  context.Count(RequestClass::kPut);
  const std::lock_guard lock(mutex_);
  const Result<Upload*> upload = FindUpload(key, upload_id);
  if (!upload.ok()) return upload.status();
  GODWIT_RETURN_IF_ERROR(CheckParts(**upload, parts));
  Bytes whole;
  for (const PartReceipt& part : parts) {
    const Bytes& bytes = (*upload)->parts[part.index].bytes;
    whole.insert(whole.end(), bytes.begin(), bytes.end());
  }
  if (whole.size() != options.size_bytes) {
    return Status(ErrorKind::kCorrupted, "the parts do not add up to the object's size")
        .WithOperation("finish upload of")
        .WithObject(Shown(key));
  }
  const Result<WriteProof> proof = CheckBody(options.digests, whole);
  if (!proof.ok()) return proof.status().WithOperation("finish upload of").WithObject(Shown(key));
  const ConditionSupport support = options_.capabilities.condition_on_finish;
  if (support == ConditionSupport::kAtFinish) {
    GODWIT_RETURN_IF_ERROR(CheckCondition(key, options.condition));
  } else if (support == ConditionSupport::kAtBegin) {
    GODWIT_RETURN_IF_ERROR(CheckCondition(key, (*upload)->options.condition));
  }
  PutReceipt receipt =
      Publish(key, (*upload)->options.attributes, std::make_shared<const Bytes>(std::move(whole)));
  receipt.proof = *proof;
  uploads_.erase(upload_id.Reveal());
  return receipt;
}

Status MemoryStore::AbortUpload(const CallContext& context, const WritePermit&,
                                std::string_view key, const Secret& upload_id) {
  if (!options_.capabilities.uploads_abortable) {
    return Status(ErrorKind::kUnsupported, "uploads of this store cannot be aborted");
  }
  GODWIT_RETURN_IF_ERROR(Admit(context));
  context.Count(RequestClass::kDelete);
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find(upload_id.Reveal());
  if (found != uploads_.end() && found->second.key == key) uploads_.erase(found);
  return Status::Ok();
}

}  // namespace godwit

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/checksum/crc.h"
#include "lib/store/call_check.h"
#include "lib/store/digest_check.h"
#include "lib/store/local/file_claim.h"
#include "lib/store/local/leftover_scan.h"
#include "lib/store/local/local_errors.h"
#include "lib/store/local/local_store.h"
#include "lib/store/local/upload_file_name.h"

namespace godwit {
namespace {

constexpr std::string_view kFinish = "finish the upload of";
constexpr std::string_view kAbort = "abort the upload of";

Status NoUpload(std::string_view shown) {
  return Status(ErrorKind::kNotFound, "no such upload").WithObject(shown);
}

Status BadParts(std::string message, std::string_view shown) {
  return Status(ErrorKind::kCorrupted, std::move(message)).WithOperation(kFinish).WithObject(shown);
}

Status WrongCrc(const Digest& computed, const Digest& expected) {
  return Status(ErrorKind::kCorrupted,
                "crc64nvme of the bytes is " + computed.hex() + ", expected " + expected.hex());
}

Status NotAnUpload(std::string_view shown) {
  return Status(ErrorKind::kInvalidArgument, "not an upload of this store")
      .WithOperation(kAbort)
      .WithObject(shown);
}

PreciseTime WallTime() {
  return PreciseTime{
      std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()), 9};
}

}  // namespace

Result<Secret> LocalStore::BeginUpload(const CallContext& context, const WritePermit&,
                                       std::string_view key, const UploadOptions& options) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  GODWIT_RETURN_IF_ERROR(CheckLocalKey(key));
  auto upload = std::make_shared<Upload>();
  upload->key = key;
  upload->path = SplitLocalKey(key);
  upload->options = options;
  upload->started = WallTime();
  if (upload->path.is_folder) {
    return Status(ErrorKind::kInvalidArgument, "a folder cannot hold bytes").WithObject(Shown(key));
  }
  const Result<Root> root = RootForWriting();
  if (!root.ok()) return root.status();
  GODWIT_RETURN_IF_ERROR(CheckNotExcluded(**root, key));
  Result<FileDescriptor> folder = OpenOrMakeFolder(**root, upload->path.folder, Shown(key));
  if (!folder.ok()) return folder.status();
  upload->folder = std::move(*folder);
  Result<OutputFile> file =
      CreateOutput(upload->folder, upload->path, Shown(key),
                   UploadFileName{NewTemporaryName(), options}.Text(), options.size_bytes);
  if (!file.ok()) return file.status();
  upload->file.emplace(std::move(*file));
  // Like an upload of a service, it outlives the one that began it.
  upload->file->Keep();
  LocalKey temporary{upload->path.folder, upload->file->name(), false};
  std::string id = temporary.Path();
  const std::lock_guard lock(uploads_mutex_);
  uploads_[id] = std::move(upload);
  return Secret(std::move(id));
}

Result<std::shared_ptr<LocalStore::Upload>> LocalStore::FindUpload(std::string_view key,
                                                                   const Secret& upload_id) {
  const std::lock_guard lock(uploads_mutex_);
  const auto found = uploads_.find(upload_id.Reveal());
  if (found == uploads_.end() || found->second->key != key) return NoUpload(Shown(key));
  return found->second;
}

Result<PartReceipt> LocalStore::PutPart(const CallContext& context, const WritePermit&,
                                        std::string_view key, const Secret& upload_id,
                                        const UploadPart& part, ByteSource& body) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  const Result<std::shared_ptr<Upload>> upload = FindUpload(key, upload_id);
  if (!upload.ok()) return upload.status();
  const std::uint64_t size = (*upload)->options.size_bytes;
  if (part.offset > size || body.size_bytes() > size - part.offset) {
    return Status(ErrorKind::kInvalidArgument, "the part reaches behind the object's end")
        .WithOperation("write a part of")
        .WithObject(Shown(key));
  }
  std::uint64_t crc = 0;
  const Digest* expected = part.digests.Find(DigestKind::kCrc64Nvme);
  // The CRC64 is computed anyway, for the whole.
  DigestCheck check(expected != nullptr ? DigestSet() : part.digests,
                    DigestCheck::Extent::kCheapest);
  GODWIT_RETURN_IF_ERROR(
      (*upload)->file->Write(context, part.offset, body, [&](std::span<const std::byte> bytes) {
        check.Update(bytes);
        crc = Crc64Nvme(crc, bytes);
      }));
  const Digest digest = Digest::Crc64Nvme(crc);
  Status checked = check.Finish();
  if (expected != nullptr && *expected != digest) checked = WrongCrc(digest, *expected);
  if (!checked.ok())
    return std::move(checked).WithOperation("write a part of").WithObject(Shown(key));
  PartReceipt receipt{part.index, body.size_bytes(), digest.hex(), {digest}};
  const std::lock_guard lock((*upload)->mutex);
  (*upload)->parts[part.index] = KeptPart{receipt, part.offset};
  return receipt;
}

Result<UploadedParts> LocalStore::ListParts(const CallContext& context, std::string_view key,
                                            const Secret& upload_id) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  Result<std::shared_ptr<Upload>> upload = FindUpload(key, upload_id);
  if (!upload.ok()) upload = Reopen(context, key, upload_id);
  if (!upload.ok()) return upload.status();
  UploadedParts kept;
  const std::lock_guard lock((*upload)->mutex);
  for (const auto& [index, part] : (*upload)->parts) kept.parts.push_back(part.receipt);
  return kept;
}

Result<std::vector<UploadEntry>> LocalStore::ListUploads(const CallContext& context,
                                                         std::string_view prefix) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  const Result<Root> root = root_.Acquire();
  if (!root.ok()) return root.status();
  std::vector<UploadEntry> entries;
  std::set<std::string> known;
  {
    const std::lock_guard lock(uploads_mutex_);
    for (const auto& [id, upload] : uploads_) {
      known.insert(id);
      if (!upload->key.starts_with(prefix)) continue;
      entries.push_back(UploadEntry{upload->key, Secret(id), upload->started});
    }
  }
  // What earlier runs left behind; the key that it was for is not known any more.
  Status scanned =
      ScanLeftovers(context, (*root)->get(), jail_, std::string(prefix), Shown(""),
                    [&](const std::string& path, const struct stat& info) {
                      if (SplitLocalKey(path).name.starts_with(temporary_prefix_)) return;
                      if (known.contains(path)) return;
                      entries.push_back(UploadEntry{path, Secret(path), ModifiedOf(info)});
                    });
  if (!scanned.ok()) return scanned;
  return entries;
}

// The CRC64NVME of the whole, if the parts are those that were kept and cover it without a gap.
Result<Digest> LocalStore::CheckParts(Upload& upload, std::span<const PartReceipt> parts,
                                      std::uint64_t size_bytes) const {
  const std::lock_guard lock(upload.mutex);
  if (upload.damaged) {
    return Status(ErrorKind::kLocalIo, "the upload was damaged by an earlier failure")
        .WithOperation(kFinish)
        .WithObject(Shown(upload.key));
  }
  std::uint64_t crc = 0;
  std::uint64_t offset = 0;
  for (const PartReceipt& part : parts) {
    const auto kept = upload.parts.find(part.index);
    if (kept == upload.parts.end() || kept->second.receipt.token != part.token) {
      return BadParts("a part is missing, or was sent again since", Shown(upload.key));
    }
    if (kept->second.offset != offset) {
      return BadParts("the parts are not in order, or leave a gap", Shown(upload.key));
    }
    crc = CombineCrc64Nvme(crc, kept->second.receipt.digests.all().front().crc64nvme(),
                           kept->second.receipt.size_bytes);
    offset += kept->second.receipt.size_bytes;
  }
  if (offset == size_bytes) return Digest::Crc64Nvme(crc);
  return BadParts("the parts do not add up to the object's size", Shown(upload.key));
}

Result<PutReceipt> LocalStore::FinishUpload(const CallContext& context, const WritePermit&,
                                            std::string_view key, const Secret& upload_id,
                                            std::span<const PartReceipt> parts,
                                            const FinishOptions& options) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  const Result<std::shared_ptr<Upload>> found = FindUpload(key, upload_id);
  if (!found.ok()) return found.status();
  Upload& upload = **found;
  const Result<Digest> whole = CheckParts(upload, parts, options.size_bytes);
  if (!whole.ok()) return whole.status();
  const Digest* expected = options.digests.Find(DigestKind::kCrc64Nvme);
  if (expected != nullptr && *expected != *whole) {
    return WrongCrc(*whole, *expected).WithOperation(kFinish).WithObject(Shown(key));
  }
  const Digest* md5 = options.digests.Find(DigestKind::kMd5);
  if (md5 != nullptr) {
    GODWIT_RETURN_IF_ERROR(CheckMd5(context, upload, options.size_bytes, *md5));
  }
  GODWIT_RETURN_IF_ERROR(upload.file->SetSize(options.size_bytes));
  // One that was taken up does not know what it began with.
  const ObjectAttributes& attributes =
      options.attributes.mtime ? options.attributes : upload.options.attributes;
  Result<PutReceipt> receipt =
      Publish(upload.folder, upload.path, Shown(key), *upload.file, attributes, options.condition);
  if (!receipt.ok()) {
    const std::lock_guard lock(upload.mutex);
    upload.damaged |= receipt.status().Is(ErrorKind::kLocalIo);
    return receipt;
  }
  const std::lock_guard lock(uploads_mutex_);
  uploads_.erase(upload_id.Reveal());
  receipt->digests.Set(*whole);
  if (expected != nullptr) receipt->proof = WriteProof::kCrc64Nvme;
  if (md5 != nullptr) receipt->proof = WriteProof::kMd5;
  return receipt;
}

Status LocalStore::AbortUpload(const CallContext& context, const WritePermit&, std::string_view key,
                               const Secret& upload_id) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  // Also one of an earlier run, which only its file still tells of.
  const std::optional<LocalKey> path_of_id = UploadPath(upload_id);
  if (!path_of_id) return NotAnUpload(Shown(key));
  const LocalKey& path = *path_of_id;
  bool is_ours = false;
  {
    const std::lock_guard lock(uploads_mutex_);
    is_ours = uploads_.erase(upload_id.Reveal()) > 0;
  }
  const Result<Root> root = root_.Acquire();
  if (!root.ok()) return root.status();
  const Opened folder = jail_.Open((*root)->get(), path.folder, O_PATH | O_DIRECTORY);
  if (folder.error == ENOENT) return Status::Ok();
  if (!folder.ok()) return ErrnoStatus(folder.error, kAbort, Shown(key));
  if (!is_ours && IsFileClaimed(folder.fd.get(), path.name)) {
    return Status(ErrorKind::kConflict, "another process is writing it")
        .WithOperation(kAbort)
        .WithObject(Shown(key));
  }
  const bool gone = ::unlinkat(folder.fd.get(), path.name.c_str(), 0) == 0 || errno == ENOENT;
  return gone ? Status::Ok() : ErrnoStatus(errno, kAbort, Shown(key));
}

}  // namespace godwit

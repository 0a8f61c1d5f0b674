// Taking up an upload that an earlier process began. Its file may have lost what was not durable
// when that process, or the machine, died: only what is read from it now counts.

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/checksum/crc.h"
#include "lib/crypto/md5.h"
#include "lib/store/call_check.h"
#include "lib/store/local/local_errors.h"
#include "lib/store/local/local_store.h"
#include "lib/store/local/upload_file_name.h"

namespace godwit {
namespace {

constexpr std::string_view kResume = "go on with the upload of";
constexpr std::string_view kVerify = "verify the upload of";
constexpr std::size_t kReadBytes = 1 << 20;

Status Forgotten(std::string_view shown) {
  return Status(ErrorKind::kNotFound, "no such upload").WithOperation(kResume).WithObject(shown);
}

// The CRC64NVME of up to `length` bytes, and how many there were.
struct RangeSum {
  std::uint64_t bytes = 0;
  std::uint64_t crc64nvme = 0;
};

Result<RangeSum> SumOfRange(const CallContext& context, int fd, std::uint64_t offset,
                            std::uint64_t length, std::span<std::byte> buffer,
                            std::string_view shown) {
  RangeSum sum;
  while (sum.bytes < length) {
    GODWIT_RETURN_IF_ERROR(CheckCall(context));
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), length - sum.bytes);
    const ssize_t count =
        ::pread(fd, buffer.data(), wanted, static_cast<off_t>(offset + sum.bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, kResume, shown);
    if (count == 0) break;
    sum.crc64nvme = Crc64Nvme(sum.crc64nvme, buffer.first(static_cast<std::size_t>(count)));
    sum.bytes += static_cast<std::uint64_t>(count);
  }
  return sum;
}

}  // namespace

// Parts come in any order, and MD5 sums cannot be combined.
Status LocalStore::CheckMd5(const CallContext& context, const Upload& upload,
                            std::uint64_t size_bytes, const Digest& expected) const {
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kReadBytes);
  Md5Hasher hasher;
  for (std::uint64_t done = 0; done < size_bytes;) {
    GODWIT_RETURN_IF_ERROR(CheckCall(context));
    const std::size_t wanted = std::min<std::uint64_t>(kReadBytes, size_bytes - done);
    const ssize_t count =
        ::pread(upload.file->fd(), buffer.get(), wanted, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, kVerify, Shown(upload.key));
    if (count == 0) break;
    hasher.Update({buffer.get(), static_cast<std::size_t>(count)});
    done += static_cast<std::uint64_t>(count);
  }
  const Digest computed(DigestKind::kMd5, hasher.Finish());
  if (computed == expected) return Status::Ok();
  return Status(ErrorKind::kCorrupted,
                "md5 of the bytes is " + computed.hex() + ", expected " + expected.hex())
      .WithOperation(kVerify)
      .WithObject(Shown(upload.key));
}

Result<std::shared_ptr<LocalStore::Upload>> LocalStore::Reopen(const CallContext& context,
                                                               std::string_view key,
                                                               const Secret& upload_id) {
  const std::string shown = Shown(key);
  const std::optional<LocalKey> path = UploadPath(upload_id);
  const auto name = path ? UploadFileName::Parse(path->name) : std::nullopt;
  if (!name || !CheckLocalKey(key).ok() || SplitLocalKey(key).folder != path->folder) {
    return Forgotten(shown);
  }
  const Result<Root> root = root_.Acquire();
  if (!root.ok()) return root.status();
  auto upload = std::make_shared<Upload>();
  upload->key = key;
  upload->path = SplitLocalKey(key);
  upload->options.size_bytes = name->size_bytes;
  upload->options.part_size_bytes = name->part_size_bytes;
  Opened folder = jail_.Open((*root)->get(), path->folder, O_RDONLY | O_DIRECTORY);
  if (folder.error == ENOENT || folder.error == ENOTDIR) return Forgotten(shown);
  if (!folder.ok()) return ErrnoStatus(folder.error, kResume, shown);
  upload->folder = std::move(folder.fd);
  Result<OutputFile> file = OutputFile::Reopen(upload->folder.get(), path->name, shown);
  if (!file.ok()) return Forgotten(shown);
  const Result<struct stat> info = file->Stat();
  if (!info.ok() || !S_ISREG(info->st_mode)) return Forgotten(shown);
  upload->started = ModifiedOf(*info);
  upload->file.emplace(std::move(*file));
  GODWIT_RETURN_IF_ERROR(ReadParts(context, *upload));
  const std::lock_guard lock(uploads_mutex_);
  return uploads_.try_emplace(upload_id.Reveal(), std::move(upload)).first->second;
}

Status LocalStore::ReadParts(const CallContext& context, Upload& upload) {
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kReadBytes);
  const std::uint64_t size = upload.options.size_bytes;
  const std::uint64_t part_size = upload.options.part_size_bytes;
  std::uint32_t index = 0;
  for (std::uint64_t offset = 0; offset < size; offset += part_size, ++index) {
    const std::uint64_t length = std::min(part_size, size - offset);
    const Result<RangeSum> sum = SumOfRange(context, upload.file->fd(), offset, length,
                                            {buffer.get(), kReadBytes}, Shown(upload.key));
    if (!sum.ok()) return sum.status();
    if (sum->bytes != length) break;
    const Digest digest = Digest::Crc64Nvme(sum->crc64nvme);
    upload.parts[index] = KeptPart{{index, length, digest.hex(), {digest}}, offset};
  }
  return Status::Ok();
}

}  // namespace godwit

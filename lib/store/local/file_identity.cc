#include "lib/store/local/file_identity.h"

#include <cstring>

#include <fmt/format.h>
#include <sys/statfs.h>

namespace godwit {
namespace {

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

EntryType EntryTypeOf(const struct stat& info) {
  if (S_ISREG(info.st_mode)) return EntryType::kObject;
  if (S_ISDIR(info.st_mode)) return EntryType::kFolder;
  if (S_ISLNK(info.st_mode)) return EntryType::kSymlink;
  return EntryType::kSpecial;
}

PreciseTime ModifiedOf(const struct stat& info) {
  return PreciseTime{Timestamp(std::chrono::nanoseconds(Nanoseconds(info.st_mtim))), 9};
}

bool SameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         Nanoseconds(a.st_mtim) == Nanoseconds(b.st_mtim) &&
         Nanoseconds(a.st_ctim) == Nanoseconds(b.st_ctim);
}

std::uint64_t FileIdentity::FileSystemId(int fd, const struct stat& info) const {
  const std::lock_guard lock(mutex_);
  const auto found = ids_.find(info.st_dev);
  if (found != ids_.end()) return found->second;
  std::uint64_t id = 0;
  struct stat own {};
  struct statfs system {};
  // `fd` may be a folder on another file system than a file beneath it (a mount point).
  if (::fstat(fd, &own) == 0 && own.st_dev == info.st_dev && ::fstatfs(fd, &system) == 0) {
    std::memcpy(&id, &system.f_fsid, sizeof(id));
  }
  if (id == 0) id = info.st_dev;
  ids_.emplace(info.st_dev, id);
  return id;
}

Version FileIdentity::VersionOf(int fd, const struct stat& info) const {
  return fmt::format("{:x}:{}:{}:{}:{}", FileSystemId(fd, info), info.st_ino, info.st_size,
                     Nanoseconds(info.st_mtim), Nanoseconds(info.st_ctim));
}

ObjectEntry FileIdentity::EntryOf(int fd, std::string_view key, const struct stat& info) const {
  ObjectEntry entry;
  entry.key = key;
  entry.type = EntryTypeOf(info);
  entry.modified = ModifiedOf(info);
  if (entry.type == EntryType::kObject) {
    entry.size_bytes = static_cast<std::uint64_t>(info.st_size);
    entry.version = VersionOf(fd, info);
  }
  return entry;
}

}  // namespace godwit

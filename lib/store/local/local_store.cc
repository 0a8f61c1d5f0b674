#include "lib/store/local/local_store.h"

#include <cerrno>
#include <functional>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/random.h"
#include "lib/store/call_check.h"
#include "lib/store/local/local_errors.h"

namespace godwit {
namespace {

Capabilities LocalCapabilities() {
  Capabilities local;
  local.service = "local";
  local.key_rules = KeyRules::kLocal;
  local.key_bytes_max = kLocalKeyBytesMax;
  local.page_keys_max = 1000;
  local.put_bytes_max = std::numeric_limits<std::int64_t>::max();
  local.part_bytes_min = 1;
  local.part_bytes_max = std::numeric_limits<std::int64_t>::max();
  local.parts_max = 1'000'000;
  local.object_bytes_max = std::numeric_limits<std::int64_t>::max();
  local.is_local = true;
  return local;
}

Status NoCopies() {
  return Status(ErrorKind::kUnsupported, "local files are copied through their bytes only");
}

// A path ends at its last component; a root of slashes only is "/".
std::string WithoutSlashAtEnd(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

LocalStore::LocalStore(LocalOptions options)
    : options_(std::move(options)),
      capabilities_(LocalCapabilities()),
      jail_(options_.use_openat2),
      temporary_prefix_(fmt::format(".godwit-{:016x}-", RandomSeed())),
      excluded_(options_.excluded_folder),
      root_(options_.root),
      cursors_(options_.cursors_max) {}

Result<std::unique_ptr<LocalStore>> LocalStore::Open(LocalOptions options) {
  options.root = WithoutSlashAtEnd(std::move(options.root));
  std::unique_ptr<LocalStore> store(new LocalStore(std::move(options)));
  const Result<Root> root = store->root_.Acquire();
  if (!root.ok() && !root.status().Is(ErrorKind::kContainerNotFound)) return root.status();
  return store;
}

std::string LocalStore::Shown(std::string_view key) const {
  return fmt::format("{}{}{}", options_.root, options_.root.ends_with('/') ? "" : "/", key);
}

Result<LocalStore::Root> LocalStore::RootForWriting() {
  return options_.create_root ? root_.AcquireOrMake() : root_.Acquire();
}

Status LocalStore::CheckNotExcluded(const FileDescriptor& root, std::string_view key) const {
  if (!excluded_.Holds(root.get(), key, options_.follow_symlinks)) return Status::Ok();
  return Status(ErrorKind::kInvalidArgument, "it lies in the folder of godwit's own state")
      .WithOperation("use the key")
      .WithObject(Shown(key));
}

std::string LocalStore::NewTemporaryName() {
  return temporary_prefix_ + std::to_string(++temporary_sequence_);
}

std::mutex& LocalStore::FolderLock(const std::string& folder) {
  return folder_locks_[std::hash<std::string>()(folder) % folder_locks_.size()];
}

Result<Location> LocalStore::Locate(const CallContext& context) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  return Location{};
}

Result<std::vector<Status>> LocalStore::Delete(const CallContext& context, const WritePermit&,
                                               std::span<const DeleteRequest> requests) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  if (requests.size() > capabilities_.delete_keys_max) {
    return Status(ErrorKind::kInvalidArgument, "too many keys in one delete");
  }
  const Result<Root> root = root_.Acquire();
  if (!root.ok()) return root.status();
  std::vector<Status> statuses;
  for (const DeleteRequest& request : requests) {
    // The keys that come after a stop are not done, and each says so.
    Status go_on = CheckCall(context);
    statuses.push_back(go_on.ok() ? DeleteOne(**root, request) : std::move(go_on));
  }
  return statuses;
}

Status LocalStore::DeleteOne(const FileDescriptor& root, const DeleteRequest& request) {
  constexpr std::string_view kDelete = "delete";
  GODWIT_RETURN_IF_ERROR(CheckLocalKey(request.key));
  GODWIT_RETURN_IF_ERROR(CheckNotExcluded(root, request.key));
  const LocalKey path = SplitLocalKey(request.key);
  const Opened folder = jail_.Open(root.get(), path.folder, O_PATH | O_DIRECTORY);
  if (folder.error == ENOENT || folder.error == ENOTDIR) return Status::Ok();
  if (!folder.ok()) return ErrnoStatus(folder.error, kDelete, Shown(request.key));

  const std::lock_guard lock(FolderLock(path.folder));
  struct stat info {};
  if (::fstatat(folder.fd.get(), path.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? Status::Ok() : ErrnoStatus(errno, kDelete, Shown(request.key));
  }
  const EntryType type = EntryTypeOf(info);
  if (type == EntryType::kSymlink)
    return BlockedStatus("a symbolic link", kDelete, Shown(request.key));
  if (type == EntryType::kSpecial)
    return BlockedStatus("a special file", kDelete, Shown(request.key));
  // A file and a folder of one name are different keys; the other one is simply missing.
  if (path.is_folder != (type == EntryType::kFolder)) return Status::Ok();
  if (!path.is_folder && !request.if_version.empty() &&
      request.if_version != identity_.VersionOf(folder.fd.get(), info)) {
    return ChangedStatus(kDelete, Shown(request.key));
  }
  const int flags = path.is_folder ? AT_REMOVEDIR : 0;
  if (::unlinkat(folder.fd.get(), path.name.c_str(), flags) == 0 || errno == ENOENT) {
    return Status::Ok();
  }
  return ErrnoStatus(errno == EEXIST ? ENOTEMPTY : errno, kDelete, Shown(request.key));
}

Result<PutReceipt> LocalStore::Copy(const CallContext&, const WritePermit&, const CopySource&,
                                    std::string_view, const PutOptions&) {
  return NoCopies();
}

Result<PartReceipt> LocalStore::CopyPart(const CallContext&, const WritePermit&, std::string_view,
                                         const Secret&, const UploadPart&, const CopySource&,
                                         std::uint64_t) {
  return NoCopies();
}

Result<PutReceipt> LocalStore::SetMetadata(const CallContext&, const WritePermit&, std::string_view,
                                           const Version&, const ObjectAttributes&) {
  return Status(ErrorKind::kUnsupported, "local files keep no metadata");
}

Status LocalStore::CreateContainer(const CallContext& context, const WritePermit&,
                                   std::string_view) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  return root_.AcquireOrMake().status();
}

}  // namespace godwit

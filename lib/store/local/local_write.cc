#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/store/call_check.h"
#include "lib/store/digest_check.h"
#include "lib/store/local/local_errors.h"
#include "lib/store/local/local_store.h"

namespace godwit {
namespace {

constexpr std::string_view kWrite = "write";
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY;
constexpr std::size_t kWrittenFoldersMax = 4096;

Status Moved(std::string message, std::string_view shown) {
  return Status(ErrorKind::kPreconditionFailed, std::move(message))
      .WithOperation(kWrite)
      .WithObject(shown);
}

// After the rename the file is in its place, whatever fails then.
Status InPlaceBut(int error, std::string_view shown) {
  return ErrnoStatus(error, "make durable", shown).WithMaybeApplied(true);
}

}  // namespace

Result<FileDescriptor> LocalStore::OpenOrMakeFolder(const FileDescriptor& root,
                                                    const std::string& folder,
                                                    std::string_view shown) {
  Opened opened = jail_.Open(root.get(), folder, kFolderFlags);
  if (opened.ok()) return std::move(opened.fd);
  if (opened.error == ENOENT) return MakeFolders(root, folder, shown);
  return ErrnoStatus(opened.error, kWrite, shown);
}

Result<FileDescriptor> LocalStore::MakeFolders(const FileDescriptor& root,
                                               const std::string& folder, std::string_view shown) {
  Opened parent = jail_.Open(root.get(), "", kFolderFlags);
  if (!parent.ok()) return ErrnoStatus(parent.error, kWrite, shown);
  FileDescriptor at = std::move(parent.fd);
  for (std::size_t begin = 0; begin < folder.size();) {
    const std::size_t end = std::min(folder.find('/', begin), folder.size());
    Result<FileDescriptor> next =
        MakeFolder(at.get(), folder.substr(begin, end - begin), folder.substr(0, end), shown);
    if (!next.ok()) return next.status();
    at = std::move(*next);
    begin = end + 1;
  }
  return at;
}

Result<FileDescriptor> LocalStore::MakeFolder(int parent, const std::string& name,
                                              const std::string& path, std::string_view shown) {
  Opened opened = jail_.Open(parent, name, kFolderFlags);
  if (opened.ok()) return std::move(opened.fd);
  if (opened.error != ENOENT) return ErrnoStatus(opened.error, kWrite, shown);
  if (options_.sync) folder_sync_.Announce(path);
  const int made = ::mkdirat(parent, name.c_str(), 0777) == 0 ? 0 : errno;
  if (options_.sync) folder_sync_.Settle(path, made == 0 ? folder_sync_.Sync(parent) : 0);
  if (made != 0 && made != EEXIST) return ErrnoStatus(made, "make a folder for", shown);
  opened = jail_.Open(parent, name, kFolderFlags);
  if (!opened.ok()) return ErrnoStatus(opened.error, kWrite, shown);
  return std::move(opened.fd);
}

Result<OutputFile> LocalStore::CreateOutput(const FileDescriptor& folder, const LocalKey& path,
                                            std::string_view shown, std::string name,
                                            std::uint64_t size_bytes) {
  {
    const std::lock_guard lock(uploads_mutex_);
    if (written_folders_.size() < kWrittenFoldersMax) written_folders_.insert(path.folder);
  }
  const std::lock_guard lock(FolderLock(path.folder));
  return OutputFile::Create(folder.get(), std::move(name), size_bytes, std::string(shown));
}

std::set<std::string> LocalStore::WrittenFolders() {
  const std::lock_guard lock(uploads_mutex_);
  return written_folders_;
}

Result<PutReceipt> LocalStore::Put(const CallContext& context, const WritePermit&,
                                   std::string_view key, const PutOptions& options,
                                   ByteSource& body) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  GODWIT_RETURN_IF_ERROR(CheckLocalKey(key));
  const LocalKey path = SplitLocalKey(key);
  if (path.is_folder) return PutFolder(context, key, options, body);
  if (body.size_bytes() > capabilities_.put_bytes_max) {
    return Status(ErrorKind::kInvalidArgument, "the body is too large for any file")
        .WithOperation(kWrite)
        .WithObject(Shown(key));
  }
  const std::string shown = Shown(key);
  const Result<Root> root = RootForWriting();
  if (!root.ok()) return root.status();
  GODWIT_RETURN_IF_ERROR(CheckNotExcluded(**root, key));
  const Result<FileDescriptor> folder = OpenOrMakeFolder(**root, path.folder, shown);
  if (!folder.ok()) return folder.status();
  Result<OutputFile> file =
      CreateOutput(*folder, path, shown, NewTemporaryName(), body.size_bytes());
  if (!file.ok()) return file.status();
  DigestCheck check(options.digests, DigestCheck::Extent::kCheapest);
  GODWIT_RETURN_IF_ERROR(file->Write(
      context, 0, body, [&check](std::span<const std::byte> bytes) { check.Update(bytes); }));
  if (Status checked = check.Finish(); !checked.ok()) {
    return std::move(checked).WithOperation(kWrite).WithObject(Shown(key));
  }
  GODWIT_RETURN_IF_ERROR(CheckCall(context));
  Result<PutReceipt> receipt =
      Publish(*folder, path, shown, *file, options.attributes, options.condition);
  if (!receipt.ok()) return receipt;
  receipt->digests = check.confirmed();
  receipt->proof = check.proof();
  return receipt;
}

Result<PutReceipt> LocalStore::PutFolder(const CallContext& context, std::string_view key,
                                         const PutOptions& options, const ByteSource& body) {
  if (body.size_bytes() != 0) {
    return Status(ErrorKind::kInvalidArgument, "a folder cannot hold bytes")
        .WithOperation(kWrite)
        .WithObject(Shown(key));
  }
  const Result<Root> root = RootForWriting();
  if (!root.ok()) return root.status();
  GODWIT_RETURN_IF_ERROR(CheckNotExcluded(**root, key));
  const std::string path = SplitLocalKey(key).Path();
  if (options.condition.kind == WriteCondition::Kind::kCreateOnly) {
    const Opened existing = jail_.Open((*root)->get(), path, O_PATH | O_DIRECTORY);
    if (existing.ok()) return Moved("the folder is there already", Shown(key));
  }
  const Result<FileDescriptor> folder = OpenOrMakeFolder(**root, path, Shown(key));
  if (!folder.ok()) return folder.status();
  const Result<ObjectMeta> meta = Head(context, key);
  if (!meta.ok()) return meta.status();
  return PutReceipt{meta->entry.version, meta->entry.modified, {}, WriteProof::kNone};
}

Result<PutReceipt> LocalStore::Publish(const FileDescriptor& folder, const LocalKey& path,
                                       std::string_view shown, OutputFile& file,
                                       const ObjectAttributes& attributes,
                                       const WriteCondition& condition) {
  if (attributes.mtime) GODWIT_RETURN_IF_ERROR(file.SetModified(*attributes.mtime));
  if (options_.sync) GODWIT_RETURN_IF_ERROR(file.Sync());
  GODWIT_RETURN_IF_ERROR(Rename(folder, path, shown, file, condition));
  if (options_.sync) {
    if (const int error = folder_sync_.Sync(folder.get()); error != 0)
      return InPlaceBut(error, shown);
    if (const int error = folder_sync_.Await(path.folder); error != 0) {
      return InPlaceBut(error, shown);
    }
  }
  const Result<struct stat> info = file.Stat();
  if (!info.ok()) return info.status();
  PutReceipt receipt;
  receipt.version = identity_.VersionOf(file.fd(), *info);
  receipt.modified = ModifiedOf(*info);
  return receipt;
}

Status LocalStore::Rename(const FileDescriptor& folder, const LocalKey& path,
                          std::string_view shown, OutputFile& file,
                          const WriteCondition& condition) {
  const bool create_only = condition.kind == WriteCondition::Kind::kCreateOnly;
  const std::lock_guard lock(FolderLock(path.folder));
  GODWIT_RETURN_IF_ERROR(CheckTarget(folder, path, shown, condition));
  const unsigned flags = create_only ? RENAME_NOREPLACE : 0;
  int error =
      ::renameat2(folder.get(), file.name().c_str(), folder.get(), path.name.c_str(), flags) == 0
          ? 0
          : errno;
  if (error == EINVAL && create_only) {
    // File systems that cannot do it in one step can with two names.
    error = ::linkat(folder.get(), file.name().c_str(), folder.get(), path.name.c_str(), 0) == 0
                ? 0
                : errno;
    if (error == 0) file.Remove();
  }
  if (error == EEXIST) return Moved("something is there already", shown);
  if (error != 0) return ErrnoStatus(error, kWrite, shown);
  file.Keep();
  return Status::Ok();
}

// Whether the file that is about to be replaced may be.
Status LocalStore::CheckTarget(const FileDescriptor& folder, const LocalKey& path,
                               std::string_view shown, const WriteCondition& condition) const {
  struct stat info {};
  const bool exists = ::fstatat(folder.get(), path.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (!exists && errno != ENOENT) return ErrnoStatus(errno, kWrite, shown);
  if (!exists) {
    if (condition.kind != WriteCondition::Kind::kIfVersion) return Status::Ok();
    return Moved("the file at the target is gone", shown);
  }
  switch (EntryTypeOf(info)) {
    case EntryType::kObject:
      break;
    case EntryType::kFolder:
      return BlockedStatus("a folder", kWrite, shown);
    case EntryType::kSymlink:
      return BlockedStatus("a symbolic link", kWrite, shown);
    default:
      return BlockedStatus("a special file", kWrite, shown);
  }
  if (condition.kind == WriteCondition::Kind::kCreateOnly) {
    return Moved("something is there already", shown);
  }
  if (condition.kind == WriteCondition::Kind::kIfVersion &&
      condition.version != identity_.VersionOf(folder.get(), info)) {
    return Moved("the file at the target has changed", shown);
  }
  return Status::Ok();
}

}  // namespace godwit

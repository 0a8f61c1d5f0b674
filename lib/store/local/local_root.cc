#include "lib/store/local/local_root.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "lib/store/local/local_errors.h"

namespace godwit {
namespace {

// Makes `path` and the folders above it. Returns 0 or an errno.
int MakeFolderAndParents(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    if (::mkdir(path.substr(0, slash).c_str(), 0777) == 0 || errno == EEXIST) continue;
    // A folder that exists may not be writable, or lie on a read-only file system.
    struct stat info {};
    const int error = errno;
    if (::stat(path.substr(0, slash).c_str(), &info) != 0) return error;
  }
  return ::mkdir(path.c_str(), 0777) == 0 || errno == EEXIST ? 0 : errno;
}

}  // namespace

bool LocalRoot::IsDeleted(const FileDescriptor& folder) {
  struct stat info {};
  return ::fstat(folder.get(), &info) == 0 && info.st_nlink == 0;
}

Result<std::shared_ptr<const FileDescriptor>> LocalRoot::Acquire() {
  const std::lock_guard lock(mutex_);
  if (folder_ && !IsDeleted(*folder_)) return folder_;
  folder_ = nullptr;
  FileDescriptor fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) {
    return Status(ErrorKind::kContainerNotFound, "no such folder")
        .WithOperation("open the folder")
        .WithObject(path_);
  }
  if (!fd.valid() && errno == ENOTDIR) {
    return Status(ErrorKind::kInvalidArgument, "it is not a folder")
        .WithOperation("open the folder")
        .WithObject(path_);
  }
  if (!fd.valid()) return ErrnoStatus(errno, "open the folder", path_);
  folder_ = std::make_shared<const FileDescriptor>(std::move(fd));
  return folder_;
}

Result<std::shared_ptr<const FileDescriptor>> LocalRoot::AcquireOrMake() {
  Result<std::shared_ptr<const FileDescriptor>> folder = Acquire();
  if (folder.ok() || !folder.status().Is(ErrorKind::kContainerNotFound)) return folder;
  const int error = MakeFolderAndParents(path_);
  if (error != 0) return ErrnoStatus(error, "make the folder", path_);
  return Acquire();
}

}  // namespace godwit

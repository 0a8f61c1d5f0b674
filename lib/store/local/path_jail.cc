#include "lib/store/local/path_jail.h"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace godwit {
namespace {

constexpr int kAlways = O_CLOEXEC | O_NOCTTY;

Opened FromReturn(long fd) {
  if (fd < 0) return Opened{FileDescriptor(), errno};
  return Opened{FileDescriptor(static_cast<int>(fd)), 0};
}

Opened OpenAt2(int root, const std::string& path, int flags, unsigned mode) {
  open_how how{};
  // openat2 refuses O_PATH beside flags that mean nothing to it.
  const int always = (flags & O_PATH) != 0 ? O_CLOEXEC : kAlways;
  how.flags = static_cast<std::uint64_t>(flags | always | O_NOFOLLOW);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return FromReturn(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)));
}

// O_DIRECTORY with O_NOFOLLOW says ENOTDIR of a symbolic link at the end of the path.
int LinkError(int folder, const std::string& path, int error) {
  struct stat info {};
  if (error != ENOTDIR) return error;
  if (::fstatat(folder, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return error;
  return S_ISLNK(info.st_mode) ? ELOOP : error;
}

Opened OpenByComponents(int root, std::string_view path, int flags, unsigned mode) {
  FileDescriptor held;
  int folder = root;
  for (std::size_t slash; (slash = path.find('/')) != std::string_view::npos;) {
    const std::string component(path.substr(0, slash));
    Opened next = FromReturn(
        ::openat(folder, component.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next.ok()) return Opened{FileDescriptor(), LinkError(folder, component, next.error)};
    held = std::move(next.fd);
    folder = held.get();
    path.remove_prefix(slash + 1);
  }
  const std::string last(path);
  Opened opened = FromReturn(::openat(folder, last.c_str(), flags | kAlways | O_NOFOLLOW, mode));
  if (!opened.ok()) opened.error = LinkError(folder, last, opened.error);
  return opened;
}

bool LacksOpenat2(int error) { return error == ENOSYS || error == EPERM; }

}  // namespace

Opened PathJail::Open(int root, std::string_view path, int flags, unsigned mode) const {
  if (path.empty()) path = ".";
  if (use_openat2_) {
    // EAGAIN: the kernel saw a rename on the way and could not tell; it asks to try again.
    const std::string text(path);
    for (int attempt = 0; attempt < 16; ++attempt) {
      Opened opened = OpenAt2(root, text, flags, mode);
      if (LacksOpenat2(opened.error)) break;
      if (opened.error == EAGAIN || opened.error == EINTR) continue;
      if (!opened.ok()) opened.error = LinkError(root, text, opened.error);
      return opened;
    }
  }
  return OpenByComponents(root, path, flags, mode);
}

Opened OpenFollowing(int root, std::string_view path, int flags) {
  const std::string text(path.empty() ? "." : path);
  return FromReturn(::openat(root, text.c_str(), flags | kAlways));
}

}  // namespace godwit

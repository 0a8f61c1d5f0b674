#pragma once

#include <string_view>

#include "lib/store/file_descriptor.h"

namespace godwit {

// A descriptor, or the errno that says why there is none.
struct Opened {
  FileDescriptor fd;
  int error = 0;

  bool ok() const { return error == 0; }
};

// Opens paths beneath a folder's descriptor so that nothing outside of it can be reached: no
// symbolic link is followed, whether it is there before or planted meanwhile (I20). Uses openat2
// where the kernel has it, else goes component by component. Safe from any thread.
class PathJail {
 public:
  // `use_openat2` false behaves as on a kernel without it.
  explicit PathJail(bool use_openat2) : use_openat2_(use_openat2) {}

  // Opens `path`, which CheckLocalKey accepts, or "" for `root` itself. `flags` as for open(2);
  // O_CLOEXEC, O_NOFOLLOW and O_NOCTTY are added. A symbolic link as the last component can be
  // opened with O_PATH only. Errors are those of openat2: ELOOP for a symbolic link on the way.
  Opened Open(int root, std::string_view path, int flags, unsigned mode = 0) const;

 private:
  const bool use_openat2_;
};

// As PathJail::Open, but follows symbolic links, also out of the root. For reading only.
Opened OpenFollowing(int root, std::string_view path, int flags);

}  // namespace godwit

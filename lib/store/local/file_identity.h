#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "godwit/object_meta.h"

namespace godwit {

// Turns what the file system says of a file into a version token and a listing entry.
//
// The token is "dev:ino:size:mtime_ns:ctime_ns"; `dev` is the file system's own id where it has
// one, which stays the same when the machine boots again, else the device number. Safe from any
// thread.
class FileIdentity {
 public:
  // The version of the file behind `info`, which was read through, or beneath, `fd`.
  Version VersionOf(int fd, const struct stat& info) const;

  // The entry of `key`; its type is that of `info`.
  ObjectEntry EntryOf(int fd, std::string_view key, const struct stat& info) const;

 private:
  std::uint64_t FileSystemId(int fd, const struct stat& info) const;

  mutable std::mutex mutex_;  // Guards ids_.
  mutable std::map<dev_t, std::uint64_t> ids_;
};

EntryType EntryTypeOf(const struct stat& info);
PreciseTime ModifiedOf(const struct stat& info);

// True if the contents behind both are the same, judged by size, inode, mtime and ctime (I13).
bool SameFile(const struct stat& a, const struct stat& b);

}  // namespace godwit

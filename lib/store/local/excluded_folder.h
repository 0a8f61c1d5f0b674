#pragma once

#include <string>
#include <string_view>

#include <sys/stat.h>

namespace godwit {

// A folder that is never data, wherever in a tree it shows up: it is known by device and inode, so
// that links, mounts and spellings do not matter. It may be made, or go, at any time. Safe from
// any thread.
class ExcludedFolder {
 public:
  // An empty path is no folder.
  explicit ExcludedFolder(std::string path) : path_(std::move(path)) {}

  bool Is(const struct stat& info) const;
  // Whether the path beneath the open folder `root`, as far as it exists, is the folder or leads
  // through it. `follow`: also by symbolic links.
  bool Holds(int root, std::string_view path, bool follow) const;

 private:
  const std::string path_;
};

}  // namespace godwit

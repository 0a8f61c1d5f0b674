#include "lib/store/local/excluded_folder.h"

#include <algorithm>

#include <fcntl.h>

namespace godwit {
namespace {

bool Same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

bool ExcludedFolder::Is(const struct stat& info) const {
  struct stat folder {};
  if (path_.empty() || !S_ISDIR(info.st_mode)) return false;
  return ::stat(path_.c_str(), &folder) == 0 && Same(folder, info);
}

bool ExcludedFolder::Holds(int root, std::string_view path, bool follow) const {
  struct stat folder {};
  if (path_.empty() || ::stat(path_.c_str(), &folder) != 0) return false;
  const int flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
  for (std::size_t end = 0; end < path.size(); ++end) {
    end = std::min(path.find('/', end), path.size());
    struct stat info {};
    const std::string above(path.substr(0, end));
    if (::fstatat(root, above.c_str(), &info, flags) != 0) return false;
    if (Same(folder, info)) return true;
  }
  return false;
}

}  // namespace godwit

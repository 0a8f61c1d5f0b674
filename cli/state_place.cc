#include "cli/state_place.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>

#include "cli/open_store.h"
#include "lib/base/text.h"

namespace godwit {
namespace {

namespace fs = std::filesystem;

std::string WithoutSlash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

// By name, where one of them is still to be made, and by device and inode, where a mount shows one
// folder in two places.
bool SameFolder(const fs::path& a, const fs::path& b) {
  struct stat of_a {};
  struct stat of_b {};
  if (a == b) return true;
  return stat(a.c_str(), &of_a) == 0 && stat(b.c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

// The part of `path` behind `above`, or none. Both are canonical.
bool Beneath(const fs::path& path, const fs::path& above, std::string& rest) {
  rest.clear();
  for (fs::path folder = path;; folder = folder.parent_path()) {
    if (SameFolder(folder, above)) return true;
    if (folder == folder.parent_path()) return false;
    rest = folder.filename().string() + '/' + rest;
  }
}

fs::path Canonical(const std::string& path) { return WithoutSlash(CanonicalPath(path)); }

}  // namespace

Status CheckOutsideState(const std::string& state_dir, const std::string& root) {
  std::string rest;
  if (state_dir.empty() || !Beneath(Canonical(root), Canonical(state_dir), rest)) {
    return Status::Ok();
  }
  return Status(ErrorKind::kInvalidArgument,
                "'" + EscapeForDisplay(root) + "' " + (rest.empty() ? "is" : "lies in") +
                    " the folder of godwit's own state, '" + EscapeForDisplay(state_dir) +
                    "', whose contents are never data; nothing was touched");
}

std::string StateFolderBeneath(const std::string& state_dir, const std::string& root) {
  std::string rest;
  if (state_dir.empty() || !Beneath(Canonical(state_dir), Canonical(root), rest)) return "";
  return rest;
}

}  // namespace godwit

#include "lib/store/local/leftover_scan.h"

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>

#include "lib/store/call_check.h"
#include "lib/store/local/file_claim.h"
#include "lib/store/local/local_errors.h"
#include "lib/store/local/local_key.h"

namespace godwit {
namespace {

constexpr std::string_view kList = "list";

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

class LeftoverScan {
 public:
  LeftoverScan(int root, const PathJail& jail, const std::string& prefix,
               const std::string& shown_root,
               const std::function<void(const std::string&, const struct stat&)>& visit)
      : root_(root), jail_(jail), prefix_(prefix), shown_root_(shown_root), visit_(visit) {}

  Status Run(const CallContext& context) {
    const std::size_t slash = prefix_.rfind('/');
    waiting_.push_back(slash == std::string::npos ? std::string() : prefix_.substr(0, slash + 1));
    while (!waiting_.empty()) {
      GODWIT_RETURN_IF_ERROR(CheckCall(context));
      const std::string path = std::move(waiting_.back());
      waiting_.pop_back();
      GODWIT_RETURN_IF_ERROR(ScanFolder(path));
    }
    return Status::Ok();
  }

 private:
  Status ScanFolder(const std::string& path) {
    const std::string bare = path.substr(0, path.size() - (path.empty() ? 0 : 1));
    if (!bare.empty()) GODWIT_RETURN_IF_ERROR(CheckLocalKey(path));
    const Opened opened = jail_.Open(root_, bare, O_RDONLY | O_DIRECTORY);
    if (opened.error == ENOENT || opened.error == ENOTDIR || opened.error == ELOOP) {
      return Status::Ok();
    }
    if (!opened.ok()) return ErrnoStatus(opened.error, kList, shown_root_ + path);
    // The stream closes its own descriptor.
    const Folder folder(::fdopendir(::fcntl(opened.fd.get(), F_DUPFD_CLOEXEC, 0)));
    if (!folder) return ErrnoStatus(errno, kList, shown_root_ + path);
    errno = 0;
    while (const dirent* entry = ::readdir(folder.get())) {
      VisitName(opened.fd.get(), path, static_cast<const char*>(entry->d_name));
      errno = 0;
    }
    return errno == 0 ? Status::Ok() : ErrnoStatus(errno, kList, shown_root_ + path);
  }

  void VisitName(int folder, const std::string& path, const std::string& name) {
    if (name == "." || name == "..") return;
    const std::string full = path + name;
    if (!full.starts_with(prefix_) && !prefix_.starts_with(full + '/')) return;
    struct stat info {};
    if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (S_ISREG(info.st_mode) && name.starts_with(".godwit-") && !IsFileClaimed(folder, name)) {
      visit_(full, info);
    }
    if (S_ISDIR(info.st_mode) && !IsOurName(name)) waiting_.push_back(full + '/');
  }

  const int root_;
  const PathJail& jail_;
  const std::string& prefix_;
  const std::string& shown_root_;
  const std::function<void(const std::string&, const struct stat&)>& visit_;
  std::vector<std::string> waiting_;  // Folders still to read; each ends in '/', or the root.
};

}  // namespace

Status ScanLeftovers(const CallContext& context, int root, const PathJail& jail,
                     const std::string& prefix, const std::string& shown_root,
                     const std::function<void(const std::string&, const struct stat&)>& visit) {
  return LeftoverScan(root, jail, prefix, shown_root, visit).Run(context);
}

}  // namespace godwit

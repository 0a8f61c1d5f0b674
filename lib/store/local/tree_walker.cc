#include "lib/store/local/tree_walker.h"

#include <array>
#include <cerrno>
#include <utility>

#include <dirent.h>
#include <fcntl.h>

#include "lib/store/call_check.h"
#include "lib/store/local/local_errors.h"
#include "lib/store/local/local_key.h"

namespace godwit {
namespace {

constexpr std::size_t kNamesBufferBytes = 32 << 10;
constexpr std::string_view kList = "list";

// The folder part of a prefix, without the slash at its end.
std::string FolderOf(const std::string& prefix) {
  const std::size_t slash = prefix.rfind('/');
  return slash == std::string::npos ? std::string() : prefix.substr(0, slash);
}

}  // namespace

TreeWalker::TreeWalker(int root, const PathJail& jail, const FileIdentity& identity,
                       WalkRange range, WalkSettings settings)
    : root_(root),
      jail_(jail),
      identity_(identity),
      range_(std::move(range)),
      settings_(std::move(settings)) {}

Status TreeWalker::Fail(int error, std::string_view key) const {
  return ErrnoStatus(error, kList, settings_.shown_root + std::string(key));
}

Status TreeWalker::ChangedWhileListed(std::string_view key) const {
  return Status(ErrorKind::kConflict, "it turned into something else while it was listed")
      .WithOperation(kList)
      .WithObject(settings_.shown_root + std::string(key));
}

Status TreeWalker::Begin(const CallContext& context) {
  const std::string folder = FolderOf(range_.prefix);
  if (range_.prefix.starts_with('/')) return CheckLocalKey(range_.prefix);
  if (!folder.empty()) GODWIT_RETURN_IF_ERROR(CheckLocalKey(folder + '/'));
  Opened opened = settings_.follow_symlinks ? OpenFollowing(root_, folder, O_RDONLY | O_DIRECTORY)
                                            : jail_.Open(root_, folder, O_RDONLY | O_DIRECTORY);
  // No such folder, or a file or a link in its place: no key has this prefix.
  const bool absent = opened.error == ENOENT || opened.error == ENOTDIR || opened.error == ELOOP;
  if (absent && !folder.empty()) return Status::Ok();
  if (!opened.ok()) return Fail(opened.error, folder);
  return Push(context, std::move(opened.fd), folder.empty() ? folder : folder + '/');
}

Status TreeWalker::Push(const CallContext& context, FileDescriptor fd, std::string path) {
  Level level;
  level.fd = std::move(fd);
  level.path = std::move(path);
  if (::fstat(level.fd.get(), &level.info) != 0) return Fail(errno, level.path);
  level.names = std::make_unique<NameSorter>(settings_.names_in_memory_max, settings_.spill_folder);
  levels_.push_back(std::move(level));
  GODWIT_RETURN_IF_ERROR(ReadNames(context, levels_.back()));
  return levels_.back().names->Finish();
}

Status TreeWalker::ReadNames(const CallContext& context, Level& level) const {
  const auto buffer = std::make_unique<std::array<char, kNamesBufferBytes>>();
  while (true) {
    GODWIT_RETURN_IF_ERROR(CheckCall(context));
    const ssize_t size = ::getdents64(level.fd.get(), buffer->data(), buffer->size());
    if (size == 0) return Status::Ok();
    if (size < 0) return Fail(errno, level.path);
    for (ssize_t at = 0; at < size;) {
      const void* record = buffer->data() + at;
      const auto* entry = static_cast<const dirent64*>(record);
      at += entry->d_reclen;
      const Result<std::string> name =
          SortName(level, static_cast<const char*>(entry->d_name), entry->d_type);
      if (!name.ok()) return name.status();
      if (!name->empty()) GODWIT_RETURN_IF_ERROR(level.names->Add(*name));
    }
  }
}

Result<std::string> TreeWalker::SortName(const Level& level, const char* name,
                                         unsigned char type) const {
  std::string sorted(name);
  if (sorted == "." || sorted == "..") return std::string();
  if (IsOurName(sorted)) {
    const bool of_others = type != DT_DIR && !sorted.starts_with(settings_.temporary_prefix);
    if (of_others && settings_.own_files_seen != nullptr) *settings_.own_files_seen = true;
    return std::string();
  }
  if (type == DT_DIR) return sorted + '/';
  if (type != DT_UNKNOWN && (type != DT_LNK || !settings_.follow_symlinks)) return sorted;
  struct stat info {};
  const int flags = settings_.follow_symlinks ? 0 : AT_SYMLINK_NOFOLLOW;
  if (::fstatat(level.fd.get(), name, &info, flags) != 0) {
    // A link that leads nowhere is listed as a link; a name that is gone, not at all, later.
    if (errno == ENOENT || errno == ELOOP) return sorted;
    return Fail(errno, level.path + sorted);
  }
  return S_ISDIR(info.st_mode) && !IsOnTheWay(info) ? sorted + '/' : sorted;
}

bool TreeWalker::IsOnTheWay(const struct stat& info) const {
  for (const Level& level : levels_) {
    if (level.info.st_dev == info.st_dev && level.info.st_ino == info.st_ino) return true;
  }
  return false;
}

Result<std::optional<TreeWalker::Item>> TreeWalker::Next(const CallContext& context) {
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.names->done()) {
      levels_.pop_back();
      continue;
    }
    GODWIT_RETURN_IF_ERROR(CheckCall(context));
    const std::string name(level.names->Current());
    const std::string key = level.path + name;
    GODWIT_RETURN_IF_ERROR(level.names->Advance());
    const bool folder = name.back() == '/';
    const Place place = folder ? PlaceOfFolder(key) : PlaceOfFile(key);
    if (place == Place::kBehind) {
      levels_.clear();
      break;
    }
    if (place == Place::kBefore) continue;
    Result<std::optional<Item>> item =
        folder ? VisitFolder(context, key, name) : VisitFile(key, name);
    if (!item.ok() || item->has_value()) return item;
  }
  return std::optional<Item>();
}

TreeWalker::Place TreeWalker::PlaceOfFile(const std::string& key) const {
  if (!range_.end_before.empty() && key >= range_.end_before) return Place::kBehind;
  if (!key.starts_with(range_.prefix)) {
    return key < range_.prefix ? Place::kBefore : Place::kBehind;
  }
  return key <= range_.start_after ? Place::kBefore : Place::kInside;
}

// Inside if keys within the range may lie in the folder.
TreeWalker::Place TreeWalker::PlaceOfFolder(const std::string& key) const {
  if (!range_.end_before.empty() && key >= range_.end_before) return Place::kBehind;
  if (!key.starts_with(range_.prefix) && !range_.prefix.starts_with(key)) {
    return key < range_.prefix ? Place::kBefore : Place::kBehind;
  }
  if (range_.past_folder && key == range_.start_after) return Place::kBefore;
  const bool passed = key <= range_.start_after && !range_.start_after.starts_with(key);
  return passed ? Place::kBefore : Place::kInside;
}

Result<std::optional<TreeWalker::Item>> TreeWalker::VisitFolder(const CallContext& context,
                                                                const std::string& key,
                                                                const std::string& name) {
  if (range_.folders_as_prefixes && key.size() > range_.prefix.size()) {
    return FolderItem(context, key);
  }
  const std::string bare = name.substr(0, name.size() - 1);
  const int flags =
      O_RDONLY | O_DIRECTORY | O_CLOEXEC | (settings_.follow_symlinks ? 0 : O_NOFOLLOW);
  FileDescriptor fd(::openat(levels_.back().fd.get(), bare.c_str(), flags));
  if (!fd.valid()) {
    if (errno == ENOENT) return std::optional<Item>();
    if (errno == ENOTDIR || errno == ELOOP) return ChangedWhileListed(key);
    return Fail(errno, key);
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return Fail(errno, key);
  if (settings_.excluded != nullptr && settings_.excluded->Is(info)) return std::optional<Item>();
  GODWIT_RETURN_IF_ERROR(Push(context, std::move(fd), key));
  const bool give = range_.include_folders && PlaceOfFile(key) == Place::kInside;
  if (!give) return std::optional<Item>();
  return std::optional<Item>(
      Item{identity_.EntryOf(levels_.back().fd.get(), key, levels_.back().info), false});
}

// The folder as a common prefix, unless all that it holds lies before the range.
Result<std::optional<TreeWalker::Item>> TreeWalker::FolderItem(const CallContext& context,
                                                               const std::string& key) const {
  if (range_.start_after.starts_with(key)) {
    WalkRange inside{key, range_.start_after, false, range_.end_before, false, false};
    TreeWalker walker(root_, jail_, identity_, std::move(inside), settings_);
    GODWIT_RETURN_IF_ERROR(walker.Begin(context));
    Result<std::optional<Item>> first = walker.Next(context);
    if (!first.ok() || !first->has_value()) return first;
  }
  Item item;
  item.entry.key = key;
  item.common_prefix = true;
  return std::optional<Item>(std::move(item));
}

Result<std::optional<TreeWalker::Item>> TreeWalker::VisitFile(const std::string& key,
                                                              const std::string& name) const {
  const int folder = levels_.back().fd.get();
  struct stat info {};
  int result = ::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW);
  if (result == 0 && S_ISDIR(info.st_mode)) return ChangedWhileListed(key);
  if (result == 0 && S_ISLNK(info.st_mode) && settings_.follow_symlinks) {
    struct stat target {};
    const bool leads_to_file =
        ::fstatat(folder, name.c_str(), &target, 0) == 0 && !S_ISDIR(target.st_mode);
    if (leads_to_file) info = target;
  }
  if (result != 0 && errno == ENOENT) return std::optional<Item>();
  if (result != 0) return Fail(errno, key);
  return std::optional<Item>(Item{identity_.EntryOf(folder, key, info), false});
}

}  // namespace godwit

#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include "godwit/call_context.h"
#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "lib/store/file_descriptor.h"
#include "lib/store/local/excluded_folder.h"
#include "lib/store/local/file_identity.h"
#include "lib/store/local/path_jail.h"
#include "lib/store/name_sorter.h"

namespace godwit {

// Which part of a tree to walk, and how.
struct WalkRange {
  std::string prefix;       // A byte prefix.
  std::string start_after;  // Exclusive.
  // `start_after` is a folder that is passed with all that lies in it.
  bool past_folder = false;
  std::string end_before;            // Exclusive; empty: to the end.
  bool folders_as_prefixes = false;  // The delimiter "/": do not go into folders behind the prefix.
  bool include_folders = false;

  bool operator==(const WalkRange& other) const = default;
};

struct WalkSettings {
  bool follow_symlinks = false;
  std::size_t names_in_memory_max = 32'768;  // Of one folder; more go to a temporary file.
  std::string spill_folder = "/tmp";
  const ExcludedFolder* excluded = nullptr;  // Borrowed; its contents are left out.
  // Borrowed; set when a ".godwit-*" file shows that does not begin with `temporary_prefix`.
  std::atomic<bool>* own_files_seen = nullptr;
  std::string temporary_prefix;
  std::string shown_root;  // What stands before a key in messages; ends in '/'.
};

// Walks a folder tree and gives its files in strict byte order of the full key (a folder counts as
// "name/"), holding only the sorted names of the folders on the way. godwit's own names are left
// out. A file that vanishes during the walk is absent; a folder that cannot be read, or an entry
// that turns into something else meanwhile, fails the walk. One thread at a time.
class TreeWalker {
 public:
  struct Item {
    ObjectEntry entry;  // Only the key, of a common prefix.
    bool common_prefix = false;
  };

  // `root` is the tree's folder; it, `jail` and `identity` must outlive the walker.
  TreeWalker(int root, const PathJail& jail, const FileIdentity& identity, WalkRange range,
             WalkSettings settings);

  // Opens the folder that the prefix names. Call once, first.
  Status Begin(const CallContext& context);
  // The next item; none at the end.
  Result<std::optional<Item>> Next(const CallContext& context);

  const WalkRange& range() const { return range_; }

 private:
  struct Level {
    FileDescriptor fd;
    std::string path;  // "" or ends in '/'.
    struct stat info {};
    std::unique_ptr<NameSorter> names;
  };
  enum class Place { kBefore, kInside, kBehind };

  Status Push(const CallContext& context, FileDescriptor fd, std::string path);
  Status ReadNames(const CallContext& context, Level& level) const;
  // The name as it sorts: with '/' if it is a folder to go into; empty if it is to be left out.
  Result<std::string> SortName(const Level& level, const char* name, unsigned char type) const;
  Status Fail(int error, std::string_view key) const;
  Status ChangedWhileListed(std::string_view key) const;
  bool IsOnTheWay(const struct stat& info) const;

  Result<std::optional<Item>> VisitFolder(const CallContext& context, const std::string& key,
                                          const std::string& name);
  Result<std::optional<Item>> VisitFile(const std::string& key, const std::string& name) const;
  Result<std::optional<Item>> FolderItem(const CallContext& context, const std::string& key) const;
  Place PlaceOfFolder(const std::string& key) const;
  Place PlaceOfFile(const std::string& key) const;

  const int root_;
  const PathJail& jail_;
  const FileIdentity& identity_;
  const WalkRange range_;
  const WalkSettings settings_;
  std::vector<Level> levels_;
};

}  // namespace godwit

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/random.h"
#include "lib/store/memory/memory_store.h"

namespace godwit {

// The file system under a local target, as far as a power cut shows it. A name that was given or
// taken away is seen at once and durable once its folder is synced; of a folder's changes that are
// not, a power cut undoes some last ones. The bytes of a file that got its name before they were
// synced are lost, in part or all. One thread at a time.
class SimDisk {
 public:
  // `files` is borrowed: what everybody sees.
  explicit SimDisk(MemoryStore& files) : files_(files) {}

  // `key` was renamed to or unlinked just now; it held `before`.
  void NameChanged(const std::string& key, std::optional<MemoryStore::Object> before,
                   bool data_is_synced);
  // All changes so far in the folder that `key` lies in are durable.
  void SyncFolderOf(const std::string& key);
  // Also zeroes, or forgets, parts of unfinished files: nobody syncs those. Returns the names
  // that now hold what they held before.
  std::set<std::string> CutPower(Random& random);

 private:
  struct Change {
    std::string key;
    std::optional<MemoryStore::Object> before;
    Version after;  // Empty: the name is gone.
  };

  void LoseParts(Random& random);
  void LoseData(const std::string& key, Random& random);
  Version VersionOf(const std::string& key) const;
  // False: another file is where a folder of the key would be, or under the key.
  bool HasRoomFor(const std::string& key) const;

  MemoryStore& files_;
  std::map<std::string, std::vector<Change>> changes_;  // Not durable, by folder.
  std::map<std::string, Version> unsynced_;             // Named, but its bytes are not.
};

}  // namespace godwit

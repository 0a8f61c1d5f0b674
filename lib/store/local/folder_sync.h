#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include <sys/types.h>

namespace godwit {

// Makes changes to folders durable, many writers sharing one sync: whoever comes while a sync of
// the same folder runs waits for the next one, together with all others. Syncs of different
// folders run side by side. Safe from any thread.
class FolderSync {
 public:
  // Makes durable what was changed in the folder before the call. Returns 0 or an errno. A file
  // system that cannot sync folders counts as success (incident 54).
  int Sync(int folder);

  // A new folder becomes durable by a sync of its parent. Announce it before it can be seen, and
  // settle it with the outcome; whoever writes into it awaits that.
  void Announce(const std::string& folder);
  void Settle(const std::string& folder, int error);
  // Waits until `folder` and all above it are durable. Returns 0 or an errno.
  int Await(const std::string& folder);

 private:
  struct Round {
    bool done = false;
    int error = 0;
    std::condition_variable changed;
  };
  struct Folder {
    bool running = false;
    std::shared_ptr<Round> next;
    std::size_t users = 0;
  };
  using Id = std::pair<dev_t, ino_t>;

  bool IsFresh(const std::string& folder) const;
  int FailureOf(const std::string& folder) const;

  std::mutex mutex_;  // Guards all below but fresh_count_.
  std::condition_variable settled_;
  std::map<Id, Folder> folders_;
  std::multiset<std::string> fresh_;          // Announced, not settled.
  std::map<std::string, int> failed_;         // Settled with an error.
  std::atomic<std::size_t> marked_count_{0};  // Of fresh_ and failed_; usually 0.
};

}  // namespace godwit

#include "lib/store/local/folder_sync.h"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

namespace godwit {
namespace {

int SyncNow(int folder) {
  while (::fsync(folder) != 0) {
    if (errno == EINTR) continue;
    const bool cannot = errno == EINVAL || errno == ENOTSUP || errno == ENOENT || errno == EROFS;
    return cannot ? 0 : errno;
  }
  return 0;
}

// Calls `visit` with "a", "a/b" and "a/b/c" of "a/b/c" until it returns true.
template <typename Visit>
bool AnyOnTheWay(const std::string& folder, Visit visit) {
  for (std::size_t slash = folder.find('/'); slash != std::string::npos;
       slash = folder.find('/', slash + 1)) {
    if (visit(folder.substr(0, slash))) return true;
  }
  return visit(folder);
}

}  // namespace

int FolderSync::Sync(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return errno;
  const Id id{info.st_dev, info.st_ino};
  std::unique_lock lock(mutex_);
  Folder& folder = folders_[id];
  ++folder.users;
  if (!folder.next) folder.next = std::make_shared<Round>();
  const std::shared_ptr<Round> mine = folder.next;
  while (!mine->done) {
    if (folder.running) {
      mine->changed.wait(lock);
      continue;
    }
    folder.running = true;
    folder.next = nullptr;
    lock.unlock();
    const int error = SyncNow(fd);
    lock.lock();
    folder.running = false;
    mine->done = true;
    mine->error = error;
    mine->changed.notify_all();
    // One of those who came meanwhile leads the next round.
    if (folder.next) folder.next->changed.notify_one();
  }
  if (--folder.users == 0) folders_.erase(id);
  return mine->error;
}

void FolderSync::Announce(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  fresh_.insert(folder);
  ++marked_count_;
}

void FolderSync::Settle(const std::string& folder, int error) {
  const std::lock_guard lock(mutex_);
  fresh_.erase(fresh_.find(folder));
  if (error != 0) failed_[folder] = error;
  marked_count_ = fresh_.size() + failed_.size();
  settled_.notify_all();
}

bool FolderSync::IsFresh(const std::string& folder) const {
  return AnyOnTheWay(folder, [this](const std::string& on) { return fresh_.contains(on); });
}

int FolderSync::FailureOf(const std::string& folder) const {
  int error = 0;
  AnyOnTheWay(folder, [this, &error](const std::string& on) {
    const auto found = failed_.find(on);
    if (found != failed_.end()) error = found->second;
    return error != 0;
  });
  return error;
}

int FolderSync::Await(const std::string& folder) {
  if (marked_count_ == 0) return 0;
  std::unique_lock lock(mutex_);
  while (IsFresh(folder)) settled_.wait(lock);
  return FailureOf(folder);
}

}  // namespace godwit

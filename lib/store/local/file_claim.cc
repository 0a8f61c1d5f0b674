#include "lib/store/local/file_claim.h"

#include <cerrno>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>

#include "lib/store/file_descriptor.h"

namespace godwit {
namespace {

constexpr std::chrono::milliseconds kPause{20};

// True if another open file has the lock.
bool Refused(int fd, int operation) {
  while (::flock(fd, operation | LOCK_NB) != 0) {
    if (errno != EINTR) return errno == EWOULDBLOCK;
  }
  return false;
}

}  // namespace

bool ClaimFile(int fd, std::chrono::milliseconds patience) {
  for (std::chrono::milliseconds waited{0}; Refused(fd, LOCK_EX); waited += kPause) {
    if (waited >= patience) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

bool IsFileClaimed(int folder, const std::string& name) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const FileDescriptor file(::openat(folder, name.c_str(), kFlags));
  return file.valid() && Refused(file.get(), LOCK_SH);
}

}  // namespace godwit

#include "lib/run/small_file.h"

#include <array>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include "lib/base/errno_status.h"

namespace godwit {

namespace {

Status WriteAll(int file, std::string_view text, const std::string& path,
                std::string_view operation) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, operation, path);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return Status::Ok();
}

}  // namespace

Status ReplaceFile(const std::string& path, std::string_view text, std::string_view operation) {
  const std::string next = path + ".next";
  const int file = open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return ErrnoStatus(errno, operation, next);
  Status status = WriteAll(file, text, next, operation);
  if (status.ok() && fdatasync(file) != 0) status = ErrnoStatus(errno, operation, next);
  close(file);
  if (status.ok() && rename(next.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus(errno, operation, path);
  }
  return status;
}

Result<std::string> ReadWholeFile(const std::string& path, std::string_view operation) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return ErrnoStatus(errno, operation, path);
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = read(file, buffer.data(), buffer.size())) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const int error = errno;
  close(file);
  if (count < 0) return ErrnoStatus(error, operation, path);
  return text;
}

void SyncFolder(const std::string& folder) {
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  fsync(file);
  close(file);
}

}  // namespace godwit

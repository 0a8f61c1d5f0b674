#include "lib/run/errno_status.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace godwit {

namespace {

ErrorKind KindOf(int error) {
  switch (error) {
    case ENOENT:
      return ErrorKind::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
      return ErrorKind::kNoSpace;
    default:
      return ErrorKind::kLocalIo;
  }
}

}  // namespace

Status ErrnoStatus(int error, std::string_view operation, std::string_view path) {
  char buffer[128];
  // The GNU form: the text may lie elsewhere than in the buffer.
  const std::string text = strerror_r(error, buffer, sizeof buffer);
  const char* name = strerrorname_np(error);
  return Status(KindOf(error), text)
      .WithOperation(operation)
      .WithObject(path)
      .WithProviderCode(name == nullptr ? "" : name);
}

}  // namespace godwit

#include "lib/base/errno_status.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace godwit {
namespace {

ErrorKind KindOf(int error) {
  switch (error) {
    case ENOENT:
      return ErrorKind::kNotFound;
    case EEXIST:
      return ErrorKind::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
      return ErrorKind::kNoSpace;
    // Something other than the plain file or folder that is needed; EXDEV comes from openat2 for
    // a way out of the root.
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENOTEMPTY:
    case ENXIO:
    case EXDEV:
      return ErrorKind::kBlocked;
    // The name or the size is more than the file system can take.
    case ENAMETOOLONG:
    case EILSEQ:
    case EFBIG:
    case EINVAL:
      return ErrorKind::kInvalidArgument;
    default:
      return ErrorKind::kLocalIo;
  }
}

// "No space left on device" as it stands in the middle of a message.
std::string Describe(int error) {
  std::string text = std::generic_category().message(error);
  const bool word = text.size() > 1 && text[1] >= 'a' && text[1] <= 'z';
  if (word && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

}  // namespace

Status ErrnoStatus(int error, std::string_view operation, std::string_view object) {
  const char* name = strerrorname_np(error);
  return Status(KindOf(error), Describe(error))
      .WithOperation(operation)
      .WithObject(object)
      .WithProviderCode(name != nullptr ? name : "");
}

}  // namespace godwit

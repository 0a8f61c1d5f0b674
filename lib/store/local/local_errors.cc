#include "lib/store/local/local_errors.h"

#include <string>

namespace godwit {

Status BlockedStatus(std::string_view what, std::string_view operation, std::string_view object) {
  return Status(ErrorKind::kBlocked, std::string(what) + " is in the way")
      .WithOperation(operation)
      .WithObject(object);
}

Status ChangedStatus(std::string_view operation, std::string_view object) {
  return Status(ErrorKind::kPreconditionFailed, "the file has changed")
      .WithOperation(operation)
      .WithObject(object);
}

}  // namespace godwit

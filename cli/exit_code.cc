#include "cli/exit_code.h"

namespace godwit {

int ExitCodeOf(const Status& status) {
  if (status.ok()) return kExitDone;
  switch (status.kind()) {
    case ErrorKind::kInvalidArgument:
      return kExitUsage;
    case ErrorKind::kUnauthenticated:
      return 3;
    case ErrorKind::kResidencyDenied:
      return 4;
    case ErrorKind::kCorrupted:
      return 5;
    case ErrorKind::kNotFound:
    case ErrorKind::kContainerNotFound:
    case ErrorKind::kUnreachable:
    case ErrorKind::kUntrusted:
    case ErrorKind::kUnavailable:
    case ErrorKind::kThrottled:
    case ErrorKind::kTimeout:
      return kExitNotFound;
    case ErrorKind::kPreconditionFailed:
    case ErrorKind::kAlreadyExists:
    case ErrorKind::kConflict:
      return 10;
    case ErrorKind::kUnsupported:
    case ErrorKind::kNoSpace:
    case ErrorKind::kLocalIo:
      return 8;
    case ErrorKind::kCancelled:
      return 130;
    case ErrorKind::kPermissionDenied:
    case ErrorKind::kArchived:
    case ErrorKind::kBlocked:
    case ErrorKind::kNotModified:
    case ErrorKind::kInternal:
      return kExitSomeFailed;
  }
  return kExitSomeFailed;
}

}  // namespace godwit

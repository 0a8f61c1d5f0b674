#include "lib/sync/failure_rules.h"

#include "lib/base/retry_policy.h"

namespace godwit {
namespace {

FailureClass ClassifySource(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kPreconditionFailed:
      return FailureClass::kSourceChanged;
    case ErrorKind::kNotFound:
      return FailureClass::kSourceGone;
    case ErrorKind::kArchived:
      return FailureClass::kArchived;
    default:
      return FailureClass::kFinal;
  }
}

FailureClass ClassifyTarget(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kPreconditionFailed:
    case ErrorKind::kAlreadyExists:
      return FailureClass::kTargetChanged;
    case ErrorKind::kBlocked:
      return FailureClass::kBlocked;
    default:
      return FailureClass::kFinal;
  }
}

}  // namespace

FailureClass ClassifyFailure(const Status& status, Side side) {
  if (status.Is(ErrorKind::kCancelled)) return FailureClass::kCancelled;
  if (IsRetryable(status)) return FailureClass::kRetry;
  return side == Side::kSource ? ClassifySource(status.kind()) : ClassifyTarget(status.kind());
}

int ExitCodeOf(const Status& status, Side side, const JobEndpoints& endpoints, bool of_data) {
  const bool unwritable = side == Side::kTarget && endpoints.target.is_local;
  switch (status.kind()) {
    case ErrorKind::kUnauthenticated:
      return 3;
    case ErrorKind::kResidencyDenied:
      return 4;
    case ErrorKind::kCorrupted:
      return of_data ? 5 : 1;
    case ErrorKind::kContainerNotFound:
    case ErrorKind::kUntrusted:
    case ErrorKind::kUnreachable:
      return 7;
    case ErrorKind::kNoSpace:
    case ErrorKind::kUnsupported:
      return 8;
    case ErrorKind::kPermissionDenied:
      return unwritable ? 8 : 1;
    case ErrorKind::kLocalIo:
      return unwritable && status.provider_code() == "EROFS" ? 8 : 1;
    case ErrorKind::kPreconditionFailed:
    case ErrorKind::kAlreadyExists:
      return side == Side::kTarget ? 10 : 1;
    default:
      return 1;
  }
}

bool MayPassLater(const Status& status) {
  switch (status.kind()) {
    case ErrorKind::kConflict:
    case ErrorKind::kThrottled:
    case ErrorKind::kUnavailable:
    case ErrorKind::kUnreachable:
    case ErrorKind::kUntrusted:
    case ErrorKind::kTimeout:
    case ErrorKind::kPermissionDenied:
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kContainerNotFound:
    case ErrorKind::kLocalIo:
      return true;
    default:
      return false;
  }
}

bool EndsRun(const Status& status) {
  switch (status.kind()) {
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kContainerNotFound:
    case ErrorKind::kUntrusted:
    case ErrorKind::kUnreachable:
    case ErrorKind::kNoSpace:
      return true;
    default:
      return false;
  }
}

}  // namespace godwit

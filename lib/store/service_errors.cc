#include "lib/store/service_errors.h"

namespace godwit {
std::optional<ErrorKind> KindOfCode(std::span<const CodeKind> table, std::string_view code) {
  const auto found = std::lower_bound(
      table.begin(), table.end(), code,
      [](const CodeKind& line, std::string_view name) { return line.code < name; });
  if (found == table.end() || found->code != code) return std::nullopt;
  return found->kind;
}

std::optional<ErrorKind> KindOfStatus(int status) {
  switch (status) {
    case 304:
      return ErrorKind::kNotModified;
    case 401:
    case 407:
      return ErrorKind::kUnauthenticated;
    case 403:
      return ErrorKind::kPermissionDenied;
    case 405:
    case 501:
      return ErrorKind::kUnsupported;
    case 408:
      return ErrorKind::kUnavailable;
    case 412:
      return ErrorKind::kPreconditionFailed;
    case 429:
    case 509:
      return ErrorKind::kThrottled;
    case 507:
      return ErrorKind::kNoSpace;
    default:
      if (status >= 500) return ErrorKind::kUnavailable;
      return std::nullopt;
  }
}

std::string_view MessageOfKind(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kConflict:
      return "another change is under way";
    case ErrorKind::kPermissionDenied:
      return "permission denied";
    case ErrorKind::kUnauthenticated:
      return "the service rejects the credentials";
    case ErrorKind::kThrottled:
      return "the service asks for fewer requests";
    case ErrorKind::kArchived:
      return "the object is in an archive tier and must be restored first";
    case ErrorKind::kNoSpace:
      return "no space left at the service";
    case ErrorKind::kUnsupported:
      return "the service cannot do this";
    case ErrorKind::kInvalidArgument:
      return "the service refuses the request";
    case ErrorKind::kNotFound:
    case ErrorKind::kContainerNotFound:
    case ErrorKind::kPreconditionFailed:
    case ErrorKind::kCorrupted:
      return "";
    default:
      return "the service failed";
  }
}

std::string_view ChangedMessage(bool changes, bool conditional) {
  if (!changes) return "the object has changed";
  // Without a condition of its own, only a copy's pinned source is left.
  return conditional ? "the object at the target has changed" : "the source object has changed";
}

}  // namespace godwit

#include "godwit/status.h"

#include <cassert>

#include "lib/base/text.h"

namespace godwit {

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound:
      return "not-found";
    case ErrorKind::kContainerNotFound:
      return "container-not-found";
    case ErrorKind::kAlreadyExists:
      return "already-exists";
    case ErrorKind::kPreconditionFailed:
      return "precondition-failed";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kPermissionDenied:
      return "permission-denied";
    case ErrorKind::kUnauthenticated:
      return "unauthenticated";
    case ErrorKind::kThrottled:
      return "throttled";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kUnreachable:
      return "unreachable";
    case ErrorKind::kUntrusted:
      return "untrusted";
    case ErrorKind::kTimeout:
      return "timeout";
    case ErrorKind::kCancelled:
      return "cancelled";
    case ErrorKind::kCorrupted:
      return "corrupted";
    case ErrorKind::kUnsupported:
      return "unsupported";
    case ErrorKind::kResidencyDenied:
      return "residency-denied";
    case ErrorKind::kArchived:
      return "archived";
    case ErrorKind::kBlocked:
      return "blocked";
    case ErrorKind::kNoSpace:
      return "no-space";
    case ErrorKind::kLocalIo:
      return "local-io";
    case ErrorKind::kInvalidArgument:
      return "invalid-argument";
    case ErrorKind::kNotModified:
      return "not-modified";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

Status::Status(ErrorKind kind, std::string message)
    : failed_(true), kind_(kind), message_(std::move(message)) {}

ErrorKind Status::kind() const {
  assert(failed_);
  return kind_;
}

namespace {

void FillIfEmpty(std::string& field, std::string_view value) {
  if (field.empty()) field = value;
}

}  // namespace

Status&& Status::WithOperation(std::string_view operation) && {
  FillIfEmpty(operation_, operation);
  return std::move(*this);
}

Status&& Status::WithObject(std::string_view object) && {
  FillIfEmpty(object_, object);
  return std::move(*this);
}

Status&& Status::WithProviderCode(std::string_view code) && {
  FillIfEmpty(provider_code_, code);
  return std::move(*this);
}

Status&& Status::WithHttpStatus(int http_status) && {
  if (http_status_ == 0) http_status_ = http_status;
  return std::move(*this);
}

Status&& Status::WithRequestId(std::string_view request_id) && {
  FillIfEmpty(request_id_, request_id);
  return std::move(*this);
}

Status&& Status::WithAttempts(int attempts) && {
  if (attempts_ == 0) attempts_ = attempts;
  return std::move(*this);
}

Status&& Status::WithMaybeApplied(bool maybe_applied) && {
  maybe_applied_ = maybe_applied_ || maybe_applied;
  return std::move(*this);
}

Status&& Status::WithRetryAfter(std::chrono::milliseconds pause) && {
  if (!retry_after_) retry_after_ = pause;
  return std::move(*this);
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  std::string text;
  if (!operation_.empty()) text += "cannot " + operation_;
  if (!object_.empty()) {
    if (!text.empty()) text += ' ';
    text += "'" + EscapeForDisplay(object_) + "'";
  }
  if (!text.empty()) text += ": ";
  text += message_.empty() ? std::string(ErrorKindName(kind_)) : EscapeForDisplay(message_);
  std::string detail;
  const auto add = [&detail](const std::string& item) {
    if (!detail.empty()) detail += ", ";
    detail += item;
  };
  if (!provider_code_.empty()) add(provider_code_);
  if (provider_code_.empty() && http_status_ != 0) add("HTTP " + std::to_string(http_status_));
  if (!request_id_.empty()) add("request " + request_id_);
  if (attempts_ > 1) add(std::to_string(attempts_) + " attempts");
  if (!detail.empty()) text += " (" + EscapeForDisplay(detail) + ")";
  return text;
}

std::ostream& operator<<(std::ostream& out, const Status& status) {
  return out << status.ToString();
}

}  // namespace godwit

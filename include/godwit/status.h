#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace godwit {

// What went wrong, as far as a caller acts on it differently. The set is closed: every layer maps
// its own errors (errno, curl codes, service codes) into it in exactly one function.
enum class ErrorKind : std::uint8_t {
  kNotFound,            // The object is missing.
  kContainerNotFound,   // The bucket, container or root folder is missing.
  kAlreadyExists,       // Create-only, and something is there.
  kPreconditionFailed,  // The version asked for is no longer the version stored.
  kConflict,            // The service saw a race and decided nothing; may be repeated.
  kPermissionDenied,    // Authenticated, but not allowed.
  kUnauthenticated,     // No credentials, or the service rejects them.
  kThrottled,           // The service asks for fewer requests.
  kUnavailable,         // A passing fault of the service or of the network.
  kUnreachable,         // No connection could be made (refused, no such host).
  kUntrusted,           // TLS: the certificate is not trusted. Never repeated.
  kTimeout,             // No progress within the stall time, or the deadline passed.
  kCancelled,           // The caller asked to stop.
  kCorrupted,        // Bytes disagree with a digest or a length, or an answer is not the service's.
  kUnsupported,      // The store cannot do this at all.
  kResidencyDenied,  // A residency rule forbids it.
  kArchived,         // The object lies in an archive tier and cannot be read now.
  kBlocked,          // Local: something that is not a plain file or folder stands in the way.
  kNoSpace,          // Disk full, quota reached.
  kLocalIo,          // The local file system failed or refused.
  kInvalidArgument,  // The request cannot be right (key too long, bad option).
  kNotModified,      // A conditional read found nothing new.
  kInternal,         // A broken invariant of godwit.
};

// Lower-case, hyphenated name as it stands in JSON output, e.g. "permission-denied".
std::string_view ErrorKindName(ErrorKind kind);

// Success, or a failure with everything that is needed to act on it and to report it once.
//
// A failed Status says what kind, during which operation, on which object, and what the service
// said. The layer that knows a fact adds it (the With... functions fill a field only if it is
// still empty); the layers above pass the Status on. Value type; copies and moves freely.
class [[nodiscard]] Status {
 public:
  Status() = default;  // Success.
  Status(ErrorKind kind, std::string message);

  static Status Ok() { return {}; }

  bool ok() const { return !failed_; }
  // The kind of a failure; must not be called on success.
  ErrorKind kind() const;
  bool Is(ErrorKind kind) const { return failed_ && kind_ == kind; }

  const std::string& message() const { return message_; }
  const std::string& operation() const { return operation_; }
  const std::string& object() const { return object_; }
  // The service's own code ("SlowDown") or the errno name ("ENOSPC"); may be empty.
  const std::string& provider_code() const { return provider_code_; }
  int http_status() const { return http_status_; }  // 0 if there was no HTTP answer.
  const std::string& request_id() const { return request_id_; }
  int attempts() const { return attempts_; }
  // True if the request may have taken effect although it failed: its answer was lost. Whoever
  // repeats such a write looks first whether it is already done (I17).
  bool maybe_applied() const { return maybe_applied_; }
  // The service's own wish for a pause before a repetition.
  std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }

  Status&& WithOperation(std::string_view operation) &&;
  Status&& WithObject(std::string_view object) &&;
  Status&& WithProviderCode(std::string_view code) &&;
  Status&& WithHttpStatus(int http_status) &&;
  Status&& WithRequestId(std::string_view request_id) &&;
  Status&& WithAttempts(int attempts) &&;
  Status&& WithMaybeApplied(bool maybe_applied) &&;
  Status&& WithRetryAfter(std::chrono::milliseconds pause) &&;

  // One line for people: "cannot write 'a/b': permission denied (AccessDenied, request 7QX2)".
  // Control bytes of names are escaped.
  std::string ToString() const;

 private:
  bool failed_ = false;
  bool maybe_applied_ = false;
  ErrorKind kind_ = ErrorKind::kInternal;
  int http_status_ = 0;
  int attempts_ = 0;
  std::optional<std::chrono::milliseconds> retry_after_;
  std::string message_;
  std::string operation_;
  std::string object_;
  std::string provider_code_;
  std::string request_id_;
};

std::ostream& operator<<(std::ostream& out, const Status& status);

}  // namespace godwit

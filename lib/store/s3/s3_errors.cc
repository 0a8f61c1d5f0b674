#include "lib/store/s3/s3_errors.h"

#include <array>
#include <optional>

#include "lib/base/text.h"
#include "lib/http/retry_after.h"
#include "lib/store/service_errors.h"

namespace godwit {
namespace {

// Codes that are not here are judged by their HTTP status.
constexpr std::array kCodes = std::to_array<CodeKind>({
    {"AccessControlListNotSupported", ErrorKind::kUnsupported},
    {"AccessDenied", ErrorKind::kPermissionDenied},
    {"AccountProblem", ErrorKind::kPermissionDenied},
    {"AllAccessDisabled", ErrorKind::kPermissionDenied},
    {"AuthFailure", ErrorKind::kUnauthenticated},
    {"AuthorizationHeaderMalformed", ErrorKind::kUnauthenticated},
    {"BadDigest", ErrorKind::kCorrupted},
    {"BandwidthLimitExceeded", ErrorKind::kThrottled},
    {"BucketAlreadyExists", ErrorKind::kPermissionDenied},
    {"BucketAlreadyOwnedByYou", ErrorKind::kAlreadyExists},
    {"ClientDisconnected", ErrorKind::kUnavailable},  // Of MinIO, which saw half of the request.
    {"ConditionalRequestConflict", ErrorKind::kConflict},
    {"CredentialsNotSupported", ErrorKind::kUnauthenticated},
    {"EntityTooLarge", ErrorKind::kInvalidArgument},
    {"EntityTooSmall", ErrorKind::kInvalidArgument},
    {"ExpiredToken", ErrorKind::kUnauthenticated},
    {"ExpiredTokenException", ErrorKind::kUnauthenticated},
    {"IncompleteBody", ErrorKind::kUnavailable},
    {"InternalError", ErrorKind::kUnavailable},
    {"InternalErrors", ErrorKind::kUnavailable},
    {"InvalidAccessKeyId", ErrorKind::kUnauthenticated},
    {"InvalidArgument", ErrorKind::kInvalidArgument},
    {"InvalidBucketName", ErrorKind::kInvalidArgument},
    {"InvalidDigest", ErrorKind::kCorrupted},
    {"InvalidObjectName", ErrorKind::kInvalidArgument},
    {"InvalidObjectState", ErrorKind::kArchived},
    // A part is missing or other than it was: the upload must begin anew.
    {"InvalidPart", ErrorKind::kCorrupted},
    {"InvalidRequest", ErrorKind::kInvalidArgument},
    {"InvalidSecurity", ErrorKind::kUnauthenticated},
    {"InvalidSignatureException", ErrorKind::kUnauthenticated},
    {"InvalidStorageClass", ErrorKind::kInvalidArgument},
    {"InvalidTag", ErrorKind::kInvalidArgument},
    {"InvalidToken", ErrorKind::kUnauthenticated},
    {"KeyTooLongError", ErrorKind::kInvalidArgument},
    {"MalformedXML", ErrorKind::kInvalidArgument},
    {"MetadataTooLarge", ErrorKind::kInvalidArgument},
    {"MethodNotAllowed", ErrorKind::kUnsupported},
    {"MissingAuthenticationToken", ErrorKind::kUnauthenticated},
    {"MissingSecurityHeader", ErrorKind::kUnauthenticated},
    {"NoSuchBucket", ErrorKind::kContainerNotFound},
    {"NoSuchKey", ErrorKind::kNotFound},
    {"NoSuchUpload", ErrorKind::kNotFound},
    {"NoSuchVersion", ErrorKind::kNotFound},
    {"NotImplemented", ErrorKind::kUnsupported},
    {"NotSignedUp", ErrorKind::kPermissionDenied},
    {"ObjectNotInActiveTierError", ErrorKind::kArchived},
    {"OperationAborted", ErrorKind::kConflict},
    {"PermanentRedirect", ErrorKind::kInvalidArgument},
    {"PreconditionFailed", ErrorKind::kPreconditionFailed},
    {"PriorRequestNotComplete", ErrorKind::kThrottled},
    {"QuotaExceeded", ErrorKind::kNoSpace},
    {"RequestExpired", ErrorKind::kUnauthenticated},
    {"RequestInTheFuture", ErrorKind::kUnauthenticated},
    {"RequestLimitExceeded", ErrorKind::kThrottled},
    {"RequestThrottled", ErrorKind::kThrottled},
    {"RequestThrottledException", ErrorKind::kThrottled},
    {"RequestTimeTooSkewed", ErrorKind::kUnauthenticated},
    {"RequestTimeout", ErrorKind::kUnavailable},
    {"ServiceUnavailable", ErrorKind::kUnavailable},
    {"SignatureDoesNotMatch", ErrorKind::kUnauthenticated},
    {"SlowDown", ErrorKind::kThrottled},
    {"SlowDownRead", ErrorKind::kThrottled},
    {"SlowDownWrite", ErrorKind::kThrottled},
    {"TemporaryRedirect", ErrorKind::kInvalidArgument},
    {"ThrottledException", ErrorKind::kThrottled},
    {"Throttling", ErrorKind::kThrottled},
    {"ThrottlingException", ErrorKind::kThrottled},
    {"TokenRefreshRequired", ErrorKind::kUnauthenticated},
    {"TooManyRequestsException", ErrorKind::kThrottled},
    {"XAdminUserNotFound", ErrorKind::kUnauthenticated},
    {"XAmzContentChecksumMismatch", ErrorKind::kCorrupted},
    {"XAmzContentSHA256Mismatch", ErrorKind::kCorrupted},
    {"XMinioObjectExistsAsDirectory", ErrorKind::kInvalidArgument},
    {"XMinioServerNotInitialized", ErrorKind::kUnavailable},
    {"XMinioStorageFull", ErrorKind::kNoSpace},
});
static_assert(IsSortedByCode(kCodes));

// A 404 without a code that says what is missing.
ErrorKind KindOfNotFound(const S3Error& error, const S3ErrorContext& context) {
  if (error.code.empty() && !context.head) return ErrorKind::kCorrupted;
  if (context.subject == S3Subject::kBucket) return ErrorKind::kContainerNotFound;
  return ErrorKind::kNotFound;
}

ErrorKind KindWithoutCode(int status, const S3Error& error, const S3ErrorContext& context) {
  if (status == 0) return ErrorKind::kUnavailable;  // An unknown code inside a 200 answer.
  if (status == 404) return KindOfNotFound(error, context);
  if (status == 409) {
    return error.code.empty() ? ErrorKind::kConflict : ErrorKind::kInvalidArgument;
  }
  if (const std::optional<ErrorKind> kind = KindOfStatus(status)) return *kind;
  // An answer without S3's error body, and every redirect that could not be followed, may be that
  // of a portal on the way.
  if (status < 400 || (error.code.empty() && !context.head)) return ErrorKind::kCorrupted;
  return ErrorKind::kInvalidArgument;
}

ErrorKind KindOf(int status, const S3Error& error, const S3ErrorContext& context) {
  ErrorKind kind = KindOfCode(kCodes, error.code).value_or(KindWithoutCode(status, error, context));
  // Replacing a version that is no longer there: AWS says 404, others 412.
  if (kind == ErrorKind::kNotFound && context.if_match && error.code != "NoSuchUpload") {
    kind = ErrorKind::kPreconditionFailed;
  }
  return kind;
}

std::string_view MessageOf(ErrorKind kind, const S3ErrorContext& context) {
  switch (kind) {
    case ErrorKind::kNotFound:
      return context.subject == S3Subject::kUpload ? "no such upload" : "no such object";
    case ErrorKind::kContainerNotFound:
      return "no such bucket";
    case ErrorKind::kPreconditionFailed:
      return ChangedMessage(context.changes, context.conditional);
    case ErrorKind::kCorrupted:
      return "the answer does not look like S3's";
    default:
      return MessageOfKind(kind);
  }
}

// What the service says itself is shown where our own words would hide it.
std::string MessageFor(ErrorKind kind, const S3Error& error, const S3ErrorContext& context) {
  const bool ours = kind != ErrorKind::kInvalidArgument && kind != ErrorKind::kUnauthenticated &&
                    kind != ErrorKind::kCorrupted && kind != ErrorKind::kUnsupported &&
                    kind != ErrorKind::kUnavailable && kind != ErrorKind::kAlreadyExists &&
                    kind != ErrorKind::kPermissionDenied;
  if (error.code == "InvalidRange") return "the range lies outside of the object";
  const std::string message(MessageOf(kind, context));
  if (ours || error.message.empty()) return message;
  if (kind == ErrorKind::kPermissionDenied) {
    return error.code == "AccessDenied" ? message : message + ": " + error.message;
  }
  if (kind == ErrorKind::kUnauthenticated) return message + ": " + error.message;
  return error.message;
}

bool MaybeApplied(int status, ErrorKind kind, const S3ErrorContext& context) {
  if (!context.changes) return false;
  if (status == 0) return kind == ErrorKind::kUnavailable;
  if (status >= 200 && status < 300) return true;
  if (status == 499) return true;  // The server ended early, nobody knows where.
  return status >= 500 && status != 501 && kind != ErrorKind::kThrottled;
}

bool Contains(std::string_view text, std::string_view part) {
  return AsciiLower(text).find(part) != std::string::npos;
}

}  // namespace

Status MapS3Error(int status, const S3Error& error, const S3ErrorContext& context) {
  const ErrorKind kind = KindOf(status, error, context);
  return Status(kind, MessageFor(kind, error, context))
      .WithProviderCode(error.code)
      .WithHttpStatus(status)
      .WithRequestId(error.request_id)
      .WithMaybeApplied(MaybeApplied(status, kind, context));
}

Status MapS3Answer(const HttpResponse& response, const S3Error& error,
                   const S3ErrorContext& context) {
  const bool inside_success = response.status >= 200 && response.status < 300;
  S3ErrorContext read = context;
  // S3 numbers its answers. A 400 without a number is that of something on the way, or of a server
  // that received no whole request.
  if (response.status == 400 && !response.headers.Find("x-amz-request-id")) read.head = false;
  Status mapped = MapS3Error(inside_success ? 0 : response.status, error, read)
                      .WithHttpStatus(response.status)
                      .WithRequestId(response.headers.Find("x-amz-request-id").value_or(""));
  if (const auto pause = RetryAfter(response.headers, {"x-amz-retry-after"})) {
    return std::move(mapped).WithRetryAfter(*pause);
  }
  return mapped;
}

bool RefusesChecksum(int status, const S3Error& error) {
  if (status != 400 && status != 501) return false;
  if (KindOfCode(kCodes, error.code) == ErrorKind::kCorrupted) return false;
  return status == 501 || error.code == "ExcessHeaderValues" || Contains(error.code, "checksum") ||
         Contains(error.message, "checksum") || Contains(error.message, "unsupported header") ||
         Contains(error.message, "content-sha256");
}

bool RefusesCondition(int status, const S3Error& error) {
  if (status == 501) return true;
  return status == 400 &&
         (Contains(error.message, "if-match") || Contains(error.message, "if-none-match"));
}

bool IsExpiredToken(const S3Error& error) {
  return error.code == "ExpiredToken" || error.code == "ExpiredTokenException" ||
         error.code == "InvalidToken" || error.code == "TokenRefreshRequired";
}

bool IsClockSkew(const S3Error& error) {
  return error.code == "RequestTimeTooSkewed" || error.code == "RequestExpired" ||
         error.code == "RequestInTheFuture";
}

bool MayBeClockSkew(const S3Error& error) {
  return error.code == "SignatureDoesNotMatch" || error.code == "InvalidSignatureException" ||
         error.code == "AuthFailure";
}

}  // namespace godwit

#include "lib/store/azure/azure_errors.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "lib/http/retry_after.h"
#include "lib/http/xml_reader.h"
#include "lib/store/service_errors.h"

namespace godwit {
namespace {

// Codes that are not here are judged by their HTTP status.
constexpr std::array kCodes = std::to_array<CodeKind>({
    {"APINotImplemented", ErrorKind::kUnsupported},
    {"AccountIsDisabled", ErrorKind::kPermissionDenied},
    {"AuthenticationFailed", ErrorKind::kUnauthenticated},
    {"AuthorizationFailure", ErrorKind::kUnauthenticated},
    {"AuthorizationPermissionMismatch", ErrorKind::kPermissionDenied},
    {"AuthorizationProtocolMismatch", ErrorKind::kPermissionDenied},
    {"AuthorizationResourceTypeMismatch", ErrorKind::kPermissionDenied},
    {"AuthorizationServiceMismatch", ErrorKind::kPermissionDenied},
    {"AuthorizationSourceIPMismatch", ErrorKind::kPermissionDenied},
    {"BlobAlreadyExists", ErrorKind::kPreconditionFailed},
    {"BlobArchived", ErrorKind::kArchived},
    {"BlobBeingRehydrated", ErrorKind::kArchived},
    {"BlobImmutableDueToPolicy", ErrorKind::kPermissionDenied},
    {"BlobNotFound", ErrorKind::kNotFound},
    {"BlobUsesCustomerSpecifiedEncryption", ErrorKind::kUnsupported},
    {"ConditionNotMet", ErrorKind::kPreconditionFailed},
    {"ContainerAlreadyExists", ErrorKind::kAlreadyExists},
    {"ContainerBeingDeleted", ErrorKind::kConflict},
    {"ContainerDisabled", ErrorKind::kPermissionDenied},
    {"ContainerNotFound", ErrorKind::kContainerNotFound},
    {"ContainerQuotaExceeded", ErrorKind::kNoSpace},
    {"Crc64Mismatch", ErrorKind::kCorrupted},
    {"FeatureNotSupported", ErrorKind::kUnsupported},
    {"InsufficientAccountPermissions", ErrorKind::kPermissionDenied},
    {"InternalError", ErrorKind::kUnavailable},
    {"InvalidAuthenticationInfo", ErrorKind::kUnauthenticated},
    // Another commit has swept the blocks away.
    {"InvalidBlockList", ErrorKind::kNotFound},
    {"InvalidRange", ErrorKind::kInvalidArgument},
    {"KeyBasedAuthenticationNotPermitted", ErrorKind::kUnauthenticated},
    {"LeaseIdMismatchWithBlobOperation", ErrorKind::kPermissionDenied},
    {"LeaseIdMissing", ErrorKind::kPermissionDenied},
    {"LeaseLost", ErrorKind::kPermissionDenied},
    {"Md5Mismatch", ErrorKind::kCorrupted},
    {"NoAuthenticationInformation", ErrorKind::kUnauthenticated},
    {"NotImplemented", ErrorKind::kUnsupported},
    {"OperationTimedOut", ErrorKind::kUnavailable},
    {"PendingCopyOperation", ErrorKind::kConflict},
    {"PublicAccessNotPermitted", ErrorKind::kUnauthenticated},
    {"ServerBusy", ErrorKind::kThrottled},
    {"SourceConditionNotMet", ErrorKind::kPreconditionFailed},
    {"TargetConditionNotMet", ErrorKind::kPreconditionFailed},
    {"TooManyRequests", ErrorKind::kThrottled},
    {"UnauthorizedBlobOverwrite", ErrorKind::kPermissionDenied},
    {"UnsupportedHttpVerb", ErrorKind::kUnsupported},
});
static_assert(IsSortedByCode(kCodes));

ErrorKind KindWithoutCode(int status, const AzureError& error, const AzureErrorContext& context) {
  if (status == 404) {
    // Azure names what is missing, also in the answer to a HEAD.
    if (error.code.empty()) return ErrorKind::kCorrupted;
    return context.container ? ErrorKind::kContainerNotFound : ErrorKind::kNotFound;
  }
  if (status == 409) {
    return error.code.empty() ? ErrorKind::kConflict : ErrorKind::kInvalidArgument;
  }
  if (const std::optional<ErrorKind> kind = KindOfStatus(status)) return *kind;
  // An answer without Azure's error, and every redirect, may be that of a portal on the way.
  if (status < 400 || error.code.empty()) return ErrorKind::kCorrupted;
  return ErrorKind::kInvalidArgument;
}

// Codes that say what to do about it, which the service's own words do not.
std::string_view MessageOfCode(std::string_view code) {
  if (code == "SnapshotsPresent") return "the blob has snapshots, which are left alone";
  if (code == "LeaseIdMissing") return "the blob is leased by someone else";
  if (code == "BlobImmutableDueToPolicy") return "an immutability policy protects the blob";
  if (code == "InvalidBlobType") return "an append or page blob is in the way";
  if (code == "InvalidRange") return "the range lies outside of the object";
  if (code == "DirectoryIsNotEmpty") return "the folder is not empty";
  if (code == "InvalidBlobOrBlock") {
    return "the blob has unfinished blocks of another program; they expire after a week";
  }
  if (code == "KeyBasedAuthenticationNotPermitted") return "the account does not allow its keys";
  return "";
}

std::string_view MessageOf(ErrorKind kind, const AzureErrorContext& context) {
  switch (kind) {
    case ErrorKind::kNotFound:
      return context.upload ? "no such upload" : "no such object";
    case ErrorKind::kContainerNotFound:
      return "no such container";
    case ErrorKind::kPreconditionFailed:
      return ChangedMessage(context.changes, context.conditional);
    case ErrorKind::kCorrupted:
      return "the answer does not look like Azure's";
    default:
      return MessageOfKind(kind);
  }
}

// Whether the service's own words, if there are any, say more than ours.
bool ShowsOwnWords(ErrorKind kind) {
  return kind == ErrorKind::kCorrupted || kind == ErrorKind::kUnsupported ||
         kind == ErrorKind::kInvalidArgument || kind == ErrorKind::kUnavailable ||
         kind == ErrorKind::kAlreadyExists;
}

std::string MessageFor(ErrorKind kind, const AzureError& error, const AzureErrorContext& context) {
  if (const std::string_view known = MessageOfCode(error.code); !known.empty()) {
    return std::string(known);
  }
  const std::string ours(MessageOf(kind, context));
  if (error.message.empty()) return ours;
  const bool both = kind == ErrorKind::kPermissionDenied || kind == ErrorKind::kUnauthenticated;
  if (both) return ours + ": " + error.message;
  return ShowsOwnWords(kind) ? error.message : ours;
}

bool MaybeApplied(int status, ErrorKind kind, const AzureErrorContext& context) {
  if (!context.changes) return false;
  if (status >= 200 && status < 300) return true;
  return status >= 500 && kind == ErrorKind::kUnavailable;
}

class ErrorReader final : public XmlHandler {
 public:
  void OnStart(std::string_view, int) override {}
  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    if (depth != 2) return;
    if (name == "Code") error.code = text;
    if (name == "Message") error.message = text;
  }
  AzureError error;
};

}  // namespace

AzureError ReadAzureError(const HttpResponse& response) {
  ErrorReader reader;
  if (!response.body.empty() && !ReadXml(response.body, "Error", reader).ok()) reader.error = {};
  AzureError error = std::move(reader.error);
  const std::string_view code = response.headers.Find("x-ms-error-code").value_or("");
  if (!code.empty()) error.code = code;
  // The lines behind the first repeat request id and time.
  error.message = error.message.substr(0, error.message.find('\n'));
  return error;
}

Status MapAzureError(int status, const AzureError& error, const AzureErrorContext& context) {
  const bool known = status >= 300;
  const ErrorKind by_status = KindWithoutCode(status, error, context);
  ErrorKind kind =
      known ? KindOfCode(kCodes, error.code).value_or(by_status) : ErrorKind::kCorrupted;
  // A read whose condition was lost to nothing new.
  if (status == 304) kind = ErrorKind::kNotModified;
  return Status(kind, MessageFor(kind, error, context))
      .WithProviderCode(error.code)
      .WithHttpStatus(status)
      .WithMaybeApplied(MaybeApplied(status, kind, context));
}

Status MapAzureAnswer(const HttpResponse& response, const AzureError& error,
                      const AzureErrorContext& context) {
  Status mapped = MapAzureError(response.status, error, context)
                      .WithRequestId(response.headers.Find("x-ms-request-id").value_or(""));
  if (const auto pause = RetryAfter(response.headers, {"retry-after-ms", "x-ms-retry-after-ms"})) {
    return std::move(mapped).WithRetryAfter(*pause);
  }
  return mapped;
}

bool IsExpiredAzureToken(int status, const AzureError& error) {
  return status == 401 || error.code == "InvalidAuthenticationInfo";
}

}  // namespace godwit

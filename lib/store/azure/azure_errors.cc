#include "lib/store/azure/azure_errors.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/xml_reader.h"

namespace godwit {
namespace {

struct CodeKind {
  std::string_view code;
  ErrorKind kind;
};

// Sorted by code. Codes that are not here are judged by their HTTP status.
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
static_assert(std::is_sorted(kCodes.begin(), kCodes.end(),
                             [](const CodeKind& a, const CodeKind& b) { return a.code < b.code; }));

std::optional<ErrorKind> KindOfCode(std::string_view code) {
  const auto* found = std::lower_bound(
      kCodes.begin(), kCodes.end(), code,
      [](const CodeKind& item, std::string_view name) { return item.code < name; });
  if (found == kCodes.end() || found->code != code) return std::nullopt;
  return found->kind;
}

ErrorKind KindOfStatus(int status, const AzureError& error, const AzureErrorContext& context) {
  switch (status) {
    case 304:
      return ErrorKind::kNotModified;
    case 401:
    case 407:
      return ErrorKind::kUnauthenticated;
    case 403:
      return ErrorKind::kPermissionDenied;
    case 404:
      // Azure names what is missing, also in the answer to a HEAD.
      if (error.code.empty()) return ErrorKind::kCorrupted;
      return context.container ? ErrorKind::kContainerNotFound : ErrorKind::kNotFound;
    case 405:
    case 501:
      return ErrorKind::kUnsupported;
    case 408:
      return ErrorKind::kUnavailable;
    case 409:
      return error.code.empty() ? ErrorKind::kConflict : ErrorKind::kInvalidArgument;
    case 412:
      return ErrorKind::kPreconditionFailed;
    case 429:
      return ErrorKind::kThrottled;
    case 507:
      return ErrorKind::kNoSpace;
    default:
      break;
  }
  if (status >= 500) return ErrorKind::kUnavailable;
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
      if (!context.changes) return "the object has changed";
      // Without a condition of its own, only a copy's pinned source is left.
      return context.conditional ? "the object at the target has changed"
                                 : "the source object has changed";
    case ErrorKind::kConflict:
      return "another change is under way";
    case ErrorKind::kThrottled:
      return "the service asks for fewer requests";
    case ErrorKind::kArchived:
      return "the object is in the archive tier and must be rehydrated first";
    case ErrorKind::kNoSpace:
      return "no space left at the service";
    default:
      return "";
  }
}

std::string_view FallbackOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kPermissionDenied:
      return "permission denied";
    case ErrorKind::kUnauthenticated:
      return "the service rejects the credentials";
    case ErrorKind::kCorrupted:
      return "the answer does not look like Azure's";
    case ErrorKind::kUnsupported:
      return "the service cannot do this";
    case ErrorKind::kInvalidArgument:
      return "the service refuses the request";
    default:
      return "the service failed";
  }
}

std::string MessageFor(ErrorKind kind, const AzureError& error, const AzureErrorContext& context) {
  std::string_view ours = MessageOfCode(error.code);
  if (ours.empty()) ours = MessageOf(kind, context);
  if (!ours.empty()) return std::string(ours);
  const std::string fallback(FallbackOf(kind));
  if (error.message.empty()) return fallback;
  const bool both = kind == ErrorKind::kPermissionDenied || kind == ErrorKind::kUnauthenticated;
  return both ? fallback + ": " + error.message : error.message;
}

bool MaybeApplied(int status, ErrorKind kind, const AzureErrorContext& context) {
  if (!context.changes) return false;
  if (status >= 200 && status < 300) return true;
  return status >= 500 && kind == ErrorKind::kUnavailable;
}

// "retry-after-ms" and "x-ms-retry-after-ms" in milliseconds, "Retry-After" in seconds.
std::optional<std::chrono::milliseconds> PauseOf(const HttpHeaders& headers) {
  constexpr std::uint64_t kPauseMax = 24 * 3600;
  for (const char* name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    if (const auto pause = headers.Find(name)) {
      const std::optional<std::uint64_t> millis = ParseUint64(*pause);
      if (millis.has_value()) return std::chrono::milliseconds(std::min(*millis, kPauseMax * 1000));
    }
  }
  const auto pause = headers.Find("retry-after");
  if (!pause.has_value()) return std::nullopt;
  if (const auto seconds = ParseUint64(*pause)) {
    return std::chrono::seconds(std::min(*seconds, kPauseMax));
  }
  const auto until = ParseHttpDate(*pause);
  const auto now = ParseHttpDate(headers.Find("date").value_or(""));
  if (!until.has_value() || !now.has_value() || until->time <= now->time) return std::nullopt;
  const auto span = std::chrono::ceil<std::chrono::milliseconds>(until->time - now->time);
  return std::min<std::chrono::milliseconds>(span, std::chrono::seconds(kPauseMax));
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
  const ErrorKind by_status = KindOfStatus(status, error, context);
  ErrorKind kind = known ? KindOfCode(error.code).value_or(by_status) : ErrorKind::kCorrupted;
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
  if (const auto pause = PauseOf(response.headers)) {
    return std::move(mapped).WithRetryAfter(*pause);
  }
  return mapped;
}

bool IsExpiredAzureToken(int status, const AzureError& error) {
  return status == 401 || error.code == "InvalidAuthenticationInfo";
}

}  // namespace godwit

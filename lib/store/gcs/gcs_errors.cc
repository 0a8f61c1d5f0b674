#include "lib/store/gcs/gcs_errors.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/ascii.h"
#include "lib/http/json_reader.h"
#include "lib/http/retry_after.h"
#include "lib/http/xml_document.h"
#include "lib/store/service_errors.h"

namespace godwit {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return AsciiLower(text).find(part) != std::string::npos;
}

bool IsAnyOf(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool SaysNoBucket(const GcsError& error) {
  return error.reason == "NoSuchBucket" ||
         (Contains(error.message, "bucket") && Contains(error.message, "not exist"));
}

bool SaysNoObject(const GcsError& error) {
  return error.reason == "NoSuchKey" || Contains(error.message, "no such object");
}

// The bytes are not those that their declared hash is of.
bool SaysWrongHash(const GcsError& error) {
  if (IsAnyOf(error.reason, {"BadDigest", "InvalidDigest"})) return true;
  return Contains(error.message, "crc32c") || Contains(error.message, "md5") ||
         Contains(error.message, "hash") || Contains(error.message, "checksum");
}

ErrorKind KindOfNotFound(const GcsError& error, const GcsErrorContext& context) {
  if (context.subject == GcsSubject::kUpload) {
    return SaysNoBucket(error) ? ErrorKind::kContainerNotFound : ErrorKind::kNotFound;
  }
  // Without the service's error body it may be the 404 of something on the way.
  if (!error.readable && !context.bare) return ErrorKind::kCorrupted;
  if (context.subject == GcsSubject::kBucket || SaysNoBucket(error)) {
    return ErrorKind::kContainerNotFound;
  }
  return ErrorKind::kNotFound;
}

ErrorKind KindOfForbidden(const GcsError& error) {
  if (IsAnyOf(error.reason, {"rateLimitExceeded", "userRateLimitExceeded"})) {
    return ErrorKind::kThrottled;
  }
  if (IsAnyOf(error.reason, {"quotaExceeded", "storageQuotaExceeded"})) return ErrorKind::kNoSpace;
  return ErrorKind::kPermissionDenied;
}

ErrorKind KindOf(int status, const GcsError& error, const GcsErrorContext& context) {
  const bool upload = context.subject == GcsSubject::kUpload;
  if (status == 403) return KindOfForbidden(error);
  if (status == 404) return KindOfNotFound(error, context);
  if (status == 409) {
    return context.subject == GcsSubject::kBucket ? ErrorKind::kAlreadyExists
                                                  : ErrorKind::kConflict;
  }
  if (status == 410 || status == 499) {
    return upload ? ErrorKind::kNotFound : ErrorKind::kInvalidArgument;
  }
  if (const std::optional<ErrorKind> kind = KindOfStatus(status)) return *kind;
  if (status < 400) return ErrorKind::kCorrupted;
  if (status == 400 && context.changes && SaysWrongHash(error)) return ErrorKind::kCorrupted;
  if (error.reason == "NoSuchUpload") return ErrorKind::kNotFound;
  if (!error.readable && !context.bare) return ErrorKind::kCorrupted;
  return ErrorKind::kInvalidArgument;
}

std::string_view MessageOf(ErrorKind kind, const GcsError& error, const GcsErrorContext& context) {
  switch (kind) {
    case ErrorKind::kNotFound:
      return context.subject == GcsSubject::kUpload ? "no such upload" : "no such object";
    case ErrorKind::kContainerNotFound:
      return "no such bucket";
    case ErrorKind::kPreconditionFailed:
      return ChangedMessage(context.changes, context.conditional);
    case ErrorKind::kCorrupted:
      return error.readable ? "the service received other bytes"
                            : "the answer does not look like Cloud Storage's";
    default:
      return MessageOfKind(kind);
  }
}

// With the service's own words where ours do not say it all.
std::string MessageFor(ErrorKind kind, const GcsError& error, const GcsErrorContext& context) {
  if (IsAnyOf(error.reason, {"UserProjectMissing", "userProjectMissing"}) ||
      Contains(error.message, "requester pays")) {
    return "the bucket bills the requester: set user_project on a remote of type gcs";
  }
  const std::string ours(MessageOf(kind, error, context));
  const bool enough = kind == ErrorKind::kNotFound || kind == ErrorKind::kContainerNotFound ||
                      kind == ErrorKind::kPreconditionFailed || kind == ErrorKind::kThrottled ||
                      (kind == ErrorKind::kCorrupted && !error.readable);
  return enough || error.message.empty() ? ours : ours + ": " + error.message;
}

bool MaybeApplied(int status, ErrorKind kind, const GcsErrorContext& context) {
  if (!context.changes) return false;
  if (status >= 200 && status < 300) return true;
  return (status >= 500 && status != 501) || (status == 408 && kind == ErrorKind::kUnavailable);
}

}  // namespace

GcsError ReadGcsError(std::string_view body) {
  GcsError error;
  if (body.starts_with('<')) {
    const Result<XmlDocument> document = ReadXmlDocument(body);
    if (!document.ok() || document->root != "Error") return error;
    error.readable = true;
    error.reason = document->Field("Code");
    error.message = document->Field("Message");
    return error;
  }
  const Result<JsonValue> json = body.empty() ? Result<JsonValue>(JsonValue()) : ReadJson(body);
  const JsonValue* inner = json.ok() ? json->Find("error") : nullptr;
  if (inner == nullptr || !inner->is_object()) return error;
  error.readable = true;
  error.message = inner->FindText("message").value_or("");
  const JsonValue* details = inner->Find("errors");
  if (details != nullptr && !details->items().empty()) {
    error.reason = details->items().front().FindText("reason").value_or("");
  }
  return error;
}

GcsError ReadGcsError(const HttpResponse& response) {
  GcsError error = ReadGcsError(response.body);
  // Media and upload requests answer some failures in plain text.
  const std::string_view type = response.headers.Find("content-type").value_or("");
  const bool is_plain = type.starts_with("text/plain") ||
                        response.body.starts_with("No such object") ||
                        response.body.starts_with("The specified bucket");
  if (!error.readable && is_plain && response.body.size() <= 1000) {
    error.message = EscapeForDisplay(response.body.substr(0, response.body.find('\n')));
  }
  return error;
}

Status MapGcsError(int status, const GcsError& error, const GcsErrorContext& context) {
  const ErrorKind kind = KindOf(status, error, context);
  return Status(kind, MessageFor(kind, error, context))
      .WithProviderCode(error.reason)
      .WithHttpStatus(status)
      .WithMaybeApplied(MaybeApplied(status, kind, context));
}

Status MapGcsAnswer(const HttpResponse& response, const GcsError& error,
                    const GcsErrorContext& context) {
  GcsErrorContext read = context;
  // A server that cannot tell where a request ends says so in plain text and hangs up.
  const std::string_view connection = response.headers.Find("connection").value_or("");
  if (response.status == 400 && EqualsIgnoreCase(connection, "close")) read.bare = false;
  Status mapped = MapGcsError(response.status, error, read)
                      .WithRequestId(response.headers.Find("x-guploader-uploadid").value_or(""));
  if (const auto pause = RetryAfter(response.headers))
    return std::move(mapped).WithRetryAfter(*pause);
  return mapped;
}

bool IsAmbiguousNotFound(int status, const GcsError& error, const GcsErrorContext& context) {
  if (status != 404 || context.subject != GcsSubject::kObject) return false;
  if (!error.readable && !context.bare) return false;
  return !SaysNoBucket(error) && !SaysNoObject(error);
}

}  // namespace godwit

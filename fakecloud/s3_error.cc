#include "fakecloud/s3_error.h"

#include <array>

namespace fakecloud {
namespace {

S3Error Make(int status, std::string_view code, std::string message) {
  return {status, std::string(code), std::move(message), {}, {}};
}

struct KnownCode {
  std::string_view code;
  int status;
  std::string_view message;
};
constexpr std::array<KnownCode, 20> kKnownCodes = {{
    {"AccessDenied", 403, "Access Denied"},
    {"ConditionalRequestConflict", 409, "A conflicting operation occurred. Please try again."},
    {"ExpiredToken", 400, "The provided token has expired."},
    {"InternalError", 500, "We encountered an internal error. Please try again."},
    {"InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist."},
    {"InvalidToken", 400, "The provided token is malformed or otherwise invalid."},
    {"MethodNotAllowed", 405, "The specified method is not allowed against this resource."},
    {"NoSuchBucket", 404, "The specified bucket does not exist"},
    {"NoSuchKey", 404, "The specified key does not exist."},
    {"NoSuchUpload", 404, "The specified upload does not exist."},
    {"NotImplemented", 501, "A header you provided implies functionality that is not implemented"},
    {"OperationAborted", 409, "A conflicting conditional operation is currently in progress."},
    {"PermanentRedirect", 301, "The bucket must be addressed using the specified endpoint."},
    {"PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold"},
    {"QuotaExceeded", 403, "The quota of this account is used up."},
    {"RequestTimeTooSkewed", 403,
     "The difference between the request time and the current time is "
     "too large."},
    {"RequestTimeout", 400,
     "Your socket connection to the server was not read from or written to "
     "within the timeout period. Idle connections will be closed."},
    {"ServiceUnavailable", 503, "Service is unable to handle request."},
    {"SignatureDoesNotMatch", 403,
     "The request signature we calculated does not match the "
     "signature you provided. Check your key and signing method."},
    {"SlowDown", 503, "Please reduce your request rate."},
}};

}  // namespace

S3Error AccessDenied(std::string message) { return Make(403, "AccessDenied", std::move(message)); }

S3Error InvalidArgument(std::string message, std::string_view name, std::string_view value) {
  return Make(400, "InvalidArgument", std::move(message))
      .With("ArgumentName", name)
      .With("ArgumentValue", value);
}

S3Error InvalidRequest(std::string message) {
  return Make(400, "InvalidRequest", std::move(message));
}

S3Error MalformedXml() {
  return Make(400, "MalformedXML",
              "The XML you provided was not well-formed or did not validate against our published "
              "schema");
}

S3Error NoSuchBucket(std::string_view bucket) {
  return ErrorByCode("NoSuchBucket").With("BucketName", bucket);
}

S3Error NoSuchKey(std::string_view key) { return ErrorByCode("NoSuchKey").With("Key", key); }

S3Error NoSuchUpload(std::string_view upload_id) {
  return Make(404, "NoSuchUpload",
              "The specified upload does not exist. The upload ID may be invalid, or the upload "
              "may have been aborted or completed.")
      .With("UploadId", upload_id);
}

S3Error NoSuchVersion(std::string_view key, std::string_view version_id) {
  return Make(404, "NoSuchVersion", "The specified version does not exist.")
      .With("Key", key)
      .With("VersionId", version_id);
}

S3Error NotImplemented(std::string_view header) {
  return ErrorByCode("NotImplemented").With("Header", header);
}

S3Error PreconditionFailed(std::string_view condition) {
  return ErrorByCode("PreconditionFailed").With("Condition", condition);
}

S3Error BadDigest(std::string message) { return Make(400, "BadDigest", std::move(message)); }

S3Error InvalidPart(std::string_view upload_id, std::string_view part_number) {
  return Make(400, "InvalidPart",
              "One or more of the specified parts could not be found.  The part may not have been "
              "uploaded, or the specified entity tag may not match the part's entity tag.")
      .With("UploadId", upload_id)
      .With("PartNumber", part_number);
}

S3Error IncompleteBody() {
  return Make(400, "IncompleteBody",
              "You did not provide the number of bytes specified by the Content-Length HTTP "
              "header");
}

S3Error InvalidObjectState(std::string_view storage_class) {
  return Make(403, "InvalidObjectState",
              "The operation is not valid for the object's storage class")
      .With("StorageClass", storage_class);
}

S3Error ErrorByCode(std::string_view code) {
  for (const KnownCode& known : kKnownCodes) {
    if (known.code == code) return Make(known.status, code, std::string(known.message));
  }
  return Make(500, code, "An error from the fault script.");
}

}  // namespace fakecloud

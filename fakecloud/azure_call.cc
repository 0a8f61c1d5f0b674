#include "fakecloud/azure_call.h"

#include <array>

#include "fakecloud/encoding.h"

namespace fakecloud {
namespace {

struct CodeRow {
  std::string_view code;
  int status;
  std::string_view message;
};
constexpr auto kCodes = std::to_array<CodeRow>({
    {"AuthenticationFailed", 403, "Server failed to authenticate the request."},
    {"AuthorizationFailure", 403, "This request is not authorized to perform this operation."},
    {"AuthorizationPermissionMismatch", 403, "The permission is not there."},
    {"BlobAlreadyExists", 409, "The specified blob already exists."},
    {"BlobArchived", 409, "This operation is not permitted on an archived blob."},
    {"BlobNotFound", 404, "The specified blob does not exist."},
    {"BothCrc64AndMd5HeaderPresent", 400, "Both digests are present."},
    {"CannotVerifyCopySource", 404, "The copy source cannot be read."},
    {"ConditionNotMet", 412,
     "The condition specified using HTTP conditional header(s) is not met."},
    {"ContainerAlreadyExists", 409, "The specified container already exists."},
    {"ContainerNotFound", 404, "The specified container does not exist."},
    {"Crc64Mismatch", 400, "The CRC64 value specified in the request did not match."},
    {"DirectoryIsNotEmpty", 409, "The directory is not empty."},
    {"InternalError", 500, "The server encountered an internal error."},
    {"InvalidAuthenticationInfo", 401, "Server failed to authenticate the request."},
    {"InvalidBlobOrBlock", 400, "The specified blob or block content is invalid."},
    {"InvalidBlockList", 400, "The specified block list is invalid."},
    {"InvalidHeaderValue", 400, "The value for one of the HTTP headers is not valid."},
    {"InvalidInput", 400, "One of the request inputs is not valid."},
    {"InvalidMd5", 400, "The MD5 value specified is invalid."},
    {"InvalidMetadata", 400, "The metadata specified is invalid."},
    {"InvalidQueryParameterValue", 400, "A query parameter is not valid."},
    {"InvalidRange", 416, "The range specified is invalid for the current size."},
    {"InvalidResourceName", 400, "The specified resource name is invalid."},
    {"InvalidUri", 400, "The requested URI does not represent any resource on the server."},
    {"Md5Mismatch", 400, "The MD5 value specified in the request did not match."},
    {"MetadataTooLarge", 400, "The size of the metadata exceeds the maximum."},
    {"MissingContentLengthHeader", 411, "Content-Length is missing."},
    {"NoAuthenticationInformation", 401, "Server failed to authenticate the request."},
    {"OperationTimedOut", 500, "The operation could not be completed within the permitted time."},
    {"OutOfRangeInput", 400, "One of the request inputs is out of range."},
    {"RequestBodyTooLarge", 413, "The request body is too large."},
    {"ResourceTypeMismatch", 409, "The specified resource type does not match."},
    {"ServerBusy", 503, "The server is busy."},
    {"SourceConditionNotMet", 412, "The source condition is not met."},
    {"UnsupportedHttpVerb", 405, "The resource doesn't support the specified HTTP verb."},
});

}  // namespace

const Fault* AzureCall::FindFault(FaultKind kind, FaultSide side) const {
  for (const Fault& fault : faults) {
    if (fault.kind == kind && fault.side == side) return &fault;
  }
  return nullptr;
}

AzureError AzureErrorByCode(std::string_view code) {
  for (const CodeRow& row : kCodes) {
    if (row.code == code) return {row.status, std::string(code), std::string(row.message), {}};
  }
  return {400, std::string(code), "An error.", {}};
}

Response AzureAnswer(int status) {
  Response response;
  response.status = status;
  return response;
}

Response AzureXml(std::string body) {
  Response response;
  response.headers.Add("Content-Type", "application/xml");
  response.text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>" + std::move(body);
  return response;
}

Response AzureErrorAnswer(const AzureCall& call, const AzureError& error) {
  Response response =
      AzureXml("<Error><Code>" + EscapeXml(error.code) + "</Code><Message>" +
               EscapeXml(error.message) + "\nRequestId:" + call.request_id + "</Message></Error>");
  response.status = error.status;
  response.headers.Add("x-ms-error-code", error.code);
  for (const auto& [name, value] : error.headers) response.headers.Add(name, value);
  if (call.request.method == "HEAD" || error.status == 304) {
    response.text.clear();
    response.headers.Remove("Content-Type");
  }
  return response;
}

void AddBlobVersion(const AzureBlob& blob, Response& response) {
  response.headers.Add("ETag", "\"" + blob.etag + "\"");
  response.headers.Add("Last-Modified", FormatHttpTime(blob.modified));
}

}  // namespace fakecloud

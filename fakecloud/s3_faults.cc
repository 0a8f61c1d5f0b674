#include "fakecloud/encoding.h"
#include "fakecloud/s3_objects.h"
#include "fakecloud/s3_service.h"
#include "fakecloud/wire_faults.h"

namespace fakecloud {
namespace {

std::string_view UsualCode(int status) {
  switch (status) {
    case 400:
      return "InvalidRequest";
    case 401:
    case 403:
      return "AccessDenied";
    case 404:
      return "NoSuchKey";
    case 405:
      return "MethodNotAllowed";
    case 408:
      return "RequestTimeout";
    case 409:
      return "OperationAborted";
    case 412:
      return "PreconditionFailed";
    case 429:
      return "TooManyRequests";
    case 501:
      return "NotImplemented";
    case 503:
      return "ServiceUnavailable";
    default:
      return "InternalError";
  }
}

Response StatusAnswer(const S3Call& call, const Fault& fault) {
  S3Error error = ErrorByCode(fault.code.empty() ? UsualCode(fault.status) : fault.code);
  error.status = fault.status;
  if (!fault.message.empty()) error.message = fault.message;
  if (fault.retry_after) {
    error.headers.emplace_back("Retry-After", std::to_string(*fault.retry_after));
  }
  return ErrorResponse(call, error);
}

Response OkWithError(const S3Call& call, const Fault& fault) {
  S3Error error = ErrorByCode(fault.code);
  if (!fault.message.empty()) error.message = fault.message;
  error.status = 200;
  return ErrorResponse(call, error);
}

Response Replacement(const Fault& fault) {
  Response response;
  response.status = fault.status;
  response.headers.Add("Content-Type", fault.type);
  response.text = *fault.text;
  return response;
}

Response Redirect(const S3Call& call, const Fault& fault) {
  const std::string host = fault.host.empty() ? std::string(call.Header("host")) : fault.host;
  S3Error error{fault.status,
                fault.status == 301 ? "PermanentRedirect" : "TemporaryRedirect",
                "Please re-send this request to the specified endpoint.",
                {{"Endpoint", host}, {"Bucket", call.bucket}},
                {}};
  if (!fault.host.empty() || !fault.scheme.empty()) {
    const std::string scheme =
        !fault.scheme.empty() ? fault.scheme : (call.request.tls ? "https" : "http");
    std::string location = scheme + "://" + host + call.request.path;
    if (!call.request.query.empty()) location += "?" + call.request.query;
    error.headers.emplace_back("Location", location);
  }
  if (!fault.region.empty()) error.headers.emplace_back("x-amz-bucket-region", fault.region);
  return ErrorResponse(call, error);
}

bool HasPerKeyErrors(const S3Call& call) { return call.operation == "DeleteObjects"; }

void DamageDigestHeaders(Headers& headers) {
  bool damaged = false;
  for (ChecksumKind kind : kChecksumKinds) {
    const std::string* value = headers.Find(ChecksumHeader(kind));
    if (value == nullptr) continue;
    headers.Set(ChecksumHeader(kind), DamagedValue(*value));
    damaged = true;
  }
  const std::string* etag = headers.Find("ETag");
  if (!damaged && etag != nullptr) headers.Set("ETag", DamagedValue(*etag));
}

void Swap(S3Context& context, const S3Call& call, const Fault& fault) {
  ObjectPtr old;
  {
    Storage::Access access = context.storage.Lock();
    const Bucket* bucket = access.Find(call.bucket);
    if (bucket != nullptr) old = bucket->Live(call.key);
  }
  if (!old) return;
  std::string bytes = fault.text.value_or(old->content.ToText());
  if (!fault.text) {
    for (char& c : bytes) c = static_cast<char>(~c);
  }
  ObjectVersion next = DigestedObject(bytes, call.now);
  next.headers = old->headers;
  Storage::Access access = context.storage.Lock();
  Bucket* bucket = access.Find(call.bucket);
  if (bucket != nullptr)
    bucket->Publish(call.key, std::make_shared<ObjectVersion>(std::move(next)),
                    context.storage.NextSerial());
}

void InsertSpaces(const Fault& fault, Response& response) {
  const std::size_t at = HasPrefix(response.text, kXmlHead) ? kXmlHead.size() : 0;
  response.text.insert(at, fault.count, ' ');
}

void Apply(S3Context& context, const S3Call& call, const Fault& fault, Response& response) {
  if (ApplyWireFault(fault, response)) return;
  const bool after = fault.when == FaultWhen::kAfter;
  switch (fault.kind) {
    case FaultKind::kStatus:
      if (after) response = StatusAnswer(call, fault);
      break;
    case FaultKind::kReplaceBody:
      if (after) response = Replacement(fault);
      break;
    case FaultKind::kOkWithError:
      if (after && !HasPerKeyErrors(call)) response = OkWithError(call, fault);
      break;
    case FaultKind::kWhitespace:
      InsertSpaces(fault, response);
      break;
    case FaultKind::kSwap:
      Swap(context, call, fault);
      break;
    case FaultKind::kCorrupt:
      DamageDigestHeaders(response.headers);
      break;
    default:
      break;
  }
}

}  // namespace

std::optional<Response> FaultBefore(const S3Call& call) {
  for (const Fault& fault : call.faults) {
    const bool before = fault.when == FaultWhen::kBefore;
    switch (fault.kind) {
      case FaultKind::kExpireCredentials:
      case FaultKind::kThrottle:
        return StatusAnswer(call, fault);
      case FaultKind::kStatus:
        if (before) return StatusAnswer(call, fault);
        break;
      case FaultKind::kLoseAnswer:
        if (before) return EmptyResponse(500);
        break;
      case FaultKind::kOkWithError:
        if (before && !HasPerKeyErrors(call)) return OkWithError(call, fault);
        break;
      case FaultKind::kReplaceBody:
        if (before) return Replacement(fault);
        break;
      case FaultKind::kRedirect:
        return Redirect(call, fault);
      default:
        break;
    }
  }
  return std::nullopt;
}

void FaultAfter(S3Context& context, const S3Call& call, Response& response) {
  for (const Fault& fault : call.faults) Apply(context, call, fault, response);
}

}  // namespace fakecloud

#include "fakecloud/azure_call.h"
#include "fakecloud/encoding.h"
#include "fakecloud/wire_faults.h"

namespace fakecloud {
namespace {

std::string_view UsualCode(int status) {
  switch (status) {
    case 401:
      return "InvalidAuthenticationInfo";
    case 403:
      return "AuthorizationFailure";
    case 404:
      return "BlobNotFound";
    case 409:
      return "BlobAlreadyExists";
    case 412:
      return "ConditionNotMet";
    case 503:
      return "ServerBusy";
    default:
      return status < 500 ? "InvalidInput" : "InternalError";
  }
}

Response StatusAnswer(const AzureCall& call, const Fault& fault) {
  AzureError error = AzureErrorByCode(fault.code.empty() ? UsualCode(fault.status) : fault.code);
  // Scripts that are written for every service name S3's codes for these.
  if (fault.kind == FaultKind::kThrottle) error = AzureErrorByCode("ServerBusy");
  if (fault.kind == FaultKind::kExpireCredentials) {
    error = AzureErrorByCode("InvalidAuthenticationInfo");
  } else if (fault.status != 0) {
    error.status = fault.status;
  }
  if (!fault.message.empty()) error.message = fault.message;
  if (fault.retry_after) {
    error.headers.emplace_back("Retry-After", std::to_string(*fault.retry_after));
  }
  return AzureErrorAnswer(call, error);
}

Response OkWithError(const AzureCall& call, const Fault& fault) {
  AzureError error = AzureErrorByCode(fault.code);
  error.status = 200;
  Response response = AzureErrorAnswer(call, error);
  response.headers.Remove("x-ms-error-code");
  return response;
}

Response Replacement(const Fault& fault) {
  Response response;
  response.status = fault.status;
  response.headers.Add("Content-Type", fault.type);
  response.text = *fault.text;
  return response;
}

Response Redirect(const AzureCall& call, const Fault& fault) {
  Response response = AzureAnswer(fault.status);
  const std::string host = fault.host.empty() ? std::string(call.Header("host")) : fault.host;
  response.headers.Add("Location", "http://" + host + call.request.path);
  return response;
}

// Another writer's blob takes the place of the old one behind the call's back; nothing of its
// metadata stays.
void Swap(AzureContext& context, const AzureCall& call, const Fault& fault) {
  AzureStorage::Access access = context.storage.Lock();
  AzureContainer* container = access.Find(call.container);
  const AzureBlobPtr old = container == nullptr ? nullptr : container->Find(call.blob);
  if (!old) return;
  std::string bytes = fault.text.value_or(old->content.ToText());
  if (!fault.text) {
    for (char& c : bytes) c = static_cast<char>(~c);
  }
  AzureBlob next;
  next.tier = old->tier;
  next.modified = old->modified;
  next.content = Content::FromText(bytes);
  next.etag = context.storage.NextEtag();
  container->blobs[call.blob] = std::make_shared<AzureBlob>(std::move(next));
}

void DamageDigestHeaders(Headers& headers) {
  bool damaged = false;
  for (const char* name : {"x-ms-content-crc64", "Content-MD5"}) {
    const std::string* value = headers.Find(name);
    if (value == nullptr) continue;
    headers.Set(name, DamagedValue(*value));
    damaged = true;
  }
  const std::string* etag = headers.Find("ETag");
  if (!damaged && etag != nullptr) headers.Set("ETag", DamagedValue(*etag));
}

}  // namespace

std::optional<Response> AzureFaultBefore(const AzureCall& call) {
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
        if (before) return AzureAnswer(500);
        break;
      case FaultKind::kOkWithError:
        if (before) return OkWithError(call, fault);
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

void AzureFaultAfter(AzureContext& context, const AzureCall& call, Response& response) {
  for (const Fault& fault : call.faults) {
    if (ApplyWireFault(fault, response)) continue;
    const bool after = fault.when == FaultWhen::kAfter;
    if (fault.kind == FaultKind::kStatus && after) response = StatusAnswer(call, fault);
    if (fault.kind == FaultKind::kReplaceBody && after) response = Replacement(fault);
    if (fault.kind == FaultKind::kOkWithError && after) response = OkWithError(call, fault);
    if (fault.kind == FaultKind::kWhitespace) response.text.insert(0, fault.count, ' ');
    if (fault.kind == FaultKind::kCorrupt) DamageDigestHeaders(response.headers);
    if (fault.kind == FaultKind::kSwap) Swap(context, call, fault);
  }
}

}  // namespace fakecloud

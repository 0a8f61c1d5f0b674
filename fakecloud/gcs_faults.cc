#include "fakecloud/encoding.h"
#include "fakecloud/gcs_service.h"
#include "fakecloud/wire_faults.h"

namespace fakecloud {
namespace {

std::string_view UsualReason(int status) {
  switch (status) {
    case 400:
      return "invalid";
    case 401:
      return "authError";
    case 403:
      return "forbidden";
    case 404:
      return "notFound";
    case 412:
      return "conditionNotMet";
    case 429:
      return "rateLimitExceeded";
    default:
      return "backendError";
  }
}

Response StatusAnswer(const GcsCall& call, int status, const Fault& fault) {
  // Codes that are S3's own name the reason that is usual here.
  const bool own = fault.code.empty() || fault.kind != FaultKind::kStatus;
  const std::string reason(own ? UsualReason(status) : std::string_view(fault.code));
  Response response = GcsErrorResponse(
      call, {status, reason, fault.message.empty() ? "A fault of the script." : fault.message});
  if (fault.retry_after) {
    response.headers.Add("Retry-After", std::to_string(*fault.retry_after));
  }
  return response;
}

Response Replacement(const Fault& fault) {
  Response response;
  response.status = fault.status;
  response.headers.Add("Content-Type", fault.type);
  response.text = *fault.text;
  return response;
}

Response OkWithError(const GcsCall& call, const Fault& fault) {
  Response response = StatusAnswer(call, 503, fault);
  response.status = 200;
  return response;
}

// The first digest of an answer becomes another one of the same form.
void DamageDigest(Response& response) {
  const std::string* header = response.headers.Find("x-goog-hash");
  if (header != nullptr) {
    response.headers.Set("x-goog-hash", "crc32c=AAAAAQ==");
    return;
  }
  constexpr std::string_view kMember = "\"crc32c\":\"";
  const std::size_t at = response.text.find(kMember);
  if (at != std::string::npos) response.text.replace(at + kMember.size(), 8, "AAAAAQ==");
}

// Another writer's object: nothing of the old one's metadata stays.
void Swap(GcsContext& context, const GcsCall& call, const Fault& fault) {
  GcsObject next;
  {
    const std::lock_guard lock(context.storage.mutex);
    GcsBucket* bucket = context.storage.Find(call.bucket);
    const GcsObjectPtr old = bucket == nullptr ? nullptr : bucket->Find(call.key);
    if (old == nullptr) return;
    next = *old;
  }
  std::string bytes = fault.text.value_or(next.content.ToText());
  if (!fault.text) {
    for (char& c : bytes) c = static_cast<char>(~c);
  }
  next.content = Content::FromText(bytes);
  next.metadata.clear();
  DigestGcs(next);
  PublishGcs(context, call.bucket, call.key, std::move(next), {}, call.now);
}

void Apply(GcsContext& context, const GcsCall& call, const Fault& fault, Response& response) {
  if (ApplyWireFault(fault, response)) return;
  const bool after = fault.when == FaultWhen::kAfter;
  switch (fault.kind) {
    case FaultKind::kStatus:
      if (after) response = StatusAnswer(call, fault.status, fault);
      break;
    case FaultKind::kReplaceBody:
      if (after) response = Replacement(fault);
      break;
    case FaultKind::kOkWithError:
      if (after && call.operation != "batch") response = OkWithError(call, fault);
      break;
    case FaultKind::kWhitespace:
      response.text.insert(0, fault.count, ' ');
      break;
    case FaultKind::kCorrupt:
      DamageDigest(response);
      break;
    case FaultKind::kSwap:
      Swap(context, call, fault);
      break;
    default:
      break;
  }
}

}  // namespace

std::optional<Response> GcsFaultBefore(const GcsCall& call) {
  for (const Fault& fault : call.faults) {
    const bool before = fault.when == FaultWhen::kBefore;
    switch (fault.kind) {
      case FaultKind::kExpireCredentials:
        return StatusAnswer(call, 401, fault);
      case FaultKind::kThrottle:
        return StatusAnswer(call, fault.status == 503 ? 429 : fault.status, fault);
      case FaultKind::kStatus:
        if (before) return StatusAnswer(call, fault.status, fault);
        break;
      case FaultKind::kLoseAnswer:
        if (before) return StatusAnswer(call, 500, fault);
        break;
      case FaultKind::kOkWithError:
        if (before && call.operation != "batch") return OkWithError(call, fault);
        break;
      case FaultKind::kReplaceBody:
        if (before) return Replacement(fault);
        break;
      case FaultKind::kRedirect: {
        Response response;
        response.status = fault.status;
        const std::string host = fault.host.empty() ? std::string(call.Header("host")) : fault.host;
        response.headers.Add("Location", "http://" + host + call.request.path);
        return response;
      }
      default:
        break;
    }
  }
  return std::nullopt;
}

void GcsFaultAfter(GcsContext& context, const GcsCall& call, Response& response) {
  for (const Fault& fault : call.faults) Apply(context, call, fault, response);
}

}  // namespace fakecloud

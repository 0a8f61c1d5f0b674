#include "fakecloud/gcs_service.h"

#include <atomic>
#include <ctime>

#include "fakecloud/encoding.h"

namespace fakecloud {

std::optional<GcsFailure> GcsService::Authorize(GcsCall& call) const {
  const std::string_view header = call.Header("authorization");
  if (HasPrefix(header, "Bearer ")) call.token = header.substr(7);
  // Whoever holds the address of a session may use it.
  if (HasPrefix(call.operation, "resumable.") && call.operation != "resumable.start" &&
      header.empty()) {
    return std::nullopt;
  }
  if (header.empty() && options_.require_token) {
    return GcsFailure{401, "required", "Anonymous caller does not have access."};
  }
  if (!header.empty() && !tokens_.Accepts(call.token)) {
    return GcsFailure{401, "authError", "Invalid Credentials"};
  }
  if (options_.foreign_buckets.contains(call.bucket)) {
    return GcsFailure{403, "forbidden", "The caller does not have access to the bucket."};
  }
  return std::nullopt;
}

void GcsService::MatchFaults(GcsCall& call) {
  RequestFacts facts;
  facts.service = "gcs";
  facts.operation = call.operation;
  facts.bucket = call.bucket;
  std::string session_key;
  if (HasPrefix(call.operation, "resumable.") && call.key.empty()) {
    const std::lock_guard lock(storage_.mutex);
    const auto found = storage_.sessions.find(call.query.Get("upload_id"));
    if (found != storage_.sessions.end()) session_key = found->second->key;
  }
  facts.key = !session_key.empty() ? std::string_view(session_key)
              : call.key.empty()   ? call.query.Get("prefix")
                                   : std::string_view(call.key);
  facts.page = call.page;
  facts.has_range = call.request.headers.Has("range");
  facts.credential = call.token;
  call.faults = faults_.Match(facts);
}

Response GcsService::CarryOut(GcsCall& call) {
  const GcsHandler handler = GcsHandlerOf(call.operation);
  if (handler == nullptr) return GcsErrorResponse(call, {404, "notFound", "Not Found"});
  GcsContext context{options_, storage_};
  GcsResult<Response> result = handler(context, call);
  if (const auto* failure = std::get_if<GcsFailure>(&result)) {
    return GcsErrorResponse(call, *failure);
  }
  return std::move(std::get<Response>(result));
}

Response GcsService::Answer(GcsCall& call) {
  if (GcsTokens::Serves(call.request.path)) {
    call.operation = "token";
  } else if (!RouteGcs(call)) {
    return GcsErrorResponse(call, {400, "invalid", "The path cannot be read."});
  }
  counters_.CountRequest(call.operation.empty() ? "Unknown" : call.operation);
  if (call.operation == "objects.list") {
    const std::string token = FromBase64(call.query.Get("pageToken")).value_or("");
    const auto page = ParseDecimal(std::string_view(token).substr(0, token.find(':')));
    call.page = static_cast<int>(page.value_or(1));
  }
  const bool sign_in = call.operation == "token";
  const std::optional<GcsFailure> refused = sign_in ? std::nullopt : Authorize(call);
  MatchFaults(call);
  std::optional<Response> instead = GcsFaultBefore(call);
  Response response = instead   ? std::move(*instead)
                      : sign_in ? tokens_.Handle(call)
                      : refused ? GcsErrorResponse(call, *refused)
                                : CarryOut(call);
  GcsContext context{options_, storage_};
  GcsFaultAfter(context, call, response);
  return response;
}

Response GcsService::Handle(Request& request) {
  static std::atomic<std::uint64_t> count{0};
  GcsCall call{request, {}, {}, {}, {}, {}, {}, false, 0, {}, {}, 0};
  call.now = static_cast<std::int64_t>(std::time(nullptr));
  Response response = Answer(call);
  response.headers.Add("X-GUploader-UploadID", "fakecloud" + std::to_string(++count));
  counters_.CountStatus(response.status);
  return response;
}

}  // namespace fakecloud

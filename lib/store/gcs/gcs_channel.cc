#include "lib/store/gcs/gcs_channel.h"

#include <utility>

#include "lib/store/call_check.h"
#include "lib/store/service_errors.h"

namespace godwit {

GcsChannel::GcsChannel(GcsConfig config, HttpTransport& transport, const Clock& clock, Log& log)
    : config_(std::move(config)), transport_(transport), clock_(clock), log_(log) {}

std::string GcsChannel::BucketName() const {
  return config_.name.empty() ? "gs://" + config_.bucket : config_.name;
}

std::string GcsChannel::ObjectName(std::string_view key) const {
  std::string name = BucketName();
  return key.empty() ? name : name.append("/").append(key);
}

Result<HttpResponse> GcsChannel::SendOnce(const CallContext& context, const GcsRequest& request,
                                          const Secret* token) const {
  GODWIT_RETURN_IF_ERROR(CheckCall(context, clock_.Now()));
  HttpRequest http;
  http.method = request.method;
  http.headers = request.headers;
  http.body = request.body;
  http.first_byte_timeout = request.first_byte_timeout;
  if (token != nullptr) http.headers.Add("Authorization", "Bearer " + token->Reveal());
  if (!config_.quota_project.empty() && token != nullptr) {
    http.headers.Add("x-goog-user-project", config_.quota_project);
  }
  std::string query = request.query;
  if (request.with_project && !config_.user_project.empty()) {
    AddParameter(query, "userProject", config_.user_project);
  }
  http.url = config_.endpoint + request.path;
  if (!query.empty()) {
    http.url.append(request.path.find('?') == std::string::npos ? "?" : "&").append(query);
  }
  context.Count(request.request_class);
  if (context.meter != nullptr) context.meter->CountSent(request.object_bytes);
  return transport_.Send(context, http,
                         [&request](const HttpResponse& head) -> Result<HttpBodyPlan> {
                           const bool success = head.status >= 200 && head.status < 300;
                           if (success && request.choose) return request.choose(head);
                           return HttpBodyPlan{};
                         });
}

Result<GcsChannel::Answer> GcsChannel::Exchange(const CallContext& context, GcsRequest& request) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context, clock_.Now()));
  const auto explained = [&](Status status) {
    return std::move(status).WithOperation(request.operation).WithObject(ObjectName(request.key));
  };
  Secret rejected;
  for (int renewals = 0;; ++renewals) {
    Secret token;
    if (config_.tokens != nullptr) {
      Result<Secret> given = config_.tokens->Token(context, rejected.empty() ? nullptr : &rejected);
      if (!given.ok()) {
        // What was refused before stays refused: nothing was applied by that.
        return std::move(given).status().WithOperation("sign in for").WithObject(BucketName());
      }
      token = std::move(*given);
    }
    Result<HttpResponse> response =
        SendOnce(context, request, config_.tokens != nullptr ? &token : nullptr);
    if (!response.ok()) return explained(std::move(response).status());
    Answer answer{std::move(*response), {}};
    if (answer.ok()) return answer;
    answer.error = ReadGcsError(answer.response);
    // Emulators answer some failures with nothing at all; a portal has something to show.
    if (!config_.is_google && answer.response.body.empty()) answer.error.readable = true;
    const bool again =
        answer.response.status == 401 && !token.empty() && renewals < kTokenRenewalsMax;
    if (!again) return answer;
    if (!request.resendable) {
      // The repetition finds another token.
      const Result<Secret> renewed = config_.tokens->Token(context, &token);
      if (!renewed.ok()) return answer;
      return explained(Status(ErrorKind::kUnavailable,
                              "the token has ended, and the body cannot be sent again"));
    }
    rejected = std::move(token);
  }
}

Result<HttpResponse> GcsChannel::Send(const CallContext& context, GcsRequest& request) {
  Result<Answer> answer = Exchange(context, request);
  if (!answer.ok()) return answer.status();
  if (!answer->ok()) return Failure(context, request, *answer);
  return std::move(answer->response);
}

Result<JsonValue> GcsChannel::SendForJson(const CallContext& context, GcsRequest& request) {
  const Result<HttpResponse> response = Send(context, request);
  if (!response.ok()) return response.status();
  return ReadJsonAnswer(request, *response);
}

Result<JsonValue> GcsChannel::ReadJsonAnswer(const GcsRequest& request,
                                             const HttpResponse& response) const {
  const std::string_view type = response.headers.Find("content-type").value_or("");
  if (!type.starts_with("application/json")) {
    return Explain(request, Status(ErrorKind::kCorrupted, "the answer is not Cloud Storage's: '" +
                                                              std::string(type.substr(0, 60)) +
                                                              "' instead of JSON")
                                .WithHttpStatus(response.status));
  }
  Result<JsonValue> json = ReadJson(response.body);
  if (!json.ok()) return Explain(request, json.status());
  if (!json->is_object()) {
    return Explain(request, Status(ErrorKind::kCorrupted, "the answer is no JSON object"));
  }
  return json;
}

Status GcsChannel::CheckBucket(const CallContext& context) {
  GcsRequest request;
  request.operation = "find";
  request.path = GcsBucketPath(config_.bucket);
  AddParameter(request.query, "fields", "name");
  request.errors.subject = GcsSubject::kBucket;
  Result<Answer> answer = Exchange(context, request);
  if (!answer.ok()) return answer.status();
  if (answer->ok()) return Status::Ok();
  return Failure(context, request, *answer);
}

Status GcsChannel::Failure(const CallContext& context, const GcsRequest& request,
                           const Answer& answer) {
  Status mapped = MapGcsAnswer(answer.response, answer.error, request.errors);
  if (IsAmbiguousNotFound(answer.response.status, answer.error, request.errors)) {
    // Who may not see the bucket is told about objects only.
    const Status bucket = CheckBucket(context);
    if (!bucket.ok() && !bucket.Is(ErrorKind::kPermissionDenied)) mapped = bucket;
  }
  const bool about_bucket =
      mapped.Is(ErrorKind::kContainerNotFound) || mapped.Is(ErrorKind::kUnauthenticated);
  return std::move(mapped)
      .WithOperation(request.operation)
      .WithObject(about_bucket ? BucketName() : ObjectName(request.key));
}

Status GcsChannel::Explain(const GcsRequest& request, Status status) const {
  const bool maybe = request.errors.changes && status.Is(ErrorKind::kCorrupted);
  return std::move(status)
      .WithOperation(request.operation)
      .WithObject(ObjectName(request.key))
      .WithMaybeApplied(maybe);
}

}  // namespace godwit

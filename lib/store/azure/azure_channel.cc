#include "lib/store/azure/azure_channel.h"

#include <chrono>
#include <utility>

#include "lib/auth/sigv4.h"
#include "lib/base/text.h"
#include "lib/store/call_check.h"
#include "lib/store/service_errors.h"

namespace godwit {
namespace {

using Kind = AzureCredential::Kind;

// The service reads a copy's source within the request, but may begin late.
constexpr std::chrono::hours kCopySasLife{4};

std::string_view HeaderOf(const HttpResponse& response, std::string_view name) {
  return response.headers.Find(name).value_or("");
}

bool IsResendable(const AzureRequest& request) {
  return request.body == nullptr || dynamic_cast<const MemorySource*>(request.body) != nullptr;
}

}  // namespace

AzureChannel::AzureChannel(AzureConfig config, AzureRoute route, std::shared_ptr<TokenCache> tokens,
                           HttpTransport& transport, const Clock& clock, Log& log)
    : config_(std::move(config)),
      route_(std::move(route)),
      tokens_(std::move(tokens)),
      transport_(transport),
      clock_(clock),
      log_(log) {
  const AzureCredential& credential = config_.account.credential;
  for (const Secret* secret : {&credential.key.key, &credential.sas, &credential.client_secret}) {
    if (!secret->empty()) log_.Redact(*secret);
  }
  if (!credential.key.key.empty()) log_.Redact(Secret(Base64Encode(credential.key.key.Reveal())));
}

std::string AzureChannel::ContainerName() const {
  return config_.name.empty() ? "az://" + config_.container : config_.name;
}

std::string AzureChannel::ObjectName(std::string_view key) const {
  std::string name = ContainerName();
  return key.empty() ? name : name.append("/").append(key);
}

std::string AzureChannel::PathOf(const AzureRequest& request) const {
  const std::string& container = request.container;
  return route_.PathOf(container.empty() ? config_.container : container, request.key);
}

std::string AzureChannel::QueryOf(const AzureRequest& request) const {
  const QueryParameters parameters(request.parameters.begin(), request.parameters.end());
  std::string query = CanonicalQuery(parameters);
  const Secret& sas = config_.account.credential.sas;
  if (sas.empty()) return query;
  return query.append(query.empty() ? "" : "&").append(sas.Reveal());
}

void AzureChannel::Authorize(const AzureRequest& request, std::string_view path,
                             const Secret& token, HttpHeaders& headers) const {
  headers.Set("x-ms-date", FormatHttpDate(clock_.WallNow()));
  const AzureCredential& credential = config_.account.credential;
  if (!token.empty()) headers.Set("Authorization", "Bearer " + token.Reveal());
  if (credential.kind != Kind::kSharedKey) return;
  SharedKeyRequest to_sign{request.method, path, {}, 0};
  to_sign.parameters.assign(request.parameters.begin(), request.parameters.end());
  to_sign.content_length = request.body == nullptr ? 0 : request.body->size_bytes();
  SignSharedKey(credential.key, to_sign, headers);
}

Result<Secret> AzureChannel::CurrentToken(const CallContext& context) {
  if (!config_.account.credential.uses_tokens()) return Secret();
  if (tokens_ == nullptr) return Status(ErrorKind::kInternal, "there is no source of tokens");
  Result<Secret> token = tokens_->Get(context);
  if (token.ok()) RedactToken(*token);
  return token;
}

void AzureChannel::RedactToken(const Secret& token) {
  const std::lock_guard lock(mutex_);
  if (token == redacted_) return;
  log_.Redact(token);
  redacted_ = token;
}

Result<HttpResponse> AzureChannel::SendOnce(const CallContext& context, const AzureRequest& request,
                                            const Secret& token) {
  GODWIT_RETURN_IF_ERROR(CheckCall(context, clock_.Now()));
  HttpRequest http;
  http.method = request.method;
  http.headers = request.headers;
  http.body = request.body;
  http.first_byte_timeout = request.first_byte_timeout;
  http.headers.Set("x-ms-version", config_.api_version);
  const std::string path = PathOf(request);
  Authorize(request, path, token, http.headers);
  http.url = route_.origin + path;
  const std::string query = QueryOf(request);
  if (!query.empty()) http.url.append("?").append(query);

  context.Count(request.request_class);
  if (context.meter != nullptr) context.meter->CountSent(request.object_bytes);
  return transport_.Send(context, http,
                         [&request](const HttpResponse& head) -> Result<HttpBodyPlan> {
                           const bool success = head.status >= 200 && head.status < 300;
                           const bool is_azure = head.headers.Find("x-ms-request-id").has_value();
                           if (success && is_azure && request.choose) return request.choose(head);
                           return HttpBodyPlan{};
                         });
}

// Every answer of Azure has an id, which that of a portal on the way has not.
Status AzureChannel::CheckLook(const AzureRequest& request, const HttpResponse& response) const {
  const bool success = response.status >= 200 && response.status < 300;
  const bool missing = response.status == 404;
  if (!success && !missing) return Status::Ok();
  if (!HeaderOf(response, "x-ms-request-id").empty()) return Status::Ok();
  return Explain(request, Status(ErrorKind::kCorrupted, "the answer does not look like Azure's")
                              .WithHttpStatus(response.status));
}

Result<AzureChannel::Answer> AzureChannel::Exchange(const CallContext& context,
                                                    AzureRequest& request) {
  const auto named = [&](Status status) {
    return std::move(status).WithOperation(request.operation).WithObject(ObjectName(request.key));
  };
  if (Status status = CheckCall(context, clock_.Now()); !status.ok()) return named(status);
  Result<Secret> token = CurrentToken(context);
  for (int renewals = 0;; ++renewals) {
    if (!token.ok()) return named(token.status());
    Result<HttpResponse> response = SendOnce(context, request, *token);
    if (!response.ok()) return named(response.status());
    Answer answer{std::move(*response), {}};
    GODWIT_RETURN_IF_ERROR(CheckLook(request, answer.response));
    if (answer.ok()) return answer;
    answer.error = ReadAzureError(answer.response);
    const bool expired =
        !token->empty() && IsExpiredAzureToken(answer.response.status, answer.error);
    if (!expired || renewals == kTokenRenewalsMax) return answer;
    token = tokens_->Replace(context, *token);
    if (!token.ok()) return answer;
    RedactToken(*token);
    if (!IsResendable(request)) {
      return Explain(request,
                     Status(ErrorKind::kUnavailable, "the token has ended, and the body is gone"));
    }
  }
}

Result<HttpResponse> AzureChannel::Send(const CallContext& context, AzureRequest& request) {
  Result<Answer> answer = Exchange(context, request);
  if (!answer.ok()) return answer.status();
  if (!answer->ok()) return Failure(request, *answer);
  return std::move(answer->response);
}

Status AzureChannel::Failure(const AzureRequest& request, const Answer& answer) const {
  Status status = MapAzureAnswer(answer.response, answer.error, request.errors)
                      .WithOperation(request.operation)
                      .WithObject(ObjectName(request.key));
  const auto server = ParseHttpDate(HeaderOf(answer.response, "date"));
  if (answer.error.code != "AuthenticationFailed" || !server.has_value()) return status;
  const auto off =
      std::chrono::round<std::chrono::minutes>(server->time - clock_.WallNow()).count();
  if (off > -5 && off < 5) return status;
  log_.WarnOnce("clock", "this machine's clock differs from the service's by " +
                             std::to_string(off) + " minutes, which Azure does not accept");
  return status;
}

Status AzureChannel::Explain(const AzureRequest& request, Status status) const {
  const bool maybe = request.errors.changes;
  return std::move(status)
      .WithOperation(request.operation)
      .WithObject(ObjectName(request.key))
      .WithMaybeApplied(maybe);
}

Result<AzureChannel::SubRequest> AzureChannel::MakeSubRequest(const CallContext& context,
                                                              const AzureRequest& request) {
  const Result<Secret> token = CurrentToken(context);
  if (!token.ok()) return token.status();
  SubRequest sub;
  const std::string path = PathOf(request);
  sub.headers = request.headers;
  Authorize(request, path, *token, sub.headers);
  sub.headers.Set("Content-Length", "0");
  const std::string query = QueryOf(request);
  sub.target = query.empty() ? path : path + "?" + query;
  return sub;
}

Result<std::string> AzureChannel::CopySourceUrl(const CallContext& context,
                                                const CopySource& source, AzureRequest& request) {
  const AzureCredential& credential = config_.account.credential;
  std::string url = route_.origin + route_.PathOf(source.container, source.key);
  if (credential.kind == Kind::kSas) url += "?" + credential.sas.Reveal();
  if (credential.kind == Kind::kSharedKey) {
    url += "?" + MakeReadSas(credential.key, source.container, source.key,
                             clock_.WallNow() + kCopySasLife);
  }
  const Result<Secret> token = CurrentToken(context);
  if (!token.ok()) return token.status();
  if (!token->empty()) {
    request.headers.Set("x-ms-copy-source-authorization", "Bearer " + token->Reveal());
  }
  return url;
}

}  // namespace godwit

#include "lib/auth/google_token.h"

#include <chrono>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/json_reader.h"

namespace godwit {
namespace {

constexpr std::chrono::seconds kLifeMax{24 * 3600};

std::string FormText(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(PercentEncode(value, false));
  }
  return text;
}

Status Explained(Status status, const GoogleAccount& account) {
  return std::move(status).WithOperation("get a Google token with").WithObject(account.source);
}

// What the token endpoint says in its error body; never more than its two known fields.
Status RefusalOf(const HttpResponse& response, const GoogleAccount& account) {
  const Result<JsonValue> body = ReadJson(response.body);
  const std::string error(body.ok() ? body->FindText("error").value_or("") : "");
  const std::string description(body.ok() ? body->FindText("error_description").value_or("") : "");
  ErrorKind kind = ErrorKind::kUnauthenticated;
  if (response.status == 429) kind = ErrorKind::kThrottled;
  if (response.status == 408 || response.status >= 500) kind = ErrorKind::kUnavailable;
  if (response.status < 400) kind = ErrorKind::kCorrupted;
  std::string message = description.empty() ? "no token was given" : description;
  if (error == "invalid_grant" && account.kind == GoogleAccount::Kind::kAuthorizedUser) {
    message += "; run `gcloud auth application-default login`";
  }
  return Explained(Status(kind, message).WithProviderCode(error).WithHttpStatus(response.status),
                   account);
}

Result<AccessToken> ReadToken(const HttpResponse& response, Timestamp now,
                              const GoogleAccount& account) {
  if (response.status != 200) return RefusalOf(response, account);
  const Result<JsonValue> body = ReadJson(response.body);
  const std::string token(body.ok() ? body->FindText("access_token").value_or("") : "");
  const std::optional<std::uint64_t> life =
      body.ok() ? body->FindUint64("expires_in") : std::nullopt;
  const bool printable = token.find_first_not_of(
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                             "-._~+/=") == std::string::npos;
  if (token.empty() || !printable || !life.has_value()) {
    return Explained(Status(ErrorKind::kCorrupted, "the answer is not a token"), account);
  }
  const std::chrono::seconds kept =
      std::min(kLifeMax, std::chrono::seconds(std::min<std::uint64_t>(*life, 1U << 30)));
  AccessToken access;
  access.token = Secret(token);
  access.expires = now + kept;
  return access;
}

Result<HttpResponse> AskMetadataServer(const CallContext& context, const GoogleAccount& account,
                                       std::string_view scope, HttpTransport& transport) {
  HttpRequest request;
  request.url = account.token_url +
                "/computeMetadata/v1/instance/service-accounts/default/token?scopes=" +
                PercentEncode(scope, false);
  request.headers.Add("Metadata-Flavor", "Google");
  request.first_byte_timeout = std::chrono::seconds(3);
  Result<HttpResponse> response = transport.Send(context, request, nullptr);
  const std::string nothing =
      "no Google credentials: GOOGLE_APPLICATION_CREDENTIALS is not set, there is no file of "
      "`gcloud auth application-default login`, and ";
  if (response.status().Is(ErrorKind::kUnreachable)) {
    return Status(ErrorKind::kUnauthenticated, nothing + "this is not a machine of Google's");
  }
  if (!response.ok()) return response;
  // Whoever answers at that address without the header is somebody else.
  if (response->headers.Find("metadata-flavor").value_or("") != "Google") {
    return Status(ErrorKind::kUnauthenticated,
                  nothing + "what answers as metadata server is not Google's");
  }
  return response;
}

Result<std::string> GrantForm(const GoogleAccount& account, std::string_view scope, Timestamp now) {
  if (account.kind == GoogleAccount::Kind::kAuthorizedUser) {
    return FormText({{"grant_type", "refresh_token"},
                     {"client_id", account.client_id},
                     {"client_secret", account.client_secret.Reveal()},
                     {"refresh_token", account.refresh_token.Reveal()}});
  }
  const Result<std::string> jwt = MakeGoogleJwt(account, scope, now);
  if (!jwt.ok()) return jwt.status();
  return FormText(
      {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", *jwt}});
}

}  // namespace

Result<AccessToken> FetchGoogleToken(const CallContext& context, const GoogleAccount& account,
                                     std::string_view scope, Timestamp now,
                                     HttpTransport& transport) {
  if (account.kind == GoogleAccount::Kind::kMetadataServer) {
    const Result<HttpResponse> response = AskMetadataServer(context, account, scope, transport);
    if (!response.ok()) return Explained(response.status(), account);
    return ReadToken(*response, now, account);
  }
  const Result<std::string> form = GrantForm(account, scope, now);
  if (!form.ok()) return form.status();
  MemorySource body(std::as_bytes(std::span(*form)));
  HttpRequest request;
  request.method = HttpMethod::kPost;
  request.url = account.token_url;
  request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
  request.body = &body;
  const Result<HttpResponse> response = transport.Send(context, request, nullptr);
  if (!response.ok()) return Explained(response.status(), account);
  return ReadToken(*response, now, account);
}

GoogleTokenSource::GoogleTokenSource(Options options, const Clock& clock, Log& log)
    : options_(std::move(options)),
      clock_(clock),
      log_(log),
      tokens_([this](const CallContext& context) { return Fetch(context); }, clock) {}

Result<GoogleAccount> GoogleTokenSource::Account() {
  const std::lock_guard lock(mutex_);
  if (account_.has_value()) return *account_;
  Result<GoogleAccount> found =
      FindGoogleAccount(options_.credentials_file, options_.environment, options_.read_file);
  if (!found.ok()) return found;
  for (const Secret* secret : {&found->private_key, &found->client_secret, &found->refresh_token}) {
    if (!secret->empty()) log_.Redact(*secret);
  }
  account_ = *found;
  return found;
}

Result<Secret> GoogleTokenSource::Token(const CallContext& context, const Secret* rejected) {
  return rejected == nullptr ? tokens_.Get(context) : tokens_.Replace(context, *rejected);
}

Result<AccessToken> GoogleTokenSource::Fetch(const CallContext& context) {
  const Result<GoogleAccount> account = Account();
  if (!account.ok()) return account.status();
  Result<AccessToken> fetched =
      FetchGoogleToken(context, *account, options_.scope, clock_.WallNow(), *options_.transport);
  if (fetched.ok()) log_.Redact(fetched->token);
  return fetched;
}

}  // namespace godwit

// Tokens of Entra ID, for AzureCredential.

#include <chrono>
#include <optional>
#include <utility>

#include "lib/auth/azure_credentials.h"
#include "lib/base/text.h"
#include "lib/http/json_reader.h"

namespace godwit {
namespace {

using std::chrono::seconds;

constexpr std::string_view kResource = "https://storage.azure.com";
// A token that lives so long is renewed at half of its life.
constexpr seconds kLongLife{2 * 3600};
constexpr seconds kShortLifeSpare{300};
constexpr std::uint64_t kLifeMax = 7 * 24 * 3600;

Status SignInFailed(const AzureCredential& credential, Status status) {
  const std::string_view whom = credential.kind == AzureCredential::Kind::kClientSecret
                                    ? "Entra ID"
                                    : "the machine's managed identity";
  return std::move(status).WithOperation("sign in with").WithObject(whom);
}

HttpRequest ClientSecretRequest(const AzureCredential& credential) {
  HttpRequest request;
  request.method = HttpMethod::kPost;
  request.url =
      credential.authority + "/" + PercentEncode(credential.tenant, false) + "/oauth2/v2.0/token";
  request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
  request.headers.Add("Accept", "application/json");
  return request;
}

std::string ClientSecretForm(const AzureCredential& credential) {
  return "grant_type=client_credentials&client_id=" + PercentEncode(credential.client_id, false) +
         "&client_secret=" + PercentEncode(credential.client_secret.Reveal(), false) +
         "&scope=" + PercentEncode(std::string(kResource) + "/.default", false);
}

HttpRequest IdentityRequest(const AzureCredential& credential) {
  HttpRequest request;
  request.url = credential.identity_endpoint +
                "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=" +
                PercentEncode(kResource, false);
  if (!credential.client_id.empty()) {
    request.url += "&client_id=" + PercentEncode(credential.client_id, false);
  }
  request.headers.Add("Metadata", "true");
  return request;
}

// What the service says itself, without the token or the secret that it may repeat.
std::string ProblemOf(const Result<JsonValue>& json) {
  if (!json.ok()) return "";
  const auto code = json->FindText("error");
  return code.has_value() ? ": " + EscapeForDisplay(code->substr(0, 100)) : "";
}

Status FailureOf(const HttpResponse& response) {
  const std::string problem = ProblemOf(ReadJson(response.body));
  if (response.status == 429) return Status(ErrorKind::kThrottled, "too many token requests");
  if (response.status >= 500 || response.status == 408 || response.status == 410) {
    return Status(ErrorKind::kUnavailable, "the token service failed" + problem);
  }
  return Status(ErrorKind::kUnauthenticated, "no token was given" + problem)
      .WithHttpStatus(response.status);
}

Result<AccessToken> ReadToken(std::string_view body, Timestamp now) {
  const Result<JsonValue> json = ReadJson(body);
  const auto token = json.ok() ? json->FindText("access_token") : std::nullopt;
  if (!token.has_value() || token->empty()) {
    return Status(ErrorKind::kCorrupted, "the answer does not look like the token service's");
  }
  AccessToken access;
  access.token = Secret(std::string(*token));
  std::optional<std::uint64_t> life = json->FindUint64("expires_in");
  const std::optional<std::uint64_t> end = json->FindUint64("expires_on");
  const auto now_s = std::chrono::floor<seconds>(now.time_since_epoch()).count();
  if (!life.has_value() && end.has_value() && static_cast<std::int64_t>(*end) > now_s) {
    life = *end - static_cast<std::uint64_t>(now_s);
  }
  const seconds lasts(static_cast<std::int64_t>(std::min(life.value_or(0), kLifeMax)));
  access.expires = now + lasts;
  const auto wish = json->FindUint64("refresh_in");
  if (wish.has_value() && *wish < kLifeMax) {
    access.refresh_from = now + seconds(static_cast<std::int64_t>(*wish));
  } else {
    access.refresh_from = now + (lasts >= kLongLife ? lasts / 2 : lasts - kShortLifeSpare);
  }
  return access;
}

Result<AccessToken> FetchToken(const CallContext& context, const AzureCredential& credential,
                               HttpTransport& transport, const Clock& clock) {
  const bool by_secret = credential.kind == AzureCredential::Kind::kClientSecret;
  HttpRequest request = by_secret ? ClientSecretRequest(credential) : IdentityRequest(credential);
  const std::string form = by_secret ? ClientSecretForm(credential) : "";
  MemorySource body(std::as_bytes(std::span(form)));
  if (by_secret) request.body = &body;
  const Timestamp now = clock.WallNow();
  const Result<HttpResponse> response = transport.Send(context, request, nullptr);
  if (!response.ok()) {
    // A machine without an identity service is one without credentials.
    const bool absent = !by_secret && (response.status().Is(ErrorKind::kUnreachable) ||
                                       response.status().Is(ErrorKind::kTimeout));
    if (!absent) return SignInFailed(credential, response.status());
    return Status(ErrorKind::kUnauthenticated,
                  "no Azure credentials: tried AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, "
                  "AZURE_CLIENT_SECRET and the identity of this machine");
  }
  if (response->status != 200) return SignInFailed(credential, FailureOf(*response));
  Result<AccessToken> token = ReadToken(response->body, now);
  if (!token.ok()) return SignInFailed(credential, token.status());
  return token;
}

}  // namespace

std::shared_ptr<TokenCache> MakeAzureTokens(const AzureCredential& credential,
                                            HttpTransport& transport, const Clock& clock) {
  return std::make_shared<TokenCache>(
      [credential, &transport, &clock](const CallContext& context) {
        return FetchToken(context, credential, transport, clock);
      },
      clock);
}

}  // namespace godwit

#include "fakecloud/gcs_token.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>

#include "fakecloud/encoding.h"
#include "fakecloud/gcs_resource.h"

namespace fakecloud {
namespace {

constexpr std::string_view kMetadataPath =
    "/computeMetadata/v1/instance/service-accounts/default/token";
constexpr std::uint64_t kFormBytesMax = 64 << 10;
constexpr std::int64_t kLifeSeconds = 3600;

Response Refusal(std::string_view error, std::string_view description) {
  Response response = GcsJson("{\"error\":" + JsonQuoted(error) +
                              ",\"error_description\":" + JsonQuoted(description) + "}");
  response.status = 400;
  return response;
}

std::optional<std::string> FromBase64Url(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  while (plain.size() % 4 != 0) plain += '=';
  return FromBase64(plain);
}

bool Verifies(const std::string& public_key, std::string_view message,
              const std::string& signature) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(public_key.data(), static_cast<int>(public_key.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  if (key == nullptr ||
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) {
    return false;
  }
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

}  // namespace

bool GcsTokens::Serves(std::string_view path) {
  return path == "/token" || HasPrefix(path, "/computeMetadata/");
}

bool GcsTokens::Accepts(const std::string& token) const {
  const std::lock_guard lock(mutex_);
  return token == options_.token || issued_.contains(token);
}

void GcsTokens::Reset() {
  const std::lock_guard lock(mutex_);
  issued_.clear();
}

std::string GcsTokens::Issue() {
  const std::lock_guard lock(mutex_);
  const std::string token = "ya29.issued-" + std::to_string(issued_.size() + 1);
  issued_.insert(token);
  return "{\"access_token\":" + JsonQuoted(token) +
         ",\"expires_in\":" + std::to_string(kLifeSeconds) + ",\"token_type\":\"Bearer\"}";
}

std::string GcsTokens::JudgeAssertion(std::string_view assertion, std::int64_t now) const {
  const std::vector<std::string_view> parts = Split(assertion, '.');
  if (parts.size() != 3) return "not a JWT";
  const auto header = FromBase64Url(parts[0]);
  const auto claims = FromBase64Url(parts[1]);
  const auto signature = FromBase64Url(parts[2]);
  if (!header || !claims || !signature) return "not a JWT";
  if (JsonMember(*header, "alg") != "RS256") return "not signed with RS256";
  const std::string_view message = assertion.substr(0, assertion.rfind('.'));
  if (!Verifies(options_.public_key, message, *signature)) return "Invalid JWT Signature.";
  const auto issued = ParseDecimal(JsonMember(*claims, "iat").value_or(""));
  const auto ends = ParseDecimal(JsonMember(*claims, "exp").value_or(""));
  if (!issued || !ends || *ends <= *issued || *ends - *issued > 3600) return "Invalid times.";
  const auto time = static_cast<std::uint64_t>(now);
  if (*ends < time || *issued > time + 300) return "The JWT is not valid now.";
  if (JsonMember(*claims, "iss").value_or("").empty()) return "No issuer.";
  if (JsonMember(*claims, "scope").value_or("").empty()) return "No scope.";
  if (!JsonMember(*claims, "aud").value_or("").ends_with("/token")) return "Another audience.";
  return "";
}

Response GcsTokens::Grant(const std::string& body, std::int64_t now) {
  const std::optional<QueryParams> form = QueryParams::Parse(body);
  if (!form) return Refusal("invalid_request", "The form is malformed.");
  const std::string_view grant = form->Get("grant_type");
  if (grant == "refresh_token") {
    if (form->Get("refresh_token") == options_.refresh_token) return GcsJson(Issue());
    return Refusal("invalid_grant", "Token has been expired or revoked.");
  }
  if (grant != "urn:ietf:params:oauth:grant-type:jwt-bearer") {
    return Refusal("unsupported_grant_type", "Invalid grant_type");
  }
  const std::string why = JudgeAssertion(form->Get("assertion"), now);
  return why.empty() ? GcsJson(Issue()) : Refusal("invalid_grant", why);
}

Response GcsTokens::Handle(GcsCall& call) {
  if (call.request.path == kMetadataPath && call.Header("metadata-flavor") == "Google") {
    Response response = GcsJson(Issue());
    response.headers.Add("Metadata-Flavor", "Google");
    return response;
  }
  if (call.request.path != "/token" || call.request.method != "POST") {
    return GcsErrorResponse(call, {403, "forbidden", "Missing Metadata-Flavor:Google header."});
  }
  const std::optional<std::string> body = ReadGcsBody(call, kFormBytesMax);
  return Grant(body.value_or(""), call.now);
}

}  // namespace fakecloud

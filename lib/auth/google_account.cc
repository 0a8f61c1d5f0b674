#include "lib/auth/google_account.h"

#include <array>
#include <chrono>
#include <utility>

#include "lib/base/text.h"
#include "lib/crypto/rsa.h"
#include "lib/crypto/sha256.h"
#include "lib/http/json_reader.h"
#include "lib/http/json_writer.h"
#include "lib/http/url.h"

namespace godwit {
namespace {

constexpr std::string_view kTokenUrl = "https://oauth2.googleapis.com/token";
constexpr std::string_view kUniverse = "googleapis.com";
constexpr std::chrono::seconds kJwtLife{3600};

Status Unusable(const std::string& path, const std::string& why) {
  return Status(ErrorKind::kInvalidArgument, why)
      .WithOperation("read the Google credentials in")
      .WithObject(path);
}

std::string TextOf(const JsonValue& file, std::string_view name) {
  return std::string(file.FindText(name).value_or(""));
}

// The endpoint gets what is as good as a password: only over TLS, or within this machine.
Status CheckTokenUrl(const std::string& url, const std::string& path) {
  const Result<Url> parsed = Url::Parse(url);
  if (!parsed.ok()) return Unusable(path, "token_uri is not a URL");
  if (parsed->scheme == "https" || parsed->IsLoopback()) return Status::Ok();
  return Unusable(path, "token_uri must be an https address");
}

Result<GoogleAccount> ReadServiceAccount(const JsonValue& file, const std::string& path) {
  GoogleAccount account;
  account.kind = GoogleAccount::Kind::kServiceAccount;
  account.client_email = TextOf(file, "client_email");
  account.private_key_id = TextOf(file, "private_key_id");
  account.private_key = Secret(TextOf(file, "private_key"));
  account.project = TextOf(file, "project_id");
  account.token_url = TextOf(file, "token_uri");
  if (account.client_email.empty() || account.private_key.empty()) {
    return Unusable(path, "client_email or private_key is missing");
  }
  return account;
}

Result<GoogleAccount> ReadAuthorizedUser(const JsonValue& file, const std::string& path) {
  GoogleAccount account;
  account.kind = GoogleAccount::Kind::kAuthorizedUser;
  account.client_id = TextOf(file, "client_id");
  account.client_secret = Secret(TextOf(file, "client_secret"));
  account.refresh_token = Secret(TextOf(file, "refresh_token"));
  account.token_url = TextOf(file, "token_uri");
  if (account.client_id.empty() || account.client_secret.empty() || account.refresh_token.empty()) {
    return Unusable(path, "client_id, client_secret or refresh_token is missing");
  }
  return account;
}

std::string Variable(const Environment& environment, std::string_view name) {
  return environment(name).value_or("");
}

std::string GcloudFile(const Environment& environment) {
  std::string folder = Variable(environment, "CLOUDSDK_CONFIG");
  if (folder.empty()) {
    const std::string home = Variable(environment, "HOME");
    if (home.empty()) return "";
    folder = home + "/.config/gcloud";
  }
  return folder + "/application_default_credentials.json";
}

Result<GoogleAccount> LoadAccount(const std::string& path, const FileReader& read_file) {
  const Result<std::string> text = read_file(path);
  if (text.ok()) return ParseGoogleCredentials(*text, path);
  if (!text.status().Is(ErrorKind::kNotFound)) return text.status();
  return Status(ErrorKind::kUnauthenticated, "no such file")
      .WithOperation("read the Google credentials in")
      .WithObject(path);
}

GoogleAccount MetadataAccount(const Environment& environment) {
  GoogleAccount account;
  std::string host = Variable(environment, "GCE_METADATA_HOST");
  if (host.empty()) host = Variable(environment, "GCE_METADATA_ROOT");
  if (host.empty()) host = "metadata.google.internal";
  account.token_url = "http://" + host;
  account.universe_domain = kUniverse;
  account.source = "the metadata server of this machine";
  return account;
}

std::string Base64Url(std::string_view bytes) {
  std::string text = Base64Encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

}  // namespace

std::string GoogleAccount::Identity() const {
  if (kind == Kind::kServiceAccount) return client_email;
  if (kind == Kind::kMetadataServer) return token_url;
  const Sha256Bytes hash = Sha256(client_id + "\n" + refresh_token.Reveal());
  return HexEncode({reinterpret_cast<const char*>(hash.data()), 8});
}

Result<GoogleAccount> ParseGoogleCredentials(std::string_view text, const std::string& path) {
  static constexpr std::array<std::string_view, 4> kNotBuilt{
      "external_account", "external_account_authorized_user", "impersonated_service_account",
      "gdch_service_account"};
  const Result<JsonValue> file = ReadJson(text);
  if (!file.ok() || !file->is_object()) return Unusable(path, "it is not a JSON object");
  const std::string type = TextOf(*file, "type");
  for (const std::string_view known : kNotBuilt) {
    if (type != known) continue;
    return Status(ErrorKind::kUnsupported, "credentials of type '" + type + "' are not supported")
        .WithOperation("read the Google credentials in")
        .WithObject(path);
  }
  const bool is_service = type == "service_account";
  if (!is_service && type != "authorized_user") {
    return Unusable(path, "unknown type '" + EscapeForDisplay(type) + "'");
  }
  Result<GoogleAccount> account =
      is_service ? ReadServiceAccount(*file, path) : ReadAuthorizedUser(*file, path);
  if (!account.ok()) return account;
  if (account->token_url.empty()) account->token_url = kTokenUrl;
  GODWIT_RETURN_IF_ERROR(CheckTokenUrl(account->token_url, path));
  account->quota_project = TextOf(*file, "quota_project_id");
  account->universe_domain = TextOf(*file, "universe_domain");
  if (account->universe_domain.empty()) account->universe_domain = kUniverse;
  account->source = path;
  return account;
}

Result<GoogleAccount> FindGoogleAccount(const std::string& credentials_file,
                                        const Environment& environment,
                                        const FileReader& read_file) {
  std::string named = credentials_file;
  if (named.empty()) named = Variable(environment, "GOOGLE_APPLICATION_CREDENTIALS");
  if (!named.empty()) return LoadAccount(named, read_file);
  const std::string gcloud = GcloudFile(environment);
  if (!gcloud.empty()) {
    Result<GoogleAccount> account = LoadAccount(gcloud, read_file);
    if (account.ok() || !account.status().Is(ErrorKind::kUnauthenticated)) return account;
  }
  if (AsciiLower(Variable(environment, "NO_GCE_CHECK")) == "true") {
    return Status(ErrorKind::kUnauthenticated,
                  "no Google credentials: GOOGLE_APPLICATION_CREDENTIALS is not set and there is "
                  "no file of `gcloud auth application-default login`");
  }
  return MetadataAccount(environment);
}

Result<std::string> MakeGoogleJwt(const GoogleAccount& account, std::string_view scope,
                                  Timestamp now) {
  const Result<RsaPrivateKey> key = RsaPrivateKey::FromPem(account.private_key);
  if (!key.ok()) return Unusable(account.source, key.status().message());
  const auto issued = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  const auto text = [](std::string_view value) { return JsonValue(std::string(value)); };
  const auto seconds = [](std::chrono::seconds time) {
    return JsonValue(std::int64_t{time.count()});
  };
  JsonValue::Object header{{"alg", text("RS256")}, {"typ", text("JWT")}};
  if (!account.private_key_id.empty()) header.emplace_back("kid", text(account.private_key_id));
  const JsonValue::Object claims{{"iss", text(account.client_email)},
                                 {"scope", text(scope)},
                                 {"aud", text(account.token_url)},
                                 {"iat", seconds(issued)},
                                 {"exp", seconds(issued + kJwtLife)}};
  const std::string message =
      Base64Url(WriteJson(JsonValue(header))) + "." + Base64Url(WriteJson(JsonValue(claims)));
  const Result<std::string> signature = key->SignSha256(message);
  if (!signature.ok()) return signature.status();
  return message + "." + Base64Url(*signature);
}

}  // namespace godwit

#include "lib/auth/azure_credentials.h"

#include <map>
#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "lib/crypto/sha256.h"
#include "lib/http/ascii.h"
#include "lib/http/url.h"

namespace godwit {
namespace {

using Kind = AzureCredential::Kind;

constexpr std::string_view kPublicSuffix = "core.windows.net";
// The emulator's account; both are published with it.
constexpr std::string_view kEmulatorAccount = "devstoreaccount1";
constexpr std::string_view kEmulatorKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

Status Unauthenticated(std::string message) {
  return Status(ErrorKind::kUnauthenticated, std::move(message));
}
Status Invalid(std::string message) {
  return Status(ErrorKind::kInvalidArgument, std::move(message));
}

std::string Value(const Environment& environment, std::string_view name) {
  return name.empty() ? std::string() : environment(name).value_or("");
}

std::string WithoutSlash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

bool IsAccountName(std::string_view name) {
  if (name.empty() || name.size() > 63) return false;
  for (const char c : name) {
    if (!IsAsciiDigit(c) && !(c >= 'a' && c <= 'z') && c != '-') return false;
  }
  return true;
}

Result<AzureCredential> KeyCredential(const std::string& account, std::string_view base64,
                                      std::string_view place) {
  std::optional<std::string> key = Base64Decode(base64);
  if (!key.has_value() || key->empty()) {
    return Invalid("the account key in " + std::string(place) + " is not base64");
  }
  AzureCredential credential;
  credential.kind = Kind::kSharedKey;
  credential.key = {account, Secret(std::move(*key))};
  return credential;
}

Result<AzureCredential> SasCredential(std::string_view sas, std::string_view place) {
  if (sas.starts_with('?')) sas.remove_prefix(1);
  const bool is_query = sas.find("sig=") != std::string_view::npos &&
                        sas.find_first_of(" \r\n\t#") == std::string_view::npos;
  if (!is_query) return Invalid("the SAS token in " + std::string(place) + " has no signature");
  AzureCredential credential;
  credential.kind = Kind::kSas;
  credential.sas = Secret(std::string(sas));
  return credential;
}

// An application's secret, else the machine's own identity.
Result<AzureCredential> TokenCredential(const Environment& environment) {
  AzureCredential credential;
  credential.tenant = Value(environment, "AZURE_TENANT_ID");
  credential.client_id = Value(environment, "AZURE_CLIENT_ID");
  credential.client_secret = Secret(Value(environment, "AZURE_CLIENT_SECRET"));
  if (!credential.client_secret.empty()) {
    if (credential.tenant.empty() || credential.client_id.empty()) {
      return Unauthenticated(
          "AZURE_CLIENT_SECRET is set but AZURE_TENANT_ID or AZURE_CLIENT_ID is not");
    }
    credential.kind = Kind::kClientSecret;
    std::string authority = WithoutSlash(Value(environment, "AZURE_AUTHORITY_HOST"));
    if (authority.empty()) authority = "https://login.microsoftonline.com";
    if (authority.find("://") == std::string::npos) authority = "https://" + authority;
    if (!authority.starts_with("https://")) return Invalid("AZURE_AUTHORITY_HOST must be https");
    credential.authority = std::move(authority);
    return credential;
  }
  for (const char* name : {"AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"}) {
    if (!Value(environment, name).empty()) {
      return Status(ErrorKind::kUnsupported,
                    std::string(name) +
                        " is set, but this version signs in with a client secret "
                        "or a managed identity only");
    }
  }
  credential.kind = Kind::kManagedIdentity;
  credential.identity_endpoint =
      WithoutSlash(Value(environment, "AZURE_POD_IDENTITY_AUTHORITY_HOST"));
  if (credential.identity_endpoint.empty()) credential.identity_endpoint = "http://169.254.169.254";
  return credential;
}

Result<AzureCredential> CredentialOf(const AzureAccountOptions& options, const std::string& account,
                                     bool keys_are_its, const Environment& environment) {
  if (options.anonymous) return AzureCredential();
  const bool named = !options.account_key_env.empty() || !options.sas_token_env.empty();
  const std::string key_name = named ? options.account_key_env : "AZURE_STORAGE_KEY";
  const std::string sas_name = named ? options.sas_token_env : "AZURE_STORAGE_SAS_TOKEN";
  if (!named && !keys_are_its) return TokenCredential(environment);
  const std::string key = Value(environment, key_name);
  if (!key.empty()) return KeyCredential(account, key, key_name);
  const std::string sas = Value(environment, sas_name);
  if (!sas.empty()) return SasCredential(sas, sas_name);
  if (named) {
    return Unauthenticated("no credentials: tried " + (key_name.empty() ? sas_name : key_name));
  }
  return TokenCredential(environment);
}

// The account that the path of an emulator's or a private endpoint names.
std::string AccountOfEndpoint(const std::string& endpoint) {
  const Result<Url> url = Url::Parse(endpoint);
  if (!url.ok()) return "";
  if (url->path.size() > 1) return url->path.substr(1, url->path.find('/', 1) - 1);
  return url->host.substr(0, url->host.find('.'));
}

using Pairs = std::map<std::string, std::string>;

Result<Pairs> SplitConnectionString(std::string_view text) {
  Pairs pairs;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    if (item.empty()) continue;
    // Keys end with "==": only the first one divides.
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      return Invalid("the Azure connection string has a part without '='");
    }
    pairs[AsciiLower(item.substr(0, equals))] = item.substr(equals + 1);
  }
  return pairs;
}

AzureAccount EmulatorAccount() {
  AzureAccount account;
  account.name = kEmulatorAccount;
  account.endpoint = "http://127.0.0.1:10000/" + account.name;
  account.credential.kind = Kind::kSharedKey;
  account.credential.key = {account.name, Secret(Base64Decode(kEmulatorKey).value_or(""))};
  return account;
}

}  // namespace

Result<AzureAccount> ParseAzureConnectionString(std::string_view text) {
  Result<Pairs> pairs = SplitConnectionString(text);
  if (!pairs.ok()) return pairs.status();
  const auto value = [&pairs](const char* name) { return (*pairs)[name]; };
  if (AsciiLower(value("usedevelopmentstorage")) == "true") return EmulatorAccount();
  AzureAccount account;
  account.name = value("accountname");
  account.endpoint = WithoutSlash(value("blobendpoint"));
  if (account.name.empty()) account.name = AccountOfEndpoint(account.endpoint);
  if (!IsAccountName(account.name)) {
    return Invalid("the Azure connection string has no usable AccountName");
  }
  if (account.endpoint.empty()) {
    const std::string protocol = value("defaultendpointsprotocol");
    const std::string suffix = value("endpointsuffix");
    account.endpoint = (protocol.empty() ? "https" : protocol) + "://" + account.name + ".blob." +
                       (suffix.empty() ? std::string(kPublicSuffix) : suffix);
  }
  const std::string sas = value("sharedaccesssignature");
  const std::string key = value("accountkey");
  if (key.empty() && sas.empty()) {
    return Unauthenticated(
        "the Azure connection string has neither AccountKey nor SharedAccessSignature");
  }
  Result<AzureCredential> credential =
      key.empty() ? SasCredential(sas, "the connection string")
                  : KeyCredential(account.name, key, "the connection string");
  if (!credential.ok()) return credential.status();
  account.credential = std::move(*credential);
  return account;
}

namespace {

// The account of a connection string; none if there is none for this account.
Result<std::optional<AzureAccount>> FromConnectionString(const AzureAccountOptions& options,
                                                         const Environment& environment) {
  const bool named = !options.connection_string_env.empty();
  const bool elsewhere = !options.account_key_env.empty() || !options.sas_token_env.empty();
  if (!named && (elsewhere || options.anonymous)) return std::optional<AzureAccount>();
  const std::string text =
      Value(environment, named ? options.connection_string_env : "AZURE_STORAGE_CONNECTION_STRING");
  if (text.empty() && named) {
    return Unauthenticated("no credentials: tried " + options.connection_string_env);
  }
  if (text.empty()) return std::optional<AzureAccount>();
  Result<AzureAccount> account = ParseAzureConnectionString(text);
  if (!account.ok()) return account.status();
  const bool other = !options.account.empty() && options.account != account->name;
  if (!named && (other || (options.account.empty() && !options.endpoint.empty()))) {
    return std::optional<AzureAccount>();
  }
  if (!options.endpoint.empty()) account->endpoint = WithoutSlash(options.endpoint);
  return std::optional<AzureAccount>(std::move(*account));
}

}  // namespace

Result<AzureAccount> FindAzureAccount(const AzureAccountOptions& options,
                                      const Environment& environment) {
  Result<std::optional<AzureAccount>> connected = FromConnectionString(options, environment);
  if (!connected.ok()) return connected.status();
  if (connected->has_value()) return std::move(**connected);
  const std::string usual_name = Value(environment, "AZURE_STORAGE_ACCOUNT");
  AzureAccount account;
  account.name = options.account;
  account.endpoint = WithoutSlash(options.endpoint);
  const bool from_environment = account.name.empty() && account.endpoint.empty();
  if (from_environment) account.endpoint = WithoutSlash(Value(environment, "AZURE_BLOB_ENDPOINT"));
  if (from_environment) account.name = usual_name;
  if (account.name.empty()) account.name = AccountOfEndpoint(account.endpoint);
  if (account.name.empty()) {
    return Unauthenticated(
        "no Azure account: tried AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT and "
        "AZURE_BLOB_ENDPOINT");
  }
  if (!IsAccountName(account.name)) {
    return Invalid("'" + EscapeForDisplay(account.name) + "' is not the name of an Azure account");
  }
  if (account.endpoint.empty()) {
    account.endpoint = "https://" + account.name + ".blob." + std::string(kPublicSuffix);
  }
  const bool keys_are_its = usual_name.empty() || usual_name == account.name;
  Result<AzureCredential> credential =
      CredentialOf(options, account.name, keys_are_its, environment);
  if (!credential.ok()) return credential.status();
  account.credential = std::move(*credential);
  return account;
}

std::string AzureCredentialSetId(const AzureCredential& credential) {
  // Signatures of one account may allow different things.
  const std::string who = std::to_string(static_cast<int>(credential.kind)) + "|" +
                          credential.key.account + "|" + credential.sas.Reveal() + "|" +
                          credential.tenant + "|" + credential.client_id;
  const Sha256Bytes hash = Sha256(who);
  return HexEncode({reinterpret_cast<const char*>(hash.data()), 8});
}

}  // namespace godwit

#include "cli/open_store.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <utility>

#include "cli/state_place.h"
#include "lib/auth/azure_credentials.h"
#include "lib/base/text.h"
#include "lib/http/curl_transport.h"
#include "lib/plan/part_plan.h"
#include "lib/store/azure/azure_config.h"
#include "lib/store/azure/azure_store.h"
#include "lib/store/gcs/gcs_config.h"
#include "lib/store/gcs/gcs_store.h"
#include "lib/store/local/local_store.h"
#include "lib/store/logged_store.h"
#include "lib/store/ordered_store.h"
#include "lib/store/retrying_store.h"
#include "lib/store/s3/s3_config.h"
#include "lib/store/s3/s3_store.h"
#include "lib/store/throttled_store.h"

namespace godwit {
namespace {

S3Settings SettingsOf(const ParsedLocation& location) {
  S3Settings settings;
  settings.bucket = location.container;
  settings.name = "s3://" + location.container;
  settings.endpoint = location.endpoint;
  settings.region = location.region;
  const Remote* remote = location.remote;
  if (remote == nullptr) return settings;
  settings.name = remote->name + ":" + location.container;
  settings.endpoint = remote->Get("endpoint");
  settings.region = remote->Get("region");
  settings.addressing = remote->Get("addressing");
  settings.checksum = remote->Get("checksum");
  settings.ca_bundle = remote->Get("ca_bundle");
  settings.location = remote->Get("location");
  settings.anonymous = remote->IsTrue("anonymous");
  settings.allow_http = remote->IsTrue("allow_http");
  settings.credentials.profile = remote->Get("profile");
  settings.credentials.credentials_file = remote->Get("credentials_file");
  settings.credentials.access_key_id_env = remote->Get("access_key_id_env");
  settings.credentials.secret_access_key_env = remote->Get("secret_access_key_env");
  settings.credentials.session_token_env = remote->Get("session_token_env");
  return settings;
}

Result<OpenedStore> OpenS3(Session& session, const ParsedLocation& location) {
  const S3Settings settings = SettingsOf(location);
  Result<S3Config> config = ResolveS3Config(settings, session.environment, ReadSmallFile);
  if (!config.ok()) return config.status();
  CurlOptions curl;
  curl.ca_bundle = config->ca_bundle;
  curl.allow_http = config->allow_http;
  curl.user_agent = "godwit/" GODWIT_VERSION;
  Result<std::unique_ptr<CurlTransport>> transport = CurlTransport::Create(std::move(curl));
  if (!transport.ok()) return transport.status();
  Result<std::unique_ptr<S3Store>> store =
      S3Store::Create(std::move(*config), **transport, session.clock, session.log);
  if (!store.ok()) return store.status();
  OpenedStore opened;
  opened.container_identity = (*store)->Identity() + "/";
  // Without credentials nothing can be copied; the first request says what is missing.
  if (const Result<std::string> credentials = (*store)->CredentialSetId(); credentials.ok()) {
    opened.copy_domain = (*store)->ServiceIdentity() + "|" + *credentials;
  }
  opened.transport = std::move(*transport);
  opened.plain = std::move(*store);
  return opened;
}

GcsSettings GcsSettingsOf(const ParsedLocation& location) {
  GcsSettings settings;
  settings.bucket = location.container;
  settings.name = "gs://" + location.container;
  settings.endpoint = location.endpoint;
  const Remote* remote = location.remote;
  if (remote == nullptr) return settings;
  settings.name = remote->name + ":" + location.container;
  settings.endpoint = remote->Get("endpoint");
  settings.user_project = remote->Get("user_project");
  settings.location = remote->Get("location");
  settings.parallel_upload = remote->Get("parallel_upload");
  settings.ca_bundle = remote->Get("ca_bundle");
  settings.anonymous = remote->IsTrue("anonymous");
  settings.allow_http = remote->IsTrue("allow_http");
  return settings;
}

// Tokens come over connections of their own: the metadata server of a machine speaks plain http.
Result<std::shared_ptr<GoogleTokenSource>> MakeTokens(Session& session, const Remote* remote,
                                                      const std::string& ca_bundle) {
  CurlOptions curl;
  curl.ca_bundle = ca_bundle;
  curl.allow_http = true;
  curl.connect_timeout = std::chrono::seconds(3);
  curl.user_agent = "godwit/" GODWIT_VERSION;
  Result<std::unique_ptr<CurlTransport>> transport = CurlTransport::Create(std::move(curl));
  if (!transport.ok()) return transport.status();
  GoogleTokenSource::Options options;
  if (remote != nullptr) options.credentials_file = remote->Get("credentials_file");
  options.environment = session.environment;
  options.read_file = ReadSmallFile;
  options.transport = std::move(*transport);
  return std::make_shared<GoogleTokenSource>(std::move(options), session.clock, session.log);
}

Result<OpenedStore> OpenGcs(Session& session, const ParsedLocation& location) {
  const GcsSettings settings = GcsSettingsOf(location);
  Result<GcsConfig> config = ResolveGcsConfig(settings, session.environment);
  if (!config.ok()) return config.status();
  if (WantsTokens(settings, session.environment)) {
    auto tokens = MakeTokens(session, location.remote, config->ca_bundle);
    if (!tokens.ok()) return tokens.status();
    config->tokens = std::move(*tokens);
  }
  CurlOptions curl;
  curl.ca_bundle = config->ca_bundle;
  curl.allow_http = config->allow_http;
  curl.user_agent = "godwit/" GODWIT_VERSION;
  Result<std::unique_ptr<CurlTransport>> transport = CurlTransport::Create(std::move(curl));
  if (!transport.ok()) return transport.status();
  OpenedStore opened;
  const std::string service = GcsServiceIdentity(*config);
  auto store =
      std::make_unique<GcsStore>(std::move(*config), **transport, session.clock, session.log);
  opened.container_identity = store->Identity() + "/";
  // Without credentials nothing can be copied; the first request says what is missing.
  if (const Result<std::string> credentials = store->CredentialSetId(); credentials.ok()) {
    opened.copy_domain = service + "|" + *credentials;
  }
  opened.transport = std::move(*transport);
  opened.plain = std::move(store);
  return opened;
}

AzureSettings AzureSettingsOf(const ParsedLocation& location) {
  AzureSettings settings;
  settings.container = location.container;
  settings.name = "az://" + location.container;
  settings.account.account = location.account;
  settings.account.endpoint = location.endpoint;
  const Remote* remote = location.remote;
  if (remote == nullptr) return settings;
  settings.name = remote->name + ":" + location.container;
  settings.ca_bundle = remote->Get("ca_bundle");
  settings.location = remote->Get("location");
  settings.allow_http = remote->IsTrue("allow_http");
  settings.account.account = remote->Get("account");
  settings.account.endpoint = remote->Get("endpoint");
  settings.account.anonymous = remote->IsTrue("anonymous");
  settings.account.account_key_env = remote->Get("account_key_env");
  settings.account.sas_token_env = remote->Get("sas_token_env");
  settings.account.connection_string_env = remote->Get("connection_string_env");
  return settings;
}

// The transport of token services. That of a machine's identity is plain http to a link-local
// address.
Result<std::unique_ptr<CurlTransport>> IdentityTransport(AzureCredential::Kind kind) {
  CurlOptions curl;
  curl.allow_http = true;
  curl.connect_timeout = std::chrono::seconds(2);
  curl.use_proxy = kind != AzureCredential::Kind::kManagedIdentity;
  curl.user_agent = "godwit/" GODWIT_VERSION;
  return CurlTransport::Create(std::move(curl));
}

Result<OpenedStore> OpenAzure(Session& session, const ParsedLocation& location) {
  Result<AzureConfig> config = ResolveAzureConfig(AzureSettingsOf(location), session.environment);
  if (!config.ok()) return config.status();
  CurlOptions curl;
  curl.ca_bundle = config->ca_bundle;
  curl.allow_http = config->allow_http;
  curl.user_agent = "godwit/" GODWIT_VERSION;
  Result<std::unique_ptr<CurlTransport>> transport = CurlTransport::Create(std::move(curl));
  if (!transport.ok()) return transport.status();
  OpenedStore opened;
  std::shared_ptr<TokenCache> tokens;
  if (const AzureCredential& credential = config->account.credential; credential.uses_tokens()) {
    Result<std::unique_ptr<CurlTransport>> identity = IdentityTransport(credential.kind);
    if (!identity.ok()) return identity.status();
    tokens = MakeAzureTokens(credential, **identity, session.clock);
    opened.identity_transport = std::move(*identity);
  }
  Result<std::unique_ptr<AzureStore>> store = AzureStore::Create(
      std::move(*config), std::move(tokens), **transport, session.clock, session.log);
  if (!store.ok()) return store.status();
  opened.container_identity = (*store)->Identity() + "/";
  opened.copy_domain = (*store)->CopyDomain();
  opened.transport = std::move(*transport);
  opened.plain = std::move(*store);
  return opened;
}

// Of the commands that write state; the others may show it.
std::string StateFolderOf(const Session& session) {
  return (session.line.command->bit & kEngineBits) != 0 ? session.settings.state_dir : "";
}

Result<OpenedStore> OpenLocal(Session& session, const ParsedLocation& location, RootMode mode) {
  LocalOptions options;
  options.excluded_folder = StateFolderOf(session);
  GODWIT_RETURN_IF_ERROR(CheckOutsideState(options.excluded_folder, location.path));
  options.root = location.path;
  options.create_root = mode == RootMode::kCreate;
  options.follow_symlinks = session.settings.sync.symlinks == SymlinkMode::kFollow;
  options.sync = session.settings.fsync;
  Result<std::unique_ptr<LocalStore>> store = LocalStore::Open(std::move(options));
  if (!store.ok()) return store.status();
  OpenedStore opened;
  opened.own_folder = StateFolderBeneath(StateFolderOf(session), location.path);
  opened.container_identity = "file://" + CanonicalPath(location.path);
  if (!opened.container_identity.ends_with('/')) opened.container_identity += '/';
  opened.local = store->get();
  opened.plain = std::move(*store);
  return opened;
}

Result<OpenedStore> OpenPlain(Session& session, const ParsedLocation& location, RootMode mode) {
  switch (location.kind) {
    case ParsedLocation::Kind::kGcs:
      return OpenGcs(session, location);
    case ParsedLocation::Kind::kAzure:
      return OpenAzure(session, location);
    case ParsedLocation::Kind::kS3:
      return OpenS3(session, location);
    default:
      return OpenLocal(session, location, mode);
  }
}

}  // namespace

Result<OpenedStore> OpenStore(Session& session, const ParsedLocation& location, RootMode mode) {
  Result<OpenedStore> opened = OpenPlain(session, location, mode);
  if (!opened.ok()) return opened;
  const Settings& settings = session.settings;
  if (settings.verbosity >= 2) {
    opened->logged = std::make_unique<LoggedStore>(*opened->plain, session.log);
  }
  if (settings.bytes_per_second || settings.requests_per_second) {
    ThrottleLimits limits;
    limits.bytes_per_second = settings.bytes_per_second.value_or(0);
    limits.requests_per_second = settings.requests_per_second.value_or(0);
    opened->throttled = std::make_unique<ThrottledStore>(opened->store(), limits, session.clock);
  }
  // A service may show only by its first answer in which order it lists.
  if (!location.is_local()) {
    OrderedOptions options;
    options.spill_folder = session.environment("TMPDIR").value_or("/tmp");
    opened->ordered = std::make_unique<OrderedStore>(opened->store(), std::move(options));
  }
  return opened;
}

Endpoint FolderEndpoint(const OpenedStore& opened, const ParsedLocation& location) {
  Endpoint endpoint;
  endpoint.store = &opened.store();
  endpoint.url = location.text;
  endpoint.prefix = location.is_local() ? "" : location.FolderPrefix();
  endpoint.identity = opened.container_identity + endpoint.prefix;
  endpoint.container = location.container;
  endpoint.copy_domain = opened.copy_domain;
  endpoint.own_folder = opened.own_folder;
  return endpoint;
}

Status CheckPartSizeOption(const Session& session, const OpenedStore& target) {
  const std::optional<std::uint64_t>& option = session.settings.sync.part_size_bytes;
  return option ? CheckPartSize(*option, target.store().Describe()) : Status::Ok();
}

void MeetService(Session& session, const OpenedStore& opened, const ParsedLocation& location) {
  // Only S3 is spoken by servers that differ.
  if (location.kind != ParsedLocation::Kind::kS3) return;
  ListRequest request;
  request.prefix = location.FolderPrefix();
  request.keys_max = 1;
  const Result<ListPage> page = opened.store().List(session.Context(), request);
  if (!page.ok()) session.log.Debug(page.status().ToString());
}

std::string CanonicalPath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(absolute, error);
  return (error ? absolute : canonical).string();
}

std::unique_ptr<ObjectStore> MakeRetrying(Session& session, ObjectStore& store) {
  return std::make_unique<RetryingStore>(store, session.settings.sync.retry);
}

}  // namespace godwit

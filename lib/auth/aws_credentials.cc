#include "lib/auth/aws_credentials.h"

#include <array>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/text.h"

namespace godwit {
namespace {

// A step of the chain: keys, nothing (the next step's turn), or a failure that ends it.
using Found = Result<std::optional<AwsCredentials>>;

Status Unauthenticated(std::string message) {
  return Status(ErrorKind::kUnauthenticated, std::move(message));
}

std::string Value(const Environment& environment, std::string_view name) {
  return name.empty() ? std::string() : environment(name).value_or("");
}

// The names of the two halves of a key pair, for messages, and where they stand.
struct PairNames {
  std::string id;
  std::string secret;
  std::string place;  // "in profile 'x' of FILE"; empty for variables.
};

// Nothing if both halves are missing; a failure that names the missing one if only one is there.
Found MakePair(std::string id, std::string secret, std::string token, const PairNames& names) {
  if (id.empty() && secret.empty()) return std::optional<AwsCredentials>();
  if (id.empty() || secret.empty()) {
    const std::string& there = id.empty() ? names.secret : names.id;
    const std::string& missing = id.empty() ? names.id : names.secret;
    return Unauthenticated(there + " is set but " + missing + " is not" +
                           (names.place.empty() ? "" : " " + names.place));
  }
  AwsCredentials credentials;
  credentials.access_key_id = std::move(id);
  credentials.secret_access_key = Secret(std::move(secret));
  credentials.session_token = Secret(std::move(token));
  credentials.source = names.place.empty() ? "variable " + names.id : names.place;
  return std::optional<AwsCredentials>(std::move(credentials));
}

Found FromNamedVariables(const AwsCredentialOptions& options, const Environment& environment) {
  const PairNames names{options.access_key_id_env,
                        options.secret_access_key_env.empty() ? "secret_access_key_env"
                                                              : options.secret_access_key_env,
                        ""};
  Found found = MakePair(Value(environment, options.access_key_id_env),
                         Value(environment, options.secret_access_key_env),
                         Value(environment, options.session_token_env), names);
  if (found.ok() && !found->has_value()) {
    return Unauthenticated("no credentials: tried " + names.id + " and " + names.secret);
  }
  return found;
}

Found FromEnvironment(const Environment& environment) {
  std::string token = Value(environment, "AWS_SESSION_TOKEN");
  if (token.empty()) token = Value(environment, "AWS_SECURITY_TOKEN");
  Found found =
      MakePair(Value(environment, "AWS_ACCESS_KEY_ID"), Value(environment, "AWS_SECRET_ACCESS_KEY"),
               std::move(token), {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", ""});
  const std::string expiration = Value(environment, "AWS_CREDENTIAL_EXPIRATION");
  if (found.ok() && found->has_value() && !expiration.empty()) {
    const std::optional<PreciseTime> expires = ParseRfc3339(expiration);
    if (!expires.has_value()) return Unauthenticated("AWS_CREDENTIAL_EXPIRATION is not a time");
    (*found)->expires = expires->time;
  }
  return found;
}

Status NotSupportedYet(const std::string& what) {
  return Status(ErrorKind::kUnsupported, what + ", which is not supported yet");
}

// A setting of a profile that makes the AWS tools take its keys from elsewhere.
Status RefuseOtherSources(const AwsSection& section, const std::string& profile,
                          std::string_view only = "") {
  static constexpr std::array<std::string_view, 6> kSettings{
      "role_arn",      "web_identity_token_file", "sso_session",
      "sso_start_url", "login_session",           "credential_process"};
  for (const std::string_view setting : kSettings) {
    // The process comes behind the keys of the credentials file, all others before them.
    const bool wanted = only.empty() ? setting != "credential_process" : setting == only;
    if (wanted && section.Find(setting).has_value()) {
      return NotSupportedYet("profile '" + profile + "' uses " + std::string(setting));
    }
  }
  return Status::Ok();
}

Found FromSection(const AwsSection& section, const std::string& profile, const std::string& path) {
  const auto value = [&section](std::string_view key) { return section.Find(key).value_or(""); };
  std::string token = value("aws_session_token");
  if (token.empty()) token = value("aws_security_token");
  return MakePair(
      value("aws_access_key_id"), value("aws_secret_access_key"), std::move(token),
      {"aws_access_key_id", "aws_secret_access_key", "in profile '" + profile + "' of " + path});
}

// The two files and the wanted profile in them.
struct Profiles {
  AwsFiles files;
  std::string profile;
  bool named_by_user = false;
  std::optional<AwsConfigFile> credentials;
  std::optional<AwsConfigFile> config;

  const AwsSection* InCredentials() const {
    return credentials.has_value() ? credentials->Profile(profile) : nullptr;
  }
  const AwsSection* InConfig() const {
    return config.has_value() ? config->Profile(profile) : nullptr;
  }
};

Result<Profiles> LoadProfiles(const AwsCredentialOptions& options, const Environment& environment,
                              const FileReader& read_file) {
  Profiles profiles;
  profiles.files = AwsFiles::Locate(environment);
  if (!options.credentials_file.empty()) {
    profiles.files.credentials_path = options.credentials_file;
  }
  profiles.profile = options.profile.empty() ? profiles.files.profile : options.profile;
  profiles.named_by_user = !options.profile.empty() || !Value(environment, "AWS_PROFILE").empty();
  auto credentials = LoadAwsConfigFile(profiles.files.credentials_path,
                                       AwsConfigFile::Kind::kCredentials, read_file);
  if (!credentials.ok()) return credentials.status();
  auto config =
      LoadAwsConfigFile(profiles.files.config_path, AwsConfigFile::Kind::kConfig, read_file);
  if (!config.ok()) return config.status();
  profiles.credentials = std::move(*credentials);
  profiles.config = std::move(*config);
  return profiles;
}

Found FromProfiles(const Profiles& profiles) {
  const AwsSection* credentials = profiles.InCredentials();
  const AwsSection* config = profiles.InConfig();
  for (const AwsSection* section : {config, credentials}) {
    if (section != nullptr) {
      GODWIT_RETURN_IF_ERROR(RefuseOtherSources(*section, profiles.profile));
    }
  }
  if (credentials != nullptr) {
    Found found = FromSection(*credentials, profiles.profile, profiles.files.credentials_path);
    if (!found.ok() || found->has_value()) return found;
  }
  for (const AwsSection* section : {config, credentials}) {
    if (section != nullptr) {
      GODWIT_RETURN_IF_ERROR(RefuseOtherSources(*section, profiles.profile, "credential_process"));
    }
  }
  if (config == nullptr) return std::optional<AwsCredentials>();
  return FromSection(*config, profiles.profile, profiles.files.config_path);
}

std::string Tried(const Profiles& profiles, bool with_environment) {
  const auto file = [](const std::string& path, bool there) {
    return path.empty() ? "none (HOME is not set)" : path + (there ? "" : " (no such file)");
  };
  std::string text = "no credentials: tried ";
  if (with_environment) text += "AWS_ACCESS_KEY_ID, ";
  text += "profile '" + profiles.profile + "' in " +
          file(profiles.files.credentials_path, profiles.credentials.has_value()) + " and " +
          file(profiles.files.config_path, profiles.config.has_value());
  return text;
}

// The chain, remembered until someone asks for a refresh.
class ChainProvider final : public AwsCredentialProvider {
 public:
  ChainProvider(AwsCredentialOptions options, Environment environment, FileReader read_file)
      : options_(std::move(options)),
        environment_(std::move(environment)),
        read_file_(std::move(read_file)) {}

  Result<AwsCredentials> Get(bool force_refresh) override {
    const std::lock_guard lock(mutex_);
    if (force_refresh || !found_.has_value()) {
      Result<AwsCredentials> found = FindAwsCredentials(options_, environment_, read_file_);
      if (!found.ok()) return found;
      found_ = std::move(*found);
    }
    return *found_;
  }

 private:
  const AwsCredentialOptions options_;
  const Environment environment_;
  const FileReader read_file_;
  std::mutex mutex_;  // Guards found_.
  std::optional<AwsCredentials> found_;
};

}  // namespace

Result<AwsCredentials> FindAwsCredentials(const AwsCredentialOptions& options,
                                          const Environment& environment,
                                          const FileReader& read_file) {
  const auto unpack = [](Found found) -> Result<AwsCredentials> {
    if (!found.ok()) return std::move(found).status();
    return std::move(**found);
  };
  if (!options.access_key_id_env.empty() || !options.secret_access_key_env.empty()) {
    return unpack(FromNamedVariables(options, environment));
  }
  const bool with_environment = options.profile.empty();
  if (with_environment) {
    Found found = FromEnvironment(environment);
    if (!found.ok() || found->has_value()) return unpack(std::move(found));
    if (!Value(environment, "AWS_WEB_IDENTITY_TOKEN_FILE").empty()) {
      return NotSupportedYet("AWS_WEB_IDENTITY_TOKEN_FILE is set");
    }
  }
  const Result<Profiles> profiles = LoadProfiles(options, environment, read_file);
  if (!profiles.ok()) return profiles.status();
  Found found = FromProfiles(*profiles);
  if (!found.ok() || found->has_value()) return unpack(std::move(found));
  const bool in_container = !Value(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
                            !Value(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI").empty();
  if (in_container && !profiles->named_by_user) {
    return NotSupportedYet("AWS_CONTAINER_CREDENTIALS_... asks for container credentials");
  }
  return Unauthenticated(Tried(*profiles, with_environment));
}

std::unique_ptr<AwsCredentialProvider> MakeAwsCredentialChain(AwsCredentialOptions options,
                                                              Environment environment,
                                                              FileReader read_file) {
  return std::make_unique<ChainProvider>(std::move(options), std::move(environment),
                                         std::move(read_file));
}

}  // namespace godwit

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "godwit/secret.h"
#include "lib/auth/aws_config.h"

namespace godwit {

// One set of AWS keys, long-lived or of a session.
struct AwsCredentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;              // Empty for long-lived keys.
  std::optional<Timestamp> expires;  // None: they do not.
  std::string source;                // Where they were found, for messages.

  // True if both sign alike.
  bool SameKeys(const AwsCredentials& other) const {
    return access_key_id == other.access_key_id && secret_access_key == other.secret_access_key &&
           session_token == other.session_token;
  }
};

// Where keys come from. Safe from any thread.
class AwsCredentialProvider {
 public:
  virtual ~AwsCredentialProvider() = default;
  // The keys to sign with now. `force_refresh` looks again at the source instead of answering what
  // was found before: a service has said that those keys have expired. Fails with kUnauthenticated,
  // saying what was tried, where there are none or only half of a pair, with kUnsupported where the
  // configuration asks for a kind of credentials that is not built, and with kInvalidArgument
  // where it cannot be read.
  virtual Result<AwsCredentials> Get(bool force_refresh) = 0;
};

// What is known of the wanted credentials before anything is looked up.
struct AwsCredentialOptions {
  // Named by the user for this remote; empty: AWS_PROFILE, else "default". A named profile is used
  // even where the environment holds keys.
  std::string profile;
  std::string credentials_file;  // Empty: AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials.
  // Variables that hold the keys. If the first is set, nothing else is tried.
  std::string access_key_id_env;
  std::string secret_access_key_env;
  std::string session_token_env;
};

// The chain of sources, in the order of the AWS tools: named variables, the environment, the
// profile in the credentials file, the profile in the config file. A profile that takes its keys
// from elsewhere (a role, SSO, web identity, a process) and the container and instance services
// are not built: they fail rather than sign with other keys than the AWS tools would. They belong
// into FindAwsCredentials, at the places where it refuses them.
std::unique_ptr<AwsCredentialProvider> MakeAwsCredentialChain(AwsCredentialOptions options,
                                                              Environment environment,
                                                              FileReader read_file);

// One walk along that chain, without a memory.
Result<AwsCredentials> FindAwsCredentials(const AwsCredentialOptions& options,
                                          const Environment& environment,
                                          const FileReader& read_file);

}  // namespace godwit

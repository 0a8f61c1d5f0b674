#include "lib/auth/aws_credentials.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "lib/base/text.h"

namespace godwit {
namespace {

// An environment and a file system made of maps.
struct Machine {
  std::map<std::string, std::string, std::less<>> variables{{"HOME", "/h"}};
  std::map<std::string, std::string> files;

  Environment environment() const {
    return [this](std::string_view name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
  }
  FileReader reader() const {
    return [this](const std::string& path) -> Result<std::string> {
      const auto found = files.find(path);
      if (found == files.end()) return Status(ErrorKind::kNotFound, "no such file");
      return found->second;
    };
  }
  Result<AwsCredentials> Find(const AwsCredentialOptions& options = {}) const {
    return FindAwsCredentials(options, environment(), reader());
  }
  // "id/secret/token", or the failure.
  std::string Text(const AwsCredentialOptions& options = {}) const {
    const Result<AwsCredentials> found = Find(options);
    if (!found.ok()) {
      return std::string(ErrorKindName(found.status().kind())) + ": " + found.status().ToString();
    }
    return found->access_key_id + "/" + found->secret_access_key.Reveal() + "/" +
           found->session_token.Reveal();
  }
};

constexpr char kCredentialsPath[] = "/h/.aws/credentials";
constexpr char kConfigPath[] = "/h/.aws/config";

std::string Pair(const std::string& section, const std::string& id) {
  return "[" + section + "]\naws_access_key_id=" + id + "\naws_secret_access_key=S-" + id + "\n";
}

AwsCredentialOptions Profile(const std::string& name) {
  AwsCredentialOptions options;
  options.profile = name;
  return options;
}

TEST(AwsCredentials, EnvironmentComesBeforeFiles) {
  Machine machine;
  machine.variables["AWS_ACCESS_KEY_ID"] = "E";
  machine.variables["AWS_SECRET_ACCESS_KEY"] = "ES";
  machine.variables["AWS_SESSION_TOKEN"] = "ET";
  machine.variables["AWS_CREDENTIAL_EXPIRATION"] = "2030-01-01T00:00:00Z";
  machine.files[kCredentialsPath] = Pair("default", "F");
  EXPECT_EQ(machine.Text(), "E/ES/ET");
  EXPECT_EQ(machine.Find()->expires, ParseRfc3339("2030-01-01T00:00:00Z")->time);
}

TEST(AwsCredentials, KeyWithoutSecretNamesBothVariables) {
  Machine machine;
  machine.variables["AWS_ACCESS_KEY_ID"] = "E";
  machine.files[kCredentialsPath] = Pair("default", "F");
  EXPECT_EQ(machine.Text(),
            "unauthenticated: AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not");
  machine.variables["AWS_SECRET_ACCESS_KEY"] = "S";
  machine.variables["AWS_ACCESS_KEY_ID"] = "";
  EXPECT_EQ(machine.Text(),
            "unauthenticated: AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not");
}

TEST(AwsCredentials, CredentialsFileComesBeforeConfigFile) {
  Machine machine;
  machine.files[kConfigPath] = Pair("default", "C");
  EXPECT_EQ(machine.Text(), "C/S-C/");
  machine.files[kCredentialsPath] = Pair("default", "F") + "aws_session_token=T\n";
  EXPECT_EQ(machine.Text(), "F/S-F/T");
}

TEST(AwsCredentials, ProfileByVariableDoesNotHideTheEnvironmentButAProfileByNameDoes) {
  Machine machine;
  machine.variables["AWS_ACCESS_KEY_ID"] = "E";
  machine.variables["AWS_SECRET_ACCESS_KEY"] = "ES";
  machine.variables["AWS_PROFILE"] = "fra";
  machine.files[kCredentialsPath] = Pair("fra", "F") + Pair("ber", "B");
  EXPECT_EQ(machine.Text(), "E/ES/");
  EXPECT_EQ(machine.Text(Profile("ber")), "B/S-B/");
  machine.variables.erase("AWS_ACCESS_KEY_ID");
  machine.variables.erase("AWS_SECRET_ACCESS_KEY");
  EXPECT_EQ(machine.Text(), "F/S-F/");
}

TEST(AwsCredentials, NamedVariablesAreTheOnlySource) {
  Machine machine;
  machine.variables["AWS_ACCESS_KEY_ID"] = "E";
  machine.variables["AWS_SECRET_ACCESS_KEY"] = "ES";
  AwsCredentialOptions options;
  options.access_key_id_env = "FRA_ID";
  options.secret_access_key_env = "FRA_SECRET";
  options.session_token_env = "FRA_TOKEN";
  EXPECT_EQ(machine.Text(options), "unauthenticated: no credentials: tried FRA_ID and FRA_SECRET");
  machine.variables["FRA_ID"] = "X";
  EXPECT_EQ(machine.Text(options), "unauthenticated: FRA_ID is set but FRA_SECRET is not");
  machine.variables["FRA_SECRET"] = "XS";
  machine.variables["FRA_TOKEN"] = "XT";
  EXPECT_EQ(machine.Text(options), "X/XS/XT");
}

TEST(AwsCredentials, NothingFoundListsWhatWasTried) {
  Machine machine;
  EXPECT_EQ(machine.Text(),
            "unauthenticated: no credentials: tried AWS_ACCESS_KEY_ID, profile 'default' in "
            "/h/.aws/credentials (no such file) and /h/.aws/config (no such file)");
  machine.variables.erase("HOME");
  machine.variables["AWS_SHARED_CREDENTIALS_FILE"] = "/x";
  machine.files["/x"] = Pair("other", "O");
  EXPECT_EQ(machine.Text(Profile("fra")),
            "unauthenticated: no credentials: tried profile 'fra' in /x and none (HOME is not "
            "set)");
}

TEST(AwsCredentials, HalfAPairInAProfileNamesTheFile) {
  Machine machine;
  machine.files[kCredentialsPath] = "[default]\naws_access_key_id = A\n";
  EXPECT_EQ(machine.Text(),
            "unauthenticated: aws_access_key_id is set but aws_secret_access_key is not in profile "
            "'default' of /h/.aws/credentials");
}

TEST(AwsCredentials, OwnCredentialsFileReplacesTheUsualOne) {
  Machine machine;
  machine.files[kCredentialsPath] = Pair("default", "F");
  machine.files["/own"] = Pair("default", "O");
  AwsCredentialOptions options;
  options.credentials_file = "/own";
  EXPECT_EQ(machine.Text(options), "O/S-O/");
}

TEST(AwsCredentials, SourcesThatAreNotBuiltAreNamed) {
  for (const std::string setting :
       {"role_arn", "web_identity_token_file", "sso_session", "sso_start_url", "login_session"}) {
    Machine machine;
    machine.files[kConfigPath] = "[default]\n" + setting + " = x\n";
    // Even where keys stand beside it: the AWS tools would not use them.
    machine.files[kCredentialsPath] = Pair("default", "F");
    EXPECT_EQ(machine.Text(),
              "unsupported: profile 'default' uses " + setting + ", which is not supported yet");
  }
}

TEST(AwsCredentials, CredentialProcessComesBehindTheCredentialsFile) {
  Machine machine;
  machine.files[kConfigPath] = Pair("default", "C") + "credential_process = /bin/x\n";
  EXPECT_EQ(machine.Text(),
            "unsupported: profile 'default' uses credential_process, which is not supported yet");
  machine.files[kCredentialsPath] = Pair("default", "F");
  EXPECT_EQ(machine.Text(), "F/S-F/");
}

TEST(AwsCredentials, WebIdentityAndContainersAreNamed) {
  Machine machine;
  machine.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://x";
  EXPECT_EQ(machine.Text(),
            "unsupported: AWS_CONTAINER_CREDENTIALS_... asks for container credentials, which is "
            "not supported yet");
  machine.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/t";
  EXPECT_EQ(machine.Text(),
            "unsupported: AWS_WEB_IDENTITY_TOKEN_FILE is set, which is not supported yet");
}

TEST(AwsCredentials, UnreadableFileIsAnErrorAndNotAnEmptyOne) {
  Machine machine;
  machine.files[kCredentialsPath] = "nonsense\n";
  EXPECT_EQ(machine.Find().status().kind(), ErrorKind::kInvalidArgument);
}

TEST(AwsCredentials, RefreshReadsAReplacedFileAgain) {
  Machine machine;
  machine.files[kCredentialsPath] = Pair("default", "old");
  const std::unique_ptr<AwsCredentialProvider> provider =
      MakeAwsCredentialChain({}, machine.environment(), machine.reader());
  ASSERT_EQ(provider->Get(false)->access_key_id, "old");
  machine.files[kCredentialsPath] = Pair("default", "new");
  EXPECT_EQ(provider->Get(false)->access_key_id, "old");
  EXPECT_EQ(provider->Get(true)->access_key_id, "new");
  EXPECT_EQ(provider->Get(false)->access_key_id, "new");
}

}  // namespace
}  // namespace godwit

#include "lib/auth/azure_credentials.h"

#include <gtest/gtest.h>

#include <map>

#include "lib/base/text.h"

namespace godwit {
namespace {

using Kind = AzureCredential::Kind;
using Variables = std::map<std::string, std::string, std::less<>>;

Environment Of(Variables variables) {
  return [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

Result<AzureAccount> Find(const Variables& variables, const AzureAccountOptions& options = {}) {
  return FindAzureAccount(options, Of(variables));
}

constexpr const char* kConnection =
    "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=c2VjcmV0a2V5;"
    "EndpointSuffix=core.chinacloudapi.cn";

TEST(AzureCredentials, ConnectionStringNamesAccountEndpointAndKey) {
  const Result<AzureAccount> account = Find({{"AZURE_STORAGE_CONNECTION_STRING", kConnection}});
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->name, "acct");
  EXPECT_EQ(account->endpoint, "https://acct.blob.core.chinacloudapi.cn");
  EXPECT_EQ(account->credential.kind, Kind::kSharedKey);
  EXPECT_EQ(account->credential.key.key.Reveal(), "secretkey");
}

TEST(AzureCredentials, ConnectionStringMayHoldASignatureAndAnEndpointOfItsOwn) {
  const Result<AzureAccount> account = ParseAzureConnectionString(
      "BlobEndpoint=http://127.0.0.1:10000/dev/;SharedAccessSignature=?sv=1&sig=a%3D");
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->name, "dev");
  EXPECT_EQ(account->endpoint, "http://127.0.0.1:10000/dev");
  EXPECT_EQ(account->credential.sas.Reveal(), "sv=1&sig=a%3D");
}

TEST(AzureCredentials, DevelopmentStorageIsTheEmulator) {
  const Result<AzureAccount> account = ParseAzureConnectionString("UseDevelopmentStorage=true");
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->endpoint, "http://127.0.0.1:10000/devstoreaccount1");
}

TEST(AzureCredentials, KeyComesBeforeSignatureBeforeSecretBeforeTheMachine) {
  Variables variables{{"AZURE_STORAGE_ACCOUNT", "acct"},
                      {"AZURE_STORAGE_KEY", "c2VjcmV0"},
                      {"AZURE_STORAGE_SAS_TOKEN", "sv=1&sig=x"},
                      {"AZURE_TENANT_ID", "t"},
                      {"AZURE_CLIENT_ID", "c"},
                      {"AZURE_CLIENT_SECRET", "s"}};
  EXPECT_EQ(Find(variables)->credential.kind, Kind::kSharedKey);
  variables.erase("AZURE_STORAGE_KEY");
  EXPECT_EQ(Find(variables)->credential.kind, Kind::kSas);
  variables.erase("AZURE_STORAGE_SAS_TOKEN");
  EXPECT_EQ(Find(variables)->credential.kind, Kind::kClientSecret);
  variables.erase("AZURE_CLIENT_SECRET");
  const Result<AzureAccount> machine = Find(variables);
  EXPECT_EQ(machine->credential.kind, Kind::kManagedIdentity);
  EXPECT_EQ(machine->endpoint, "https://acct.blob.core.windows.net");
}

TEST(AzureCredentials, KeysOfTheEnvironmentServeOnlyTheirOwnAccount) {
  AzureAccountOptions options;
  options.account = "other";
  const Variables variables{{"AZURE_STORAGE_CONNECTION_STRING", kConnection},
                            {"AZURE_STORAGE_ACCOUNT", "acct"},
                            {"AZURE_STORAGE_KEY", "c2VjcmV0"}};
  const Result<AzureAccount> account = Find(variables, options);
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->endpoint, "https://other.blob.core.windows.net");
  EXPECT_EQ(account->credential.kind, Kind::kManagedIdentity);
}

TEST(AzureCredentials, NamedVariablesAreTheOnlyOnesTried) {
  AzureAccountOptions options;
  options.account = "acct";
  options.account_key_env = "MY_KEY";
  const Result<AzureAccount> account = Find({{"AZURE_STORAGE_KEY", "c2VjcmV0"}}, options);
  ASSERT_FALSE(account.ok());
  EXPECT_EQ(account.status().kind(), ErrorKind::kUnauthenticated);
  EXPECT_NE(account.status().message().find("MY_KEY"), std::string::npos);
}

TEST(AzureCredentials, BadValuesAreRefusedWithoutBeingRepeated) {
  const Result<AzureAccount> key =
      Find({{"AZURE_STORAGE_ACCOUNT", "acct"}, {"AZURE_STORAGE_KEY", "not base64!"}});
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.status().ToString().find("not base64!"), std::string::npos);
  const Result<AzureAccount> text = ParseAzureConnectionString("AccountName=acct;secret");
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.status().ToString().find("secret"), std::string::npos);
  EXPECT_FALSE(Find({{"AZURE_STORAGE_ACCOUNT", "Not-An-Account/"}}).ok());
  EXPECT_FALSE(Find({}).ok());
}

// Answers what it is told, and remembers what it was asked.
class OneAnswer final : public HttpTransport {
 public:
  Result<HttpResponse> Send(const CallContext&, const HttpRequest& request,
                            const HttpBodyChooser&) override {
    url = request.url;
    if (request.body != nullptr) {
      body.resize(request.body->size_bytes());
      (void)request.body->Read(0, std::as_writable_bytes(std::span(body)));
    }
    metadata = std::string(request.headers.Find("metadata").value_or(""));
    return answer;
  }
  Result<HttpResponse> answer = HttpResponse{};
  std::string url;
  std::string body;
  std::string metadata;
};

class FixedClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override { return {}; }
  Timestamp WallNow() const override { return Timestamp(std::chrono::seconds(1'700'000'000)); }
};

HttpResponse Answering(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

TEST(AzureTokens, ClientSecretIsSentAsAForm) {
  AzureCredential credential;
  credential.kind = Kind::kClientSecret;
  credential.authority = "https://login.example";
  credential.tenant = "my tenant";
  credential.client_id = "id";
  credential.client_secret = Secret("s+&=");
  OneAnswer transport;
  transport.answer =
      Answering(200, R"({"token_type":"Bearer","expires_in":3599,"access_token":"TOKEN"})");
  const FixedClock clock;
  const Result<Secret> token = MakeAzureTokens(credential, transport, clock)->Get({});
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->Reveal(), "TOKEN");
  EXPECT_EQ(transport.url, "https://login.example/my%20tenant/oauth2/v2.0/token");
  EXPECT_EQ(transport.body,
            "grant_type=client_credentials&client_id=id&client_secret=s%2B%26%3D"
            "&scope=https%3A%2F%2Fstorage.azure.com%2F.default");
}

TEST(AzureTokens, MachineIsAskedForItsIdentity) {
  AzureCredential credential;
  credential.kind = Kind::kManagedIdentity;
  credential.identity_endpoint = "http://169.254.169.254";
  credential.client_id = "mine";
  OneAnswer transport;
  transport.answer = Answering(200, R"({"access_token":"T","expires_on":"1700007200"})");
  const FixedClock clock;
  const Result<Secret> token = MakeAzureTokens(credential, transport, clock)->Get({});
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(transport.metadata, "true");
  EXPECT_EQ(transport.url,
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"
            "&resource=https%3A%2F%2Fstorage.azure.com&client_id=mine");
}

TEST(AzureTokens, RefusalIsUnauthenticatedAndAPortalIsNotBelieved) {
  AzureCredential credential;
  credential.kind = Kind::kClientSecret;
  credential.authority = "https://login.example";
  OneAnswer transport;
  const FixedClock clock;
  transport.answer = Answering(401, R"({"error":"invalid_client","error_description":"x"})");
  const Status refused = MakeAzureTokens(credential, transport, clock)->Get({}).status();
  EXPECT_EQ(refused.kind(), ErrorKind::kUnauthenticated);
  EXPECT_NE(refused.message().find("invalid_client"), std::string::npos);
  transport.answer = Answering(200, "<html>log in</html>");
  EXPECT_EQ(MakeAzureTokens(credential, transport, clock)->Get({}).status().kind(),
            ErrorKind::kCorrupted);
  transport.answer = Status(ErrorKind::kUnreachable, "no route");
  credential.kind = Kind::kManagedIdentity;
  EXPECT_EQ(MakeAzureTokens(credential, transport, clock)->Get({}).status().kind(),
            ErrorKind::kUnauthenticated);
}

}  // namespace
}  // namespace godwit

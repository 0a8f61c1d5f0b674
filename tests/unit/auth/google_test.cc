#include <atomic>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "lib/auth/google_account.h"
#include "lib/auth/google_token.h"
#include "lib/http/json_writer.h"
#include "tests/unit/fake_transport.h"
#include "tests/unit/google_test_key.h"

namespace godwit {
namespace {

JsonValue Text(const std::string& text) { return JsonValue(text); }

std::string ServiceAccountFile(const std::string& token_uri = "") {
  JsonValue::Object file{{"type", Text("service_account")},
                         {"client_email", Text("robot@project.iam.gserviceaccount.com")},
                         {"private_key_id", Text("key-1")},
                         {"private_key", Text(kGoogleTestKey)},
                         {"project_id", Text("project")}};
  if (!token_uri.empty()) file.emplace_back("token_uri", Text(token_uri));
  return WriteJson(JsonValue(file));
}

const std::string kUserFile =
    R"({"type":"authorized_user","client_id":"id","client_secret":"s+1","refresh_token":"r/1"})";

// An environment and files made of maps, and a token source on a scripted transport.
struct Machine {
  std::map<std::string, std::string, std::less<>> variables{{"HOME", "/h"}};
  std::map<std::string, std::string> files;
  FakeClock clock;
  std::ostringstream log_text;
  Log log{log_text, LogLevel::kDebug, LogFormat::kText};
  FakeTransport* transport = nullptr;
  std::unique_ptr<GoogleTokenSource> tokens;

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
  Result<GoogleAccount> Find(const std::string& file = "") {
    return FindGoogleAccount(file, environment(), reader());
  }
  GoogleTokenSource& Tokens() {
    auto made = std::make_unique<FakeTransport>();
    transport = made.get();
    GoogleTokenSource::Options options;
    options.environment = environment();
    options.read_file = reader();
    options.transport = std::move(made);
    tokens = std::make_unique<GoogleTokenSource>(std::move(options), clock, log);
    return *tokens;
  }
  void AnswerToken(const std::string& token, int life = 3600) {
    transport->Answer(
        200, {{"content-type", "application/json"}},
        "{\"access_token\":\"" + token + "\",\"expires_in\":" + std::to_string(life) + "}");
  }
};

// Computed with the openssl program from the same header, claims and key.
TEST(GoogleJwtTest, EqualsTheVectorThatWasComputedElsewhere) {
  const Result<GoogleAccount> account = ParseGoogleCredentials(ServiceAccountFile(), "/sa.json");
  ASSERT_TRUE(account.ok()) << account.status();
  const Result<std::string> jwt =
      MakeGoogleJwt(*account, "https://www.googleapis.com/auth/devstorage.full_control",
                    ParseRfc3339("2026-01-02T03:04:05.9Z")->time);
  ASSERT_TRUE(jwt.ok()) << jwt.status();
  EXPECT_EQ(*jwt,
            "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtleS0xIn0.eyJpc3MiOiJyb2JvdEBw"
            "cm9qZWN0LmlhbS5nc2VydmljZWFjY291bnQuY29tIiwic2NvcGUiOiJodHRwczovL3d3dy5nb29n"
            "bGVhcGlzLmNvbS9hdXRoL2RldnN0b3JhZ2UuZnVsbF9jb250cm9sIiwiYXVkIjoiaHR0cHM6Ly9v"
            "YXV0aDIuZ29vZ2xlYXBpcy5jb20vdG9rZW4iLCJpYXQiOjE3NjczMjMwNDUsImV4cCI6MTc2NzMy"
            "NjY0NX0.DDxdmbp9yDXGfObvXxjbd0WAFsArf4v0SpLPFZWRH0fMfzazsSYHuQKssfHgW-r7PmWt"
            "238BUmBdXiAOPTFZ8x2Dyivy9hAdJBu1V7q1GrA9p-QTI6CFcsoC-IVYqNKmuI82dyMLUdu1ua2K"
            "1-73ZuS9alslieB6olWJaqXuXEw");
}

TEST(GoogleAccountTest, NamedFileComesBeforeGcloudsAndTheMetadataServer) {
  Machine machine;
  machine.files["/sa.json"] = ServiceAccountFile();
  machine.files["/h/.config/gcloud/application_default_credentials.json"] = kUserFile;
  machine.variables["GOOGLE_APPLICATION_CREDENTIALS"] = "/sa.json";
  EXPECT_EQ(machine.Find()->kind, GoogleAccount::Kind::kServiceAccount);
  machine.variables.erase("GOOGLE_APPLICATION_CREDENTIALS");
  EXPECT_EQ(machine.Find()->kind, GoogleAccount::Kind::kAuthorizedUser);
  EXPECT_EQ(machine.Find("/sa.json")->kind, GoogleAccount::Kind::kServiceAccount);
  machine.variables["CLOUDSDK_CONFIG"] = "/elsewhere";
  EXPECT_EQ(machine.Find()->kind, GoogleAccount::Kind::kMetadataServer);
  machine.variables["NO_GCE_CHECK"] = "true";
  EXPECT_EQ(machine.Find().status().kind(), ErrorKind::kUnauthenticated);
}

TEST(GoogleAccountTest, NamedFileThatIsMissingIsNotPassedOver) {
  Machine machine;
  machine.files["/h/.config/gcloud/application_default_credentials.json"] = kUserFile;
  machine.variables["GOOGLE_APPLICATION_CREDENTIALS"] = "/gone.json";
  EXPECT_EQ(machine.Find().status().kind(), ErrorKind::kUnauthenticated);
}

TEST(GoogleAccountTest, DamagedAndUnknownFilesAreRefusedWithoutBeingQuoted) {
  const std::vector<std::pair<std::string, ErrorKind>> cases{
      {"sesame", ErrorKind::kInvalidArgument},
      {R"({"type":"service_account","private_key":"sesame"})", ErrorKind::kInvalidArgument},
      {R"({"type":"something","refresh_token":"sesame"})", ErrorKind::kInvalidArgument},
      {R"({"type":"external_account","x":"sesame"})", ErrorKind::kUnsupported},
      {ServiceAccountFile("http://tokens.example/token"), ErrorKind::kInvalidArgument}};
  for (const auto& [text, kind] : cases) {
    const Status status = ParseGoogleCredentials(text, "/f.json").status();
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_EQ(status.kind(), kind) << status;
    EXPECT_EQ(status.ToString().find("sesame"), std::string::npos) << status;
    EXPECT_NE(status.ToString().find("/f.json"), std::string::npos) << status;
  }
}

TEST(GoogleTokenTest, RefreshTokenIsSentAsAForm) {
  Machine machine;
  machine.variables["GOOGLE_APPLICATION_CREDENTIALS"] = "/u.json";
  machine.files["/u.json"] = kUserFile;
  GoogleTokenSource& tokens = machine.Tokens();
  machine.AnswerToken("T1");
  EXPECT_EQ(tokens.Token({}, nullptr)->Reveal(), "T1");
  EXPECT_EQ(machine.transport->last().Line(), "POST https://oauth2.googleapis.com/token");
  EXPECT_EQ(machine.transport->last().body,
            "grant_type=refresh_token&client_id=id&client_secret=s%2B1&refresh_token=r%2F1");
}

TEST(GoogleTokenTest, TokenIsKeptUntilShortlyBeforeItsEnd) {
  Machine machine;
  machine.files["/h/.config/gcloud/application_default_credentials.json"] = kUserFile;
  GoogleTokenSource& tokens = machine.Tokens();
  machine.AnswerToken("T1");
  machine.AnswerToken("T2");
  EXPECT_EQ(tokens.Token({}, nullptr)->Reveal(), "T1");
  machine.clock.wall += std::chrono::minutes(55);
  EXPECT_EQ(tokens.Token({}, nullptr)->Reveal(), "T1");
  machine.clock.wall += std::chrono::minutes(2);
  EXPECT_EQ(tokens.Token({}, nullptr)->Reveal(), "T2");
  EXPECT_EQ(machine.transport->sent.size(), 2u);
}

TEST(GoogleTokenTest, OldTokenServesWhileItCannotBeRenewed) {
  Machine machine;
  machine.files["/h/.config/gcloud/application_default_credentials.json"] = kUserFile;
  GoogleTokenSource& tokens = machine.Tokens();
  machine.AnswerToken("T1");
  ASSERT_TRUE(tokens.Token({}, nullptr).ok());
  machine.clock.wall += std::chrono::minutes(57);
  machine.transport->Answer(503);
  EXPECT_EQ(tokens.Token({}, nullptr)->Reveal(), "T1");
  machine.clock.wall += std::chrono::minutes(4);
  machine.transport->Answer(503);
  EXPECT_EQ(tokens.Token({}, nullptr).status().kind(), ErrorKind::kUnavailable);
}

TEST(GoogleTokenTest, RejectedTokenIsNotGivenAgain) {
  Machine machine;
  machine.files["/h/.config/gcloud/application_default_credentials.json"] = kUserFile;
  GoogleTokenSource& tokens = machine.Tokens();
  machine.AnswerToken("T1");
  machine.AnswerToken("T2");
  const Result<Secret> first = tokens.Token({}, nullptr);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(tokens.Token({}, &*first)->Reveal(), "T2");
  // Another thread that met the same rejection finds the new one.
  EXPECT_EQ(tokens.Token({}, &*first)->Reveal(), "T2");
  EXPECT_EQ(machine.transport->left(), 0u);
}

TEST(GoogleTokenTest, ManyThreadsAskOnce) {
  Machine machine;
  machine.files["/h/.config/gcloud/application_default_credentials.json"] = kUserFile;
  GoogleTokenSource& tokens = machine.Tokens();
  machine.AnswerToken("T1");
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const Result<Secret> token = tokens.Token({}, nullptr);
      if (token.ok() && token->Reveal() == "T1") ++good;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(machine.transport->sent.size(), 1u);
}

TEST(GoogleTokenTest, RevokedUserIsToldWhatToDo) {
  Machine machine;
  machine.files["/h/.config/gcloud/application_default_credentials.json"] = kUserFile;
  GoogleTokenSource& tokens = machine.Tokens();
  machine.transport->Answer(400, {}, R"({"error":"invalid_grant","error_description":"Revoked."})");
  const Status status = tokens.Token({}, nullptr).status();
  EXPECT_EQ(status.kind(), ErrorKind::kUnauthenticated);
  EXPECT_NE(status.message().find("gcloud auth application-default login"), std::string::npos);
}

TEST(GoogleTokenTest, AnswersThatAreNoTokensAreNotBelieved) {
  for (const char* body : {"<html>Sign in</html>", "{}", R"({"access_token":"x"})",
                           R"({"access_token":"a b","expires_in":10})"}) {
    Machine machine;
    machine.files["/h/.config/gcloud/application_default_credentials.json"] = kUserFile;
    GoogleTokenSource& tokens = machine.Tokens();
    machine.transport->Answer(200, {}, body);
    EXPECT_EQ(tokens.Token({}, nullptr).status().kind(), ErrorKind::kCorrupted) << body;
  }
}

TEST(GoogleTokenTest, MetadataServerMustSayThatItIsGoogles) {
  Machine machine;
  GoogleTokenSource& tokens = machine.Tokens();
  machine.transport->Answer(200, {}, R"({"access_token":"T","expires_in":"60"})");
  EXPECT_EQ(tokens.Token({}, nullptr).status().kind(), ErrorKind::kUnauthenticated);
  machine.transport->Answer(200, {{"Metadata-Flavor", "Google"}},
                            R"({"access_token":"T","expires_in":"600"})");
  EXPECT_EQ(tokens.Token({}, nullptr)->Reveal(), "T");
  EXPECT_EQ(machine.transport->last().Header("Metadata-Flavor"), "Google");
  EXPECT_TRUE(machine.transport->last().url.starts_with(
      "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/"));
  machine.transport->Fail(Status(ErrorKind::kUnreachable, "no such host"));
  machine.clock.wall += std::chrono::hours(1);
  EXPECT_EQ(tokens.Token({}, nullptr).status().kind(), ErrorKind::kUnauthenticated);
}

TEST(GoogleTokenTest, SecretsAreRedacted) {
  Machine machine;
  machine.files["/h/.config/gcloud/application_default_credentials.json"] = kUserFile;
  GoogleTokenSource& tokens = machine.Tokens();
  machine.AnswerToken("ya29.very-secret");
  ASSERT_TRUE(tokens.Token({}, nullptr).ok());
  machine.log.Error("said ya29.very-secret");
  EXPECT_EQ(machine.log_text.str().find("very-secret"), std::string::npos);
}

}  // namespace
}  // namespace godwit

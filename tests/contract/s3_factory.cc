#include <atomic>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <utility>

#include <unistd.h>

#include "fakecloud/fake_cloud.h"
#include "lib/auth/aws_credentials.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/curl_transport.h"
#include "lib/policy/permit_issuer.h"
#include "lib/store/s3/s3_store.h"
#include "tests/contract/store_under_test.h"

namespace godwit {
namespace {

class FixedCredentials final : public AwsCredentialProvider {
 public:
  explicit FixedCredentials(AwsCredentials credentials) : credentials_(std::move(credentials)) {}
  Result<AwsCredentials> Get(bool) override { return credentials_; }

 private:
  AwsCredentials credentials_;
};

// A service and the account that the suite uses there.
struct Service {
  std::string endpoint;
  std::string access_key;
  std::string secret_key;
  std::string region;
  std::string forbidden_bucket;  // Empty: there is none.
};

std::string UniqueBucket() {
  static std::atomic<int> sequence{0};
  return "contract-" + std::to_string(::getpid()) + "-" + std::to_string(++sequence);
}

class S3UnderTest final : public StoreUnderTest {
 public:
  S3UnderTest(Service service, std::string bucket, bool create)
      : service_(std::move(service)),
        bucket_(std::move(bucket)),
        log_(log_text_, LogLevel::kWarning, LogFormat::kText) {
    Result<std::unique_ptr<CurlTransport>> transport = CurlTransport::Create(CurlOptions{});
    Require(transport.status());
    transport_ = std::move(*transport);
    S3Config config;
    config.bucket = bucket_;
    config.endpoint = service_.endpoint;
    config.region = service_.region;
    config.credentials = std::make_shared<FixedCredentials>(
        AwsCredentials{service_.access_key, Secret(service_.secret_key), {}, {}, "the test"});
    Result<std::unique_ptr<S3Store>> store =
        S3Store::Create(std::move(config), *transport_, clock_, log_);
    Require(store.status());
    store_ = std::move(*store);
    if (!create) return;
    Require(store_->CreateContainer({}, PermitIssuer().Judge(bucket_), ""));
    // What the service can do shows with its first answer.
    Require(store_->Locate({}).status());
  }

  ObjectStore& store() override { return *store_; }
  std::string container() const override { return bucket_; }
  std::unique_ptr<StoreUnderTest> OpenMissing() override {
    return std::make_unique<S3UnderTest>(service_, UniqueBucket(), false);
  }
  std::unique_ptr<StoreUnderTest> OpenForbidden() override {
    if (service_.forbidden_bucket.empty()) return nullptr;
    return std::make_unique<S3UnderTest>(service_, service_.forbidden_bucket, false);
  }
  std::unique_ptr<StoreUnderTest> OpenOther() override {
    return std::make_unique<S3UnderTest>(service_, UniqueBucket(), true);
  }

 private:
  static void Require(const Status& status) {
    if (status.ok()) return;
    std::cerr << "the store under test cannot be opened: " << status << "\n";
    std::abort();
  }

  const Service service_;
  const std::string bucket_;
  SystemClock clock_;
  std::ostringstream log_text_;
  Log log_;
  std::unique_ptr<CurlTransport> transport_;
  std::unique_ptr<S3Store> store_;
};

Service FakecloudService() {
  static const std::unique_ptr<FakeCloud> server = [] {
    FakeCloudOptions options;
    options.foreign_buckets = {"someone-elses"};
    Result<std::unique_ptr<FakeCloud>> started = FakeCloud::Start(options);
    if (!started.ok()) std::abort();
    return std::move(*started);
  }();
  return Service{server->s3_endpoint(), "fakecloudaccess", "fakecloudsecret", "us-east-1",
                 "someone-elses"};
}

}  // namespace

StoreKind FakecloudKind() {
  return StoreKind{
      "fakecloud",
      [] { return std::make_unique<S3UnderTest>(FakecloudService(), UniqueBucket(), true); },
      {}};
}

std::vector<StoreKind> MinioKinds() {
  const auto value = [](const char* name) {
    const char* found = std::getenv((std::string("GODWIT_TEST_MINIO_AWS_") + name).c_str());
    return std::string(found != nullptr ? found : "");
  };
  const Service service{value("ENDPOINT_URL_S3"), value("ACCESS_KEY_ID"),
                        value("SECRET_ACCESS_KEY"), value("REGION"), ""};
  if (service.endpoint.empty()) return {};
  return {StoreKind{
      "minio",
      [service] { return std::make_unique<S3UnderTest>(service, UniqueBucket(), true); },
      {{Difference::kFileIsNoFolder, "reference/servers.md: MinIO keeps objects as files"},
       {Difference::kKeysArePaths, "reference/servers.md: MinIO refuses or alters such keys"},
       {Difference::kLeadingSlashIsDropped, "reference/servers.md: MinIO stores /lead as lead"},
       {Difference::kPartsAreNotCopied, "MinIO asks copied parts for a checksum"},
       {Difference::kContainerIsNotForbidden, "the suite uses the root account"}}}};
}

}  // namespace godwit

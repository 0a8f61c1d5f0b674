#include <atomic>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <utility>

#include <unistd.h>

#include "fakecloud/fake_cloud.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/curl_transport.h"
#include "lib/policy/permit_issuer.h"
#include "lib/store/gcs/gcs_store.h"
#include "tests/contract/store_under_test.h"

namespace godwit {
namespace {

// A service, and how the suite uses it.
struct Service {
  std::string endpoint;
  GcsParallelUpload parallel_upload = GcsParallelUpload::kNone;
  std::string forbidden_bucket;  // Empty: there is none.
};

std::string UniqueBucket() {
  static std::atomic<int> sequence{0};
  return "contract-" + std::to_string(::getpid()) + "-gcs-" + std::to_string(++sequence);
}

class GcsUnderTest final : public StoreUnderTest {
 public:
  GcsUnderTest(Service service, std::string bucket, bool create)
      : service_(std::move(service)),
        bucket_(std::move(bucket)),
        log_(log_text_, LogLevel::kWarning, LogFormat::kText) {
    Result<std::unique_ptr<CurlTransport>> transport = CurlTransport::Create(CurlOptions{});
    Require(transport.status());
    transport_ = std::move(*transport);
    GcsConfig config;
    config.bucket = bucket_;
    config.endpoint = service_.endpoint;
    config.is_google = false;
    config.parallel_upload = service_.parallel_upload;
    store_ = std::make_unique<GcsStore>(std::move(config), *transport_, clock_, log_);
    if (create) Require(store_->CreateContainer({}, PermitIssuer().Judge(bucket_), ""));
  }

  ObjectStore& store() override { return *store_; }
  std::string container() const override { return bucket_; }
  std::unique_ptr<StoreUnderTest> OpenMissing() override {
    return std::make_unique<GcsUnderTest>(service_, UniqueBucket(), false);
  }
  std::unique_ptr<StoreUnderTest> OpenForbidden() override {
    if (service_.forbidden_bucket.empty()) return nullptr;
    return std::make_unique<GcsUnderTest>(service_, service_.forbidden_bucket, false);
  }
  std::unique_ptr<StoreUnderTest> OpenOther() override {
    return std::make_unique<GcsUnderTest>(service_, UniqueBucket(), true);
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
  std::unique_ptr<GcsStore> store_;
};

StoreKind KindOf(std::string name, const Service& service,
                 std::vector<KnownDifference> differences) {
  differences.push_back({Difference::kDotsAndLinesAreRefused, "reference/gcs.md section 4"});
  differences.push_back({Difference::kPartsAreNotCopied, "reference/gcs.md section 2.6"});
  return StoreKind{
      std::move(name),
      [service] { return std::make_unique<GcsUnderTest>(service, UniqueBucket(), true); },
      std::move(differences)};
}

std::string FakecloudEndpoint() {
  static const std::unique_ptr<FakeCloud> server = [] {
    FakeCloudOptions options;
    options.foreign_buckets = {"someone-elses"};
    Result<std::unique_ptr<FakeCloud>> started = FakeCloud::Start(options);
    if (!started.ok()) std::abort();
    return std::move(*started);
  }();
  return server->gcs_endpoint();
}

std::string EndpointOf(const char* variable) {
  const char* found = std::getenv(variable);
  return found != nullptr ? found : "";
}

}  // namespace

std::vector<StoreKind> FakeGcsKinds() {
  const std::string endpoint = FakecloudEndpoint();
  return {KindOf("fakegcs", {endpoint, GcsParallelUpload::kNone, "someone-elses"},
                 {{Difference::kUploadsAreNotListed, "reference/gcs.md section 2.3"}}),
          KindOf("fakegcsxml", {endpoint, GcsParallelUpload::kXml, "someone-elses"}, {})};
}

std::vector<StoreKind> GcsServerKinds() {
  const std::string servers = "reference/servers.md section 4";
  std::vector<StoreKind> kinds;
  const std::string fake = EndpointOf("GODWIT_TEST_FAKE_GCS_STORAGE_EMULATOR_HOST");
  if (!fake.empty()) {
    kinds.push_back(KindOf("fakegcsserver", {fake, GcsParallelUpload::kNone, ""},
                           {{Difference::kUploadsAreNotListed, "reference/gcs.md section 2.3"},
                            {Difference::kContainerIsNotForbidden, servers},
                            {Difference::kAskingEndsTheUpload, servers},
                            {Difference::kAbortIsIgnored, servers},
                            {Difference::kWholeDigestIsNotChecked, servers},
                            {Difference::kConditionsAreIgnored, servers},
                            {Difference::kRemovedMetadataIsEmpty, servers}}));
  }
  const std::string emulator = EndpointOf("GODWIT_TEST_GCS_EMULATOR_STORAGE_EMULATOR_HOST");
  if (!emulator.empty()) {
    kinds.push_back(KindOf("gcpemulator", {emulator, GcsParallelUpload::kNone, ""},
                           {{Difference::kUploadsAreNotListed, "reference/gcs.md section 2.3"},
                            {Difference::kContainerIsNotForbidden, servers},
                            {Difference::kAbortIsRefused, servers},
                            {Difference::kWholeDigestIsNotChecked, servers},
                            {Difference::kConditionsAreIgnored, servers},
                            {Difference::kWritesIgnoreConditions, servers}}));
  }
  return kinds;
}

}  // namespace godwit

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <utility>

#include <unistd.h>

#include "fakecloud/fake_cloud.h"
#include "lib/auth/azure_credentials.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/curl_transport.h"
#include "lib/policy/permit_issuer.h"
#include "lib/store/azure/azure_store.h"
#include "tests/contract/store_under_test.h"

namespace godwit {
namespace {

std::string UniqueContainer() {
  static std::atomic<int> sequence{0};
  return "contract-" + std::to_string(::getpid()) + "-" + std::to_string(++sequence);
}

class AzureUnderTest final : public StoreUnderTest {
 public:
  AzureUnderTest(std::string connection_string, std::string container, bool create)
      : connection_string_(std::move(connection_string)),
        container_(std::move(container)),
        log_(log_text_, LogLevel::kWarning, LogFormat::kText) {
    Result<std::unique_ptr<CurlTransport>> transport = CurlTransport::Create(CurlOptions{});
    Require(transport.status());
    transport_ = std::move(*transport);
    const Result<AzureAccount> account = ParseAzureConnectionString(connection_string_);
    Require(account.status());
    AzureConfig config;
    config.container = container_;
    config.account = *account;
    Result<std::unique_ptr<AzureStore>> store =
        AzureStore::Create(std::move(config), nullptr, *transport_, clock_, log_);
    Require(store.status());
    store_ = std::move(*store);
    if (!create) return;
    Require(store_->CreateContainer({}, PermitIssuer().Judge(container_), ""));
    Require(store_->Locate({}).status());
  }

  ObjectStore& store() override { return *store_; }
  std::string container() const override { return container_; }
  std::unique_ptr<StoreUnderTest> OpenMissing() override {
    return std::make_unique<AzureUnderTest>(connection_string_, UniqueContainer(), false);
  }
  std::unique_ptr<StoreUnderTest> OpenOther() override {
    return std::make_unique<AzureUnderTest>(connection_string_, UniqueContainer(), true);
  }

 private:
  static void Require(const Status& status) {
    if (status.ok()) return;
    std::cerr << "the store under test cannot be opened: " << status << "\n";
    std::abort();
  }

  const std::string connection_string_;
  const std::string container_;
  SystemClock clock_;
  std::ostringstream log_text_;
  Log log_;
  std::unique_ptr<CurlTransport> transport_;
  std::unique_ptr<AzureStore> store_;
};

std::vector<KnownDifference> Differences() {
  return {{Difference::kContainerIsNotForbidden, "containers belong to the account"},
          {Difference::kUploadsShareTheirBlocks,
           "reference/azure.md 2.3: the first commit sweeps all uncommitted blocks away"}};
}

StoreKind KindOf(std::string name, std::string connection_string) {
  return StoreKind{std::move(name),
                   [connection_string] {
                     return std::make_unique<AzureUnderTest>(connection_string, UniqueContainer(),
                                                             true);
                   },
                   Differences()};
}

}  // namespace

StoreKind FakeAzureKind() {
  static const std::unique_ptr<FakeCloud> server = [] {
    Result<std::unique_ptr<FakeCloud>> started = FakeCloud::Start(FakeCloudOptions{});
    if (!started.ok()) std::abort();
    return std::move(*started);
  }();
  return KindOf("fakeazure", server->azure_connection_string());
}

std::vector<StoreKind> AzuriteKinds() {
  const auto value = [](const char* name) {
    const char* found = std::getenv((std::string("GODWIT_TEST_AZURITE_AZURE_") + name).c_str());
    return std::string(found != nullptr ? found : "");
  };
  const std::string endpoint = value("BLOB_ENDPOINT");
  if (endpoint.empty()) return {};
  return {KindOf("azurite", "BlobEndpoint=" + endpoint + ";AccountName=" +
                                value("STORAGE_ACCOUNT") + ";AccountKey=" + value("STORAGE_KEY"))};
}

}  // namespace godwit

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "godwit/object_store.h"
#include "lib/store/retrying_store.h"
#include "lib/store/throttled_store.h"
#include "tests/contract/fault_store.h"
#include "tests/contract/manual_clock.h"
#include "tests/contract/store_under_test.h"
#include "tests/contract/test_bytes.h"

namespace godwit {

// What stands between the suite and the store.
enum class Wrapping {
  kPlain,
  kRetrying,   // Over a FaultStore that fails the first of every two calls.
  kThrottled,  // At rates that are reached, on a clock of its own.
};

struct ContractParam {
  StoreKind kind;
  Wrapping wrapping;
};
std::vector<ContractParam> AllContractParams();
std::string ContractParamName(const testing::TestParamInfo<ContractParam>& info);
void PrintTo(const ContractParam& param, std::ostream* out);

// The base of the contract suite: one store, empty at the start of each test, plain or wrapped.
class ContractTest : public testing::TestWithParam<ContractParam> {
 protected:
  ContractTest();
  // Checks that the wrapping did its work.
  void TearDown() override;

  ObjectStore& store() { return *store_; }
  const Capabilities& can() { return store().Describe(); }
  bool Differs(Difference difference) const { return GetParam().kind.Has(difference); }
  StoreUnderTest& under_test() { return *under_test_; }
  const CallContext& context() const { return context_; }
  WritePermit permit() const;

  Result<PutReceipt> TryPut(std::string_view key, std::string_view bytes,
                            const PutOptions& options = {});
  // Must succeed.
  PutReceipt Put(std::string_view key, std::string_view bytes, const PutOptions& options = {});
  Result<std::string> TryGet(std::string_view key, const GetOptions& options = {});
  // The bytes under `key`, or why there are none.
  std::string Get(std::string_view key, const GetOptions& options = {});
  Status Delete(std::string_view key, const Version& if_version = {});
  bool Exists(std::string_view key);

  struct Listing {
    std::vector<std::string> keys;
    std::vector<std::string> prefixes;
    std::vector<ObjectEntry> entries;
    int pages = 0;
  };
  // All pages; must succeed.
  Listing ListAll(ListRequest request = {});
  std::vector<std::string> Keys(ListRequest request = {}) { return ListAll(request).keys; }

  // An upload of parts of equal size but the last.
  struct Upload {
    std::string key;
    Secret id;
    std::uint64_t size_bytes = 0;
    std::uint64_t part_bytes = 0;
    std::vector<PartReceipt> parts;
    ObjectAttributes attributes;
  };
  Upload Begin(std::string_view key, std::uint64_t size_bytes, std::uint64_t part_bytes,
               const ObjectAttributes& attributes = {}, const WriteCondition& condition = {});
  Result<PartReceipt> TryPutPart(const Upload& upload, std::uint32_t index, std::string_view bytes);
  // Sends `bytes` in parts, in order.
  Upload BeginWithParts(std::string_view key, std::string_view bytes,
                        const ObjectAttributes& attributes = {},
                        const WriteCondition& condition = {});
  Result<PutReceipt> Finish(const Upload& upload, std::string_view bytes,
                            const WriteCondition& condition = {});
  // A size of parts that the store takes, and that several of are still quick.
  std::uint64_t PartBytes() {
    const std::uint64_t unit = can().part_granularity_bytes;
    const std::uint64_t least = std::max<std::uint64_t>(can().part_bytes_min, 64 << 10);
    return (least + unit - 1) / unit * unit;
  }
  // An upload of `bytes` that publishes only if `condition` holds, told at its beginning or at its
  // end as the store wants it.
  Result<PutReceipt> UploadIf(std::string_view key, std::string_view bytes,
                              const WriteCondition& condition);

  CallContext context_;

 private:
  std::unique_ptr<StoreUnderTest> under_test_;
  std::unique_ptr<FaultStore> faults_;
  std::unique_ptr<RetryingStore> retrying_;
  ManualClock clock_;
  std::chrono::milliseconds slept_{0};
  std::unique_ptr<ThrottledStore> throttled_;
  ObjectStore* store_ = nullptr;
};

// Registers a suite, derived from ContractTest, over all stores and wrappings.
#define GODWIT_CONTRACT_SUITE(suite) \
  INSTANTIATE_TEST_SUITE_P(Stores, suite, testing::ValuesIn(AllContractParams()), ContractParamName)

}  // namespace godwit

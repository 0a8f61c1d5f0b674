#include <utility>

#include "lib/store/memory/memory_store.h"
#include "lib/store/ordered_store.h"
#include "tests/contract/store_under_test.h"

namespace godwit {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
 public:
  explicit MemoryUnderTest(const MemoryOptions& options) : options_(options), store_(options) {}

  ObjectStore& store() override { return ordered_; }
  std::string container() const override { return "memory"; }
  std::unique_ptr<StoreUnderTest> OpenMissing() override {
    MemoryOptions options = options_;
    options.container_exists = false;
    return std::make_unique<MemoryUnderTest>(options);
  }

 private:
  const MemoryOptions options_;
  MemoryStore store_;
  // Passes byte order through. Spills at once.
  OrderedStore ordered_{store_, {.held_max = 2}};
};

StoreKind KindOfOrder(std::string name, ListingOrder order) {
  MemoryOptions options = MemoryOptions::Capable();
  options.capabilities.order = order;
  return StoreKind{
      std::move(name),
      [options] { return std::make_unique<MemoryUnderTest>(options); },
      {{Difference::kContainerIsNotForbidden, "memory_store.h: one container, no accounts"},
       {Difference::kNoOtherContainer, "memory_store.h: one container"}}};
}

}  // namespace

StoreKind MemoryKind() { return KindOfOrder("memory", ListingOrder::kUtf8Bytes); }

std::vector<StoreKind> ReorderedMemoryKinds() {
  return {KindOfOrder("memoryutf16", ListingOrder::kUtf16Units),
          KindOfOrder("memoryslashfirst", ListingOrder::kSlashFirst),
          KindOfOrder("memoryunordered", ListingOrder::kNone)};
}

}  // namespace godwit

#include <utility>

#include "lib/store/memory/memory_store.h"
#include "tests/contract/store_under_test.h"

namespace godwit {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
 public:
  explicit MemoryUnderTest(MemoryOptions options) : store_(std::move(options)) {}

  ObjectStore& store() override { return store_; }
  std::string container() const override { return "memory"; }
  std::unique_ptr<StoreUnderTest> OpenMissing() override {
    MemoryOptions options = MemoryOptions::Capable();
    options.container_exists = false;
    return std::make_unique<MemoryUnderTest>(std::move(options));
  }

 private:
  MemoryStore store_;
};

}  // namespace

StoreKind MemoryKind() {
  return StoreKind{
      "memory",
      [] { return std::make_unique<MemoryUnderTest>(MemoryOptions::Capable()); },
      {{Difference::kContainerIsNotForbidden, "memory_store.h: one container, no accounts"},
       {Difference::kNoOtherContainer, "memory_store.h: one container"}}};
}

}  // namespace godwit

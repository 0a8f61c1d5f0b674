#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "lib/store/local/local_store.h"
#include "tests/contract/store_under_test.h"

namespace godwit {
namespace {

class LocalUnderTest final : public StoreUnderTest {
 public:
  LocalUnderTest(LocalOptions options, bool exists) : options_(std::move(options)) {
    std::string folder = (std::filesystem::temp_directory_path() / "godwit-local-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) std::abort();
    folder_ = folder;
    options_.root = folder_ + "/root";
    if (exists) std::filesystem::create_directory(options_.root);
    Result<std::unique_ptr<LocalStore>> store = LocalStore::Open(options_);
    if (!store.ok()) std::abort();
    store_ = std::move(*store);
  }
  ~LocalUnderTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  ObjectStore& store() override { return *store_; }
  std::string container() const override { return options_.root; }
  std::unique_ptr<StoreUnderTest> OpenMissing() override {
    return std::make_unique<LocalUnderTest>(options_, false);
  }

 private:
  LocalOptions options_;
  std::string folder_;
  std::unique_ptr<LocalStore> store_;
};

StoreKind Kind(std::string name, LocalOptions options) {
  return StoreKind{
      std::move(name),
      [options] { return std::make_unique<LocalUnderTest>(options, true); },
      {{Difference::kFileIsNoFolder, "spec/sync.md section 1: a file where a folder must go"},
       {Difference::kKeysArePaths, "spec/sync.md section 1 and I20"},
       {Difference::kEmptyFoldersAreListed, "local_store.h"},
       {Difference::kContainerIsNotForbidden, "root may read every folder"},
       {Difference::kNoOtherContainer, "Copy is unsupported"},
       {Difference::kFoldersHaveNoBytes, "local_store.h: such a key is a folder"}}};
}

}  // namespace

StoreKind LocalKind() { return Kind("local", LocalOptions{}); }

StoreKind LocalFallbackKind() {
  LocalOptions options;
  options.sync = false;
  options.use_openat2 = false;
  options.names_in_memory_max = 2;
  options.cursors_max = 0;
  return Kind("localfallback", std::move(options));
}

}  // namespace godwit

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "lib/policy/permit_issuer.h"
#include "lib/store/local/local_store.h"
#include "tests/contract/test_bytes.h"

namespace godwit {

// A folder of its own with a root in it and room around the root, removed at the end.
class LocalTest : public testing::Test {
 protected:
  LocalTest();
  ~LocalTest() override;

  std::filesystem::path outside() const { return folder_ / "outside"; }
  std::filesystem::path root() const { return folder_ / "root"; }

  // A store over root(), with `options` but for the root.
  std::unique_ptr<LocalStore> Open(LocalOptions options = {});

  static void WriteFile(const std::filesystem::path& path, std::string_view bytes);
  static std::string ReadFile(const std::filesystem::path& path);
  // Every path beneath `folder`, sorted.
  static std::vector<std::string> Tree(const std::filesystem::path& folder);

  WritePermit permit() const { return PermitIssuer().Judge("test"); }
  Result<PutReceipt> Put(ObjectStore& store, std::string_view key, std::string_view bytes,
                         const PutOptions& options = {});
  Status Get(ObjectStore& store, std::string_view key, std::string* bytes = nullptr);
  Status Delete(ObjectStore& store, std::string_view key);
  // The entries of all pages of `keys_max`, or the first failure.
  Result<std::vector<ObjectEntry>> List(ObjectStore& store, ListRequest request = {});
  Result<std::vector<std::string>> Keys(ObjectStore& store, const ListRequest& request = {});

  const CallContext context_;

 private:
  std::filesystem::path folder_;
};

}  // namespace godwit

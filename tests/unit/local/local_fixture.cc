#include "tests/unit/local/local_fixture.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

namespace godwit {

LocalTest::LocalTest() {
  std::string folder = (std::filesystem::temp_directory_path() / "godwit-unit-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) std::abort();
  folder_ = folder;
  std::filesystem::create_directory(root());
  std::filesystem::create_directory(outside());
}

LocalTest::~LocalTest() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<LocalStore> LocalTest::Open(LocalOptions options) {
  options.root = root().string();
  Result<std::unique_ptr<LocalStore>> store = LocalStore::Open(std::move(options));
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

void LocalTest::WriteFile(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  ASSERT_TRUE(file.good()) << path;
}

std::string LocalTest::ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> LocalTest::Tree(const std::filesystem::path& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    paths.push_back(entry.path().lexically_relative(folder).string());
  }
  std::ranges::sort(paths);
  return paths;
}

Result<PutReceipt> LocalTest::Put(ObjectStore& store, std::string_view key, std::string_view bytes,
                                  const PutOptions& options) {
  MemorySource body(AsBytes(bytes));
  return store.Put(context_, permit(), key, options, body);
}

Status LocalTest::Get(ObjectStore& store, std::string_view key, std::string* bytes) {
  CollectSink sink;
  const Result<ObjectMeta> meta = store.Get(context_, key, {}, sink);
  if (bytes != nullptr) *bytes = sink.bytes;
  return meta.status();
}

Status LocalTest::Delete(ObjectStore& store, std::string_view key) {
  const DeleteRequest request{std::string(key), ""};
  const Result<std::vector<Status>> statuses = store.Delete(context_, permit(), {&request, 1});
  return statuses.ok() ? statuses->at(0) : statuses.status();
}

Result<std::vector<ObjectEntry>> LocalTest::List(ObjectStore& store, ListRequest request) {
  std::vector<ObjectEntry> entries;
  do {
    Result<ListPage> page = store.List(context_, request);
    if (!page.ok()) return page.status();
    std::ranges::move(page->entries, std::back_inserter(entries));
    request.page_token = page->next_page_token;
  } while (!request.page_token.empty());
  return entries;
}

Result<std::vector<std::string>> LocalTest::Keys(ObjectStore& store, const ListRequest& request) {
  const Result<std::vector<ObjectEntry>> entries = List(store, request);
  if (!entries.ok()) return entries.status();
  std::vector<std::string> keys;
  for (const ObjectEntry& entry : *entries) keys.push_back(entry.key);
  return keys;
}

}  // namespace godwit

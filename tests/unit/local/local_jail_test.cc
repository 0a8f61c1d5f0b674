// I20: no key reaches a file outside of the root, by its text or by links, whether the kernel
// resolves paths (openat2) or we do.

#include <filesystem>
#include <set>

#include <gmock/gmock.h>

#include "lib/store/local/local_key.h"
#include "tests/unit/local/local_fixture.h"

namespace godwit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Keys with at least one component that must be refused, in every position and with decorations
// that string-normalising checks were fooled by.
std::vector<std::string> HostileKeys() {
  const std::vector<std::string> bad{"..",
                                     ".",
                                     "",
                                     ".godwit",
                                     ".godwit-1",
                                     std::string("a\0b", 3),
                                     std::string(256, 'n'),
                                     std::string("..\0", 3)};
  const std::vector<std::string> around{"a", "b/c", "..x", "x..", "...", "%2e%2e", "\xC0\xAE"};
  std::set<std::string> keys{"/", "//", "///", "/etc/passwd", "..", "../", "../..", "./", "."};
  for (const std::string& component : bad) {
    for (const std::string& before : around) {
      for (const std::string& after : around) {
        keys.insert(before + "/" + component + "/" + after);
        keys.insert(component + "/" + before + "/" + after);
        keys.insert(before + "/" + after + "/" + component + "/");
      }
      keys.insert(component + "/" + before);
      keys.insert(before + "/" + component + "/../" + before);
    }
  }
  // An empty component at the end is a folder's key, which is allowed.
  std::erase_if(keys, [](const std::string& key) { return CheckLocalKey(key).ok(); });
  return {keys.begin(), keys.end()};
}

class LocalJail : public LocalTest, public testing::WithParamInterface<bool> {
 protected:
  std::unique_ptr<LocalStore> OpenJail() {
    LocalOptions options;
    options.use_openat2 = GetParam();
    options.sync = false;
    return Open(options);
  }
};

TEST_P(LocalJail, HostileKeysAreRefusedByEveryOperationI20) {
  const std::unique_ptr<LocalStore> store = OpenJail();
  const std::vector<std::string> keys = HostileKeys();
  EXPECT_GE(keys.size(), 300u);
  for (const std::string& key : keys) {
    const UploadOptions upload{{}, {}, 1, 1};
    EXPECT_EQ(Put(*store, key, "x").status().kind(), ErrorKind::kInvalidArgument) << key;
    EXPECT_EQ(Get(*store, key).kind(), ErrorKind::kInvalidArgument) << key;
    EXPECT_EQ(Delete(*store, key).kind(), ErrorKind::kInvalidArgument) << key;
    EXPECT_EQ(store->Head(context_, key).status().kind(), ErrorKind::kInvalidArgument) << key;
    EXPECT_EQ(store->BeginUpload(context_, permit(), key, upload).status().kind(),
              ErrorKind::kInvalidArgument)
        << key;
  }
  EXPECT_THAT(Tree(root().parent_path()), ElementsAre("outside", "root"));
}

TEST_P(LocalJail, HarmlessDotsAreAccepted) {
  const std::unique_ptr<LocalStore> store = OpenJail();
  for (const char* key :
       {"a..b", "..a", "a..", "...", ".hidden", "x/..y/z", ".godwi", ".godwits"}) {
    const Result<PutReceipt> receipt = Put(*store, key, "x");
    EXPECT_TRUE(receipt.ok()) << receipt.status();
  }
}

TEST_P(LocalJail, PlantedFolderLinkIsNeverFollowedOnWrite) {
  const std::unique_ptr<LocalStore> store = OpenJail();
  std::filesystem::create_directory_symlink(outside(), root() / "link");
  std::filesystem::create_directories(root() / "real");
  std::filesystem::create_directory_symlink("../link", root() / "real" / "again");
  for (const char* key : {"link/x", "link/a/b", "real/again/x"}) {
    const Result<PutReceipt> receipt = Put(*store, key, "x");
    ASSERT_FALSE(receipt.ok()) << key;
    EXPECT_EQ(receipt.status().kind(), ErrorKind::kBlocked) << receipt.status();
    EXPECT_EQ(store->BeginUpload(context_, permit(), key, {}).status().kind(), ErrorKind::kBlocked);
  }
  EXPECT_THAT(Tree(outside()), IsEmpty());
}

TEST_P(LocalJail, PlantedFileLinkIsNeitherWrittenThroughNorReplaced) {
  const std::unique_ptr<LocalStore> store = OpenJail();
  WriteFile(outside() / "victim", "untouched");
  std::filesystem::create_symlink(outside() / "victim", root() / "k");
  const Result<PutReceipt> receipt = Put(*store, "k", "x");
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kBlocked) << receipt.status();
  EXPECT_EQ(receipt.status().ToString(),
            "cannot write '" + root().string() + "/k': a symbolic link is in the way");
  EXPECT_EQ(Delete(*store, "k").kind(), ErrorKind::kBlocked);
  EXPECT_EQ(ReadFile(outside() / "victim"), "untouched");
  EXPECT_TRUE(std::filesystem::is_symlink(root() / "k"));
  EXPECT_THAT(Tree(root()), ElementsAre("k")) << "the temporary file is gone";
}

TEST_P(LocalJail, DeleteDoesNotGoThroughALink) {
  const std::unique_ptr<LocalStore> store = OpenJail();
  WriteFile(outside() / "victim", "untouched");
  std::filesystem::create_directory_symlink(outside(), root() / "link");
  EXPECT_FALSE(Delete(*store, "link/victim").ok());
  EXPECT_EQ(ReadFile(outside() / "victim"), "untouched");
}

TEST_P(LocalJail, ReadingDoesNotGoThroughALink) {
  const std::unique_ptr<LocalStore> store = OpenJail();
  WriteFile(outside() / "secret", "secret");
  std::filesystem::create_directory_symlink(outside(), root() / "link");
  std::filesystem::create_symlink(outside() / "secret", root() / "k");
  std::string bytes;
  EXPECT_FALSE(Get(*store, "link/secret", &bytes).ok());
  EXPECT_EQ(Get(*store, "k", &bytes).kind(), ErrorKind::kBlocked);
  EXPECT_EQ(bytes, "");
}

// The folder is swapped for a link after the upload has begun: the bytes stay with the folder.
TEST_P(LocalJail, LinkPlantedDuringAnUploadGetsNothing) {
  const std::unique_ptr<LocalStore> store = OpenJail();
  const Result<Secret> id = store->BeginUpload(context_, permit(), "d/k", {{}, {}, 3, 3});
  ASSERT_TRUE(id.ok()) << id.status();
  std::filesystem::rename(root() / "d", root() / "moved");
  std::filesystem::create_directory_symlink(outside(), root() / "d");
  MemorySource body(AsBytes("abc"));
  const Result<PartReceipt> part = store->PutPart(context_, permit(), "d/k", *id, {}, body);
  ASSERT_TRUE(part.ok()) << part.status();
  FinishOptions finish;
  finish.size_bytes = 3;
  EXPECT_TRUE(store->FinishUpload(context_, permit(), "d/k", *id, {&*part, 1}, finish).ok());
  EXPECT_THAT(Tree(outside()), IsEmpty());
  EXPECT_EQ(ReadFile(root() / "moved" / "k"), "abc");
}

TEST_P(LocalJail, UploadIdsReachNothingButTemporaryFiles) {
  const std::unique_ptr<LocalStore> store = OpenJail();
  WriteFile(outside() / ".godwit-victim", "x");
  WriteFile(root() / "data", "x");
  for (const char* id : {"", "/", "data", "../outside/.godwit-victim", "/.godwit-victim", "."}) {
    EXPECT_EQ(store->AbortUpload(context_, permit(), "k", Secret(id)).kind(),
              ErrorKind::kInvalidArgument)
        << id;
  }
  EXPECT_EQ(ReadFile(outside() / ".godwit-victim"), "x");
  EXPECT_EQ(ReadFile(root() / "data"), "x");
}

INSTANTIATE_TEST_SUITE_P(Resolution, LocalJail, testing::Bool(), [](const auto& chosen) {
  return chosen.param ? "openat2" : "components";
});

}  // namespace
}  // namespace godwit

// The folder of godwit's own state may lie beneath the root of a store: it is never data.

#include <filesystem>

#include <gmock/gmock.h>

#include "tests/unit/local/local_fixture.h"

namespace godwit {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;

class LocalStateFolder : public LocalTest {
 protected:
  LocalStateFolder() {
    WriteFile(root() / "a/state/locks/registry", "locks");
    WriteFile(root() / "a/state/x", "x");
    WriteFile(root() / "a/state-2/y", "y");
    WriteFile(root() / "z", "z");
  }
  std::unique_ptr<LocalStore> OpenWith(const fs::path& state, bool follow = false) {
    LocalOptions options;
    options.excluded_folder = state.string();
    options.follow_symlinks = follow;
    options.sync = false;
    return Open(options);
  }
};

TEST_F(LocalStateFolder, IsNotListedHoweverItIsSpelled) {
  fs::create_directory_symlink(root() / "a/state", outside() / "link");
  for (const fs::path& state :
       {root() / "a/state", root() / "a/../a//state/", outside() / "link"}) {
    EXPECT_THAT(Keys(*OpenWith(state)).value(), ElementsAre("a/state-2/y", "z")) << state;
  }
  EXPECT_EQ(Keys(*OpenWith("")).value().size(), 4u);
  EXPECT_EQ(Keys(*OpenWith(root() / "missing")).value().size(), 4u);
}

TEST_F(LocalStateFolder, IsNotListedAsAFolderNorThroughALinkToIt) {
  fs::create_directory_symlink(root() / "a/state", root() / "m");
  ListRequest request;
  request.include_folders = true;
  EXPECT_THAT(Keys(*OpenWith(root() / "a/state", true), request).value(),
              ElementsAre("a/", "a/state-2/", "a/state-2/y", "z"));
}

TEST_F(LocalStateFolder, HasNoObjects) {
  fs::create_directory_symlink(root() / "a/state", root() / "m");
  const std::unique_ptr<LocalStore> store = OpenWith(root() / "a/state", true);
  for (const char* key : {"a/state/x", "a/state/locks/registry", "a/state/", "m/x"}) {
    EXPECT_TRUE(store->Head(context_, key).status().Is(ErrorKind::kNotFound)) << key;
    EXPECT_TRUE(Get(*store, key).Is(ErrorKind::kNotFound)) << key;
  }
  EXPECT_TRUE(store->Head(context_, "a/state-2/y").ok());
}

TEST_F(LocalStateFolder, IsNeverWrittenOrDeleted) {
  const std::unique_ptr<LocalStore> store = OpenWith(root() / "a/state");
  const std::vector<std::string> before = Tree(root());
  for (const char* key :
       {"a/state/x", "a/state/new", "a/state/deep/new", "a/state/locks/", "a/state/"}) {
    const bool folder = std::string_view(key).ends_with('/');
    EXPECT_TRUE(Put(*store, key, folder ? "" : "other").status().Is(ErrorKind::kInvalidArgument))
        << key;
    EXPECT_TRUE(Delete(*store, key).Is(ErrorKind::kInvalidArgument)) << key;
    if (folder) continue;
    const Status begun = store->BeginUpload(context_, permit(), key, {}).status();
    EXPECT_TRUE(begun.Is(ErrorKind::kInvalidArgument)) << key;
    EXPECT_THAT(begun.message(), testing::HasSubstr("godwit's own state"));
  }
  EXPECT_EQ(Tree(root()), before);
  EXPECT_EQ(ReadFile(root() / "a/state/x"), "x");
  EXPECT_TRUE(Put(*store, "a/state-2/y", "other").ok());
  EXPECT_TRUE(Delete(*store, "z").ok());
}

// It is made by the first run, after the store was opened.
TEST_F(LocalStateFolder, MayBeMadeLater) {
  const std::unique_ptr<LocalStore> store = OpenWith(root() / "later");
  EXPECT_EQ(Keys(*store).value().size(), 4u);
  fs::create_directory(root() / "later");
  WriteFile(root() / "later/registry", "locks");
  EXPECT_EQ(Keys(*store).value().size(), 4u);
  EXPECT_TRUE(Delete(*store, "later/registry").Is(ErrorKind::kInvalidArgument));
}

TEST_F(LocalStateFolder, ListingsTellOfTemporaryFiles) {
  const std::unique_ptr<LocalStore> store = OpenWith("");
  EXPECT_TRUE(Keys(*store).ok());
  EXPECT_FALSE(store->own_files_seen());
  WriteFile(root() / "a/.godwit-12", "");
  EXPECT_TRUE(Keys(*store).ok());
  EXPECT_TRUE(store->own_files_seen());
}

}  // namespace
}  // namespace godwit

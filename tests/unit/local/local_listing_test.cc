#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/random.h"
#include "tests/unit/local/local_fixture.h"

namespace godwit {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

class LocalListing : public LocalTest {
 protected:
  std::vector<std::string> MustList(ObjectStore& store, const ListRequest& request = {}) {
    const Result<std::vector<std::string>> keys = Keys(store, request);
    EXPECT_TRUE(keys.ok()) << keys.status();
    return keys.ok() ? *keys : std::vector<std::string>{};
  }
};

// Runs `action` as a user without rights, as root may read everything.
template <typename Action>
void AsNobody(Action action) {
  const bool is_root = ::geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  action();
  if (is_root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
}

std::string RandomName(Random& random) {
  // Bytes around the slash, so that folders and files interleave; some are not UTF-8.
  static constexpr std::string_view kBytes = "ab-.0!+~\x01\xFF\xC3";
  std::string name;
  const std::uint64_t size = 1 + random.Below(4);
  for (std::uint64_t i = 0; i < size; ++i) name += kBytes[random.Below(kBytes.size())];
  return name == "." || name == ".." ? "dots" : name;
}

std::set<std::string> MakeRandomTree(const std::filesystem::path& root, Random& random) {
  std::set<std::string> keys;
  for (int i = 0; i < 120; ++i) {
    std::string key = RandomName(random);
    while (random.Chance(0.5)) key += "/" + RandomName(random);
    std::error_code error;
    std::filesystem::create_directories((root / key).parent_path(), error);
    if (error || std::filesystem::exists(root / key)) continue;
    std::ofstream(root / key) << key;
    keys.insert(key);
  }
  return keys;
}

TEST_F(LocalListing, RandomTreesListInByteOrderHoweverTheyAreSortedAndPaged) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const std::set<std::string> model = MakeRandomTree(root(), random);
  for (const std::size_t names_max : {1UL, 3UL, 32'768UL}) {
    LocalOptions options;
    options.names_in_memory_max = names_max;
    options.cursors_max = names_max == 3 ? 0 : 16;
    const std::unique_ptr<LocalStore> store = Open(options);
    ListRequest request;
    request.keys_max = static_cast<std::uint32_t>(1 + random.Below(50));
    EXPECT_THAT(MustList(*store, request), ElementsAreArray(model));
  }
}

TEST_F(LocalListing, RandomRangesOfRandomTreesAreWhatTheModelSays) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const std::set<std::string> model = MakeRandomTree(root(), random);
  const std::vector<std::string> all(model.begin(), model.end());
  const std::unique_ptr<LocalStore> store = Open();
  const auto piece = [&] {
    const std::string& key = all[random.Below(all.size())];
    return key.substr(0, random.Below(key.size() + 1));
  };
  for (int round = 0; round < 200; ++round) {
    ListRequest request;
    if (random.Chance(0.7)) request.prefix = piece();
    if (request.prefix.ends_with("//") || request.prefix.starts_with('/')) continue;
    if (random.Chance(0.5)) request.start_after = piece();
    if (random.Chance(0.5)) request.end_before = piece();
    request.keys_max = static_cast<std::uint32_t>(random.Below(5));
    std::vector<std::string> expected;
    std::ranges::copy_if(all, std::back_inserter(expected), [&](const std::string& key) {
      return key.starts_with(request.prefix) && key > request.start_after &&
             (request.end_before.empty() || key < request.end_before);
    });
    EXPECT_THAT(MustList(*store, request), ElementsAreArray(expected))
        << "prefix " << request.prefix << " after " << request.start_after << " before "
        << request.end_before;
  }
}

TEST_F(LocalListing, FolderOfManyNamesIsSortedThroughAFile) {
  std::vector<std::string> expected;
  for (int i = 0; i < 1000; ++i) {
    expected.push_back("n" + std::to_string(i * 7919 % 1000));
    WriteFile(root() / expected.back(), "");
  }
  std::ranges::sort(expected);
  LocalOptions options;
  options.names_in_memory_max = 10;
  options.spill_folder = outside().string();
  const std::unique_ptr<LocalStore> store = Open(options);
  EXPECT_THAT(MustList(*store), ElementsAreArray(expected));
  EXPECT_THAT(Tree(outside()), IsEmpty()) << "the temporary file has no name";
}

TEST_F(LocalListing, FullSpillFolderFailsTheListing) {
  WriteFile(root() / "a", "");
  WriteFile(root() / "b", "");
  LocalOptions options;
  options.names_in_memory_max = 1;
  options.spill_folder = (outside() / "missing").string();
  EXPECT_FALSE(List(*Open(options)).ok());
}

TEST_F(LocalListing, OurOwnFilesAreNeverListed) {
  WriteFile(root() / ".godwit-1", "x");
  WriteFile(root() / "d" / ".godwit-tmp", "x");
  WriteFile(root() / ".godwit" / "state", "x");
  WriteFile(root() / ".godwitness", "x");
  EXPECT_THAT(MustList(*Open()), ElementsAre(".godwitness"));
}

TEST_F(LocalListing, FoldersAreListedWhenAskedFor) {
  WriteFile(root() / "a" / "b" / "c", "x");
  std::filesystem::create_directory(root() / "empty");
  ListRequest request;
  request.include_folders = true;
  request.keys_max = 1;
  const std::unique_ptr<LocalStore> store = Open();
  EXPECT_THAT(MustList(*store, request), ElementsAre("a/", "a/b/", "a/b/c", "empty/"));
  request.start_after = "a/b/";
  EXPECT_THAT(MustList(*store, request), ElementsAre("a/b/c", "empty/"));
}

TEST_F(LocalListing, TimesHaveNanoseconds) {
  WriteFile(root() / "k", "x");
  const timespec times[2] = {{1, 2}, {1'700'000'000, 123'456'789}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root() / "k").c_str(), times, 0), 0);
  const Result<std::vector<ObjectEntry>> entries = List(*Open());
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_EQ(entries->at(0).modified.fraction_digits, 9);
  EXPECT_EQ(entries->at(0).modified.time.time_since_epoch().count(), 1'700'000'000'123'456'789);
}

TEST_F(LocalListing, SameSizeChangeWithTheOldTimeIsAnotherVersion) {
  const std::unique_ptr<LocalStore> store = Open();
  WriteFile(root() / "k", "one");
  const timespec times[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root() / "k").c_str(), times, 0), 0);
  const Result<std::vector<ObjectEntry>> before = List(*store);
  WriteFile(root() / "k", "two");
  ASSERT_EQ(::utimensat(AT_FDCWD, (root() / "k").c_str(), times, 0), 0);
  const Result<std::vector<ObjectEntry>> after = List(*store);
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(before->at(0).modified, after->at(0).modified);
  EXPECT_NE(before->at(0).version, after->at(0).version);
}

TEST_F(LocalListing, LinksAreListedAsLinksUnlessFollowed) {
  WriteFile(outside() / "tree" / "f", "outside");
  WriteFile(root() / "real", "bytes");
  std::filesystem::create_symlink("real", root() / "to-file");
  std::filesystem::create_directory_symlink(outside() / "tree", root() / "to-folder");
  std::filesystem::create_symlink("nowhere", root() / "to-nothing");
  const Result<std::vector<ObjectEntry>> skipped = List(*Open());
  ASSERT_TRUE(skipped.ok()) << skipped.status();
  ASSERT_EQ(skipped->size(), 4u);
  EXPECT_EQ(skipped->at(0).type, EntryType::kObject);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(skipped->at(i).type, EntryType::kSymlink);

  LocalOptions options;
  options.follow_symlinks = true;
  const std::unique_ptr<LocalStore> following = Open(options);
  const Result<std::vector<ObjectEntry>> followed = List(*following);
  ASSERT_TRUE(followed.ok()) << followed.status();
  EXPECT_THAT(MustList(*following), ElementsAre("real", "to-file", "to-folder/f", "to-nothing"));
  EXPECT_EQ(followed->at(1).type, EntryType::kObject);
  EXPECT_EQ(followed->at(1).size_bytes, 5u);
  EXPECT_EQ(followed->at(3).type, EntryType::kSymlink);
  std::string bytes;
  EXPECT_TRUE(Get(*following, "to-folder/f", &bytes).ok());
  EXPECT_EQ(bytes, "outside");
}

TEST_F(LocalListing, LoopOfLinksEnds) {
  WriteFile(root() / "a" / "f", "x");
  std::filesystem::create_directory_symlink("..", root() / "a" / "up");
  std::filesystem::create_directory_symlink(".", root() / "self");
  LocalOptions options;
  options.follow_symlinks = true;
  const Result<std::vector<ObjectEntry>> entries = List(*Open(options));
  ASSERT_TRUE(entries.ok()) << entries.status();
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ(entries->at(1).key, "a/up");
  EXPECT_EQ(entries->at(1).type, EntryType::kSymlink);
  EXPECT_EQ(entries->at(2).type, EntryType::kSymlink);
}

TEST_F(LocalListing, PipesAndSocketsAreSpecialAndNotOpened) {
  ASSERT_EQ(::mkfifo((root() / "pipe").c_str(), 0600), 0);
  const std::unique_ptr<LocalStore> store = Open();
  const Result<std::vector<ObjectEntry>> entries = List(*store);
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_EQ(entries->at(0).type, EntryType::kSpecial);
  // Neither waits for a writer.
  EXPECT_EQ(Get(*store, "pipe").kind(), ErrorKind::kBlocked);
  EXPECT_EQ(store->Head(context_, "pipe").status().kind(), ErrorKind::kBlocked);
  EXPECT_EQ(Put(*store, "pipe", "x").status().kind(), ErrorKind::kBlocked);
}

TEST_F(LocalListing, FolderThatCannotBeReadFailsTheListing) {
  WriteFile(root() / "a", "x");
  WriteFile(root() / "locked" / "f", "x");
  WriteFile(root() / "z", "x");
  ASSERT_EQ(::chmod((root() / "locked").c_str(), 0), 0);
  const std::unique_ptr<LocalStore> store = Open();
  ASSERT_EQ(::chmod(root().parent_path().c_str(), 0755), 0);
  AsNobody([&] {
    const Status status = List(*store).status();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.kind(), ErrorKind::kPermissionDenied);
    EXPECT_EQ(status.ToString(),
              "cannot list '" + root().string() + "/locked/': permission denied (EACCES)");
  });
  ::chmod((root() / "locked").c_str(), 0755);
}

TEST_F(LocalListing, FilesThatVanishBetweenPagesAreAbsent) {
  for (const char* name : {"a", "b", "c", "d"}) WriteFile(root() / name, "x");
  const std::unique_ptr<LocalStore> store = Open();
  ListRequest request;
  request.keys_max = 1;
  const Result<ListPage> first = store->List(context_, request);
  ASSERT_TRUE(first.ok()) << first.status();
  std::filesystem::remove(root() / "c");
  request.page_token = first->next_page_token;
  const Result<std::vector<std::string>> rest = Keys(*store, request);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_THAT(*rest, ElementsAre("b", "d"));
}

TEST_F(LocalListing, RootThatIsDeletedDuringTheListingFailsIt) {
  for (const char* name : {"a", "b", "c", "d"}) WriteFile(root() / name, "x");
  const std::unique_ptr<LocalStore> store = Open();
  ListRequest request;
  request.keys_max = 1;
  const Result<ListPage> first = store->List(context_, request);
  ASSERT_TRUE(first.ok()) << first.status();
  std::filesystem::remove_all(root());
  request.page_token = first->next_page_token;
  const Result<std::vector<std::string>> rest = Keys(*store, request);
  ASSERT_FALSE(rest.ok());
  EXPECT_EQ(rest.status().kind(), ErrorKind::kContainerNotFound);
}

TEST_F(LocalListing, RootThatIsAFileIsRefused) {
  std::filesystem::remove(root());
  WriteFile(root(), "a file");
  const Result<std::unique_ptr<LocalStore>> store = LocalStore::Open({.root = root().string()});
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.status().kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(store.status().message(), "it is not a folder");
}

TEST_F(LocalListing, MissingRootFailsUntilItIsThere) {
  std::filesystem::remove(root());
  const std::unique_ptr<LocalStore> store = Open();
  EXPECT_EQ(List(*store).status().kind(), ErrorKind::kContainerNotFound);
  std::filesystem::create_directory(root());
  EXPECT_THAT(MustList(*store), IsEmpty());
}

TEST_F(LocalListing, ForeignPageTokenIsRefused) {
  ListRequest request;
  request.page_token = "nonsense";
  EXPECT_EQ(List(*Open(), request).status().kind(), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace godwit

// The small parts that the local store stands on.

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "lib/base/random.h"
#include "lib/store/local/folder_sync.h"
#include "lib/store/local/local_errors.h"
#include "lib/store/local/local_key.h"
#include "lib/store/name_sorter.h"

namespace godwit {
namespace {

TEST(LocalErrors, ErrnoBecomesTheKindThatCallersActOn) {
  struct Row {
    int error;
    ErrorKind kind;
    const char* name;
  };
  for (const Row& row :
       {Row{ENOENT, ErrorKind::kNotFound, "ENOENT"},
        Row{EACCES, ErrorKind::kPermissionDenied, "EACCES"},
        Row{EPERM, ErrorKind::kPermissionDenied, "EPERM"},
        Row{EROFS, ErrorKind::kPermissionDenied, "EROFS"},
        Row{ENOSPC, ErrorKind::kNoSpace, "ENOSPC"}, Row{EDQUOT, ErrorKind::kNoSpace, "EDQUOT"},
        Row{ENOTDIR, ErrorKind::kBlocked, "ENOTDIR"}, Row{ELOOP, ErrorKind::kBlocked, "ELOOP"},
        Row{EISDIR, ErrorKind::kBlocked, "EISDIR"}, Row{EXDEV, ErrorKind::kBlocked, "EXDEV"},
        Row{ENAMETOOLONG, ErrorKind::kInvalidArgument, "ENAMETOOLONG"},
        Row{EIO, ErrorKind::kLocalIo, "EIO"}, Row{EMFILE, ErrorKind::kLocalIo, "EMFILE"}}) {
    const Status status = ErrnoStatus(row.error, "read", "a/b");
    EXPECT_EQ(status.kind(), row.kind) << row.name;
    EXPECT_EQ(status.provider_code(), row.name);
  }
  EXPECT_EQ(ErrnoStatus(EIO, "read", "a/b").ToString(),
            "cannot read 'a/b': input/output error (EIO)");
}

TEST(LocalKey, SplitsIntoFolderAndName) {
  const LocalKey deep = SplitLocalKey("a/b/c");
  EXPECT_EQ(deep.folder, "a/b");
  EXPECT_EQ(deep.name, "c");
  EXPECT_EQ(deep.Path(), "a/b/c");
  const LocalKey flat = SplitLocalKey("c");
  EXPECT_EQ(flat.folder, "");
  EXPECT_EQ(flat.Path(), "c");
  const LocalKey folder = SplitLocalKey("a/b/");
  EXPECT_TRUE(folder.is_folder);
  EXPECT_EQ(folder.folder, "a");
  EXPECT_EQ(folder.name, "b");
}

std::vector<std::string> Sorted(NameSorter& sorter) {
  EXPECT_TRUE(sorter.Finish().ok());
  std::vector<std::string> names;
  while (!sorter.done()) {
    names.emplace_back(sorter.Current());
    const Status status = sorter.Advance();
    EXPECT_TRUE(status.ok()) << status;
    if (!status.ok()) break;
  }
  return names;
}

TEST(NameSorter, GivesEveryNameOnceInByteOrderWithAnyMemory) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const std::size_t names_max : {1UL, 2UL, 7UL, 100UL, 10'000UL}) {
    std::set<std::string> model;
    NameSorter sorter(names_max, std::filesystem::temp_directory_path());
    const std::uint64_t count = random.Below(600);
    for (std::uint64_t i = 0; i < count; ++i) {
      std::string name;
      const std::uint64_t size = random.Chance(0.1) ? 256 : 1 + random.Below(9);
      while (name.size() < size) name += static_cast<char>(1 + random.Below(255));
      model.insert(name);
      ASSERT_TRUE(sorter.Add(name).ok());
      if (random.Chance(0.1)) {
        ASSERT_TRUE(sorter.Add(name).ok());
      }
    }
    EXPECT_THAT(Sorted(sorter), testing::ElementsAreArray(model));
  }
}

TEST(NameSorter, NoNamesAreDoneAtOnce) {
  NameSorter sorter(10, "/tmp");
  EXPECT_THAT(Sorted(sorter), testing::IsEmpty());
}

TEST(FolderSync, WritersBelowAFreshFolderAwaitIt) {
  FolderSync sync;
  EXPECT_EQ(sync.Await("a/b"), 0);
  sync.Announce("a");
  std::atomic<bool> settled{false};
  int answer = -1;
  std::jthread writer([&] {
    answer = sync.Await("a/b");
    EXPECT_TRUE(settled);
  });
  EXPECT_EQ(sync.Await("ab"), 0) << "another folder does not wait";
  settled = true;
  sync.Settle("a", 0);
  writer.join();
  EXPECT_EQ(answer, 0);
}

TEST(FolderSync, FailureOfAFreshFolderIsThatOfAllBelow) {
  FolderSync sync;
  sync.Announce("a/b");
  sync.Settle("a/b", EIO);
  EXPECT_EQ(sync.Await("a/b/c"), EIO);
  EXPECT_EQ(sync.Await("a/b"), EIO);
  EXPECT_EQ(sync.Await("a"), 0);
}

TEST(FolderSync, FolderOfAnyFileSystemCanBeSynced) {
  FolderSync sync;
  const int folder = ::open("/proc", O_RDONLY | O_DIRECTORY);  // Cannot be synced: EINVAL.
  ASSERT_GE(folder, 0);
  EXPECT_EQ(sync.Sync(folder), 0);
  ::close(folder);
  EXPECT_EQ(sync.Sync(folder), EBADF);
}

}  // namespace
}  // namespace godwit

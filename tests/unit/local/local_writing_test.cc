#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/local/local_fixture.h"

namespace godwit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using LocalWriting = LocalTest;

TEST_F(LocalWriting, FileHasItsBytesTimeAndModeAndNothingIsLeftBehind) {
  const mode_t mask = ::umask(027);
  PutOptions options;
  options.attributes.mtime = PreciseTime{Timestamp(std::chrono::nanoseconds(-1)), 9};
  const Result<PutReceipt> receipt = Put(*Open(), "a/b/k", "bytes", options);
  ::umask(mask);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(ReadFile(root() / "a/b/k"), "bytes");
  struct stat info {};
  ASSERT_EQ(::stat((root() / "a/b/k").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  EXPECT_EQ(info.st_mtim.tv_sec, -1);
  EXPECT_EQ(info.st_mtim.tv_nsec, 999'999'999);
  EXPECT_THAT(Tree(root()), ElementsAre("a", "a/b", "a/b/k"));
}

TEST_F(LocalWriting, WhatIsInTheWayIsNamedAndStays) {
  const std::unique_ptr<LocalStore> store = Open();
  std::filesystem::create_directories(root() / "folder" / "inner");
  WriteFile(root() / "file", "x");
  ASSERT_EQ(::mkfifo((root() / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(Put(*store, "folder", "x").status().ToString(),
            "cannot write '" + root().string() + "/folder': a folder is in the way");
  EXPECT_EQ(Put(*store, "pipe", "x").status().ToString(),
            "cannot write '" + root().string() + "/pipe': a special file is in the way");
  EXPECT_EQ(Put(*store, "file/k", "x").status().kind(), ErrorKind::kBlocked);
  EXPECT_EQ(Put(*store, "file/d/k", "x").status().kind(), ErrorKind::kBlocked);
  EXPECT_EQ(Put(*store, "file/", "").status().kind(), ErrorKind::kBlocked);
  EXPECT_THAT(Tree(root()), ElementsAre("file", "folder", "folder/inner", "pipe"));
}

TEST_F(LocalWriting, ComponentOf255BytesIsTaken) {
  const std::string name(255, 'n');
  const std::unique_ptr<LocalStore> store = Open();
  ASSERT_TRUE(Put(*store, name + "/" + name, "x").ok());
  EXPECT_EQ(ReadFile(root() / name / name), "x");
}

TEST_F(LocalWriting, MissingRootIsMadeOnlyIfAllowed) {
  std::filesystem::remove(root());
  EXPECT_EQ(Put(*Open(), "k", "x").status().kind(), ErrorKind::kContainerNotFound);
  EXPECT_FALSE(std::filesystem::exists(root()));
  LocalOptions options;
  options.create_root = true;
  EXPECT_TRUE(Put(*Open(options), "k", "x").ok());
  EXPECT_EQ(ReadFile(root() / "k"), "x");
}

TEST_F(LocalWriting, LargeFilesAreWholeAtEveryOddSize) {
  const std::unique_ptr<LocalStore> store = Open();
  for (const std::size_t size :
       {(1UL << 20), (1UL << 20) + 1, (2UL << 20) - 1, (3UL << 20) + 4095, (5UL << 20) + 12345}) {
    const std::string bytes = PatternBytes(size, size);
    PutOptions options;
    options.digests = CrcsOf(bytes);
    ASSERT_TRUE(Put(*store, "k", bytes, options).ok());
    EXPECT_TRUE(ReadFile(root() / "k") == bytes) << size;
    TestSource stream(bytes);
    ASSERT_TRUE(store->Put(context_, permit(), "s", options, stream).ok());
    EXPECT_TRUE(ReadFile(root() / "s") == bytes) << size;
  }
}

TEST_F(LocalWriting, PartsAtOddOffsetsFromManyThreadsBecomeTheFile) {
  const std::unique_ptr<LocalStore> store = Open();
  constexpr std::uint64_t kPart = 300'001;
  const std::string bytes = PatternBytes(kPart * 16 + 777);
  UploadOptions options{{}, {}, bytes.size(), kPart};
  const Result<Secret> id = store->BeginUpload(context_, permit(), "d/k", options);
  ASSERT_TRUE(id.ok()) << id.status();
  std::vector<PartReceipt> parts(17);
  std::atomic<std::uint32_t> next{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::uint32_t i; (i = next++) < parts.size();) {
        const std::uint64_t offset = i * kPart;
        MemorySource body(AsBytes(std::string_view(bytes).substr(offset, kPart)));
        const Result<PartReceipt> part =
            store->PutPart(context_, permit(), "d/k", *id, {i, offset, {}}, body);
        EXPECT_TRUE(part.ok()) << part.status();
        if (part.ok()) parts[i] = *part;
      }
    });
  }
  threads.clear();
  FinishOptions finish;
  finish.size_bytes = bytes.size();
  finish.digests = CrcsOf(bytes);
  const Result<PutReceipt> receipt =
      store->FinishUpload(context_, permit(), "d/k", *id, parts, finish);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->proof, WriteProof::kCrc64Nvme);
  EXPECT_TRUE(ReadFile(root() / "d/k") == bytes);
  EXPECT_THAT(Tree(root()), ElementsAre("d", "d/k"));
}

TEST_F(LocalWriting, PartBehindTheEndIsRefused) {
  const std::unique_ptr<LocalStore> store = Open();
  const Result<Secret> id = store->BeginUpload(context_, permit(), "k", {{}, {}, 10, 10});
  ASSERT_TRUE(id.ok()) << id.status();
  MemorySource body(AsBytes("too much"));
  const Result<PartReceipt> part = store->PutPart(context_, permit(), "k", *id, {0, 5, {}}, body);
  EXPECT_EQ(part.status().kind(), ErrorKind::kInvalidArgument);
}

TEST_F(LocalWriting, UploadsOfEarlierRunsAreFoundAndRemoved) {
  {
    const std::unique_ptr<LocalStore> earlier = Open();
    ASSERT_TRUE(earlier->BeginUpload(context_, permit(), "d/k", {{}, {}, 10, 10}).ok());
  }
  const std::unique_ptr<LocalStore> store = Open();
  const Result<std::vector<UploadEntry>> uploads = store->ListUploads(context_, "");
  ASSERT_TRUE(uploads.ok()) << uploads.status();
  ASSERT_EQ(uploads->size(), 1u);
  EXPECT_THAT(uploads->front().key, testing::StartsWith("d/.godwit-"));
  EXPECT_TRUE(store->AbortUpload(context_, permit(), "d/k", uploads->front().upload_id).ok());
  EXPECT_THAT(Tree(root()), ElementsAre("d"));
}

TEST_F(LocalWriting, OneOfManyCreateOnlyWritersWins) {
  const std::unique_ptr<LocalStore> store = Open();
  std::atomic<int> won{0};
  std::atomic<int> lost{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      PutOptions options;
      options.condition = WriteCondition::CreateOnly();
      for (int round = 0; round < 20; ++round) {
        const Result<PutReceipt> receipt =
            Put(*store, "d" + std::to_string(round) + "/k", std::to_string(t), options);
        if (receipt.ok()) ++won;
        if (receipt.status().Is(ErrorKind::kPreconditionFailed)) ++lost;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(won, 20);
  EXPECT_EQ(lost, 140);
}

// I9: whoever reads the file by its path sees an old or a new content, whole.
TEST_F(LocalWriting, ReadersSeeWholeContentsOnlyI9) {
  const std::unique_ptr<LocalStore> store = Open();
  ASSERT_TRUE(Put(*store, "k", std::string(20'000, 'a')).ok());
  std::atomic<bool> done{false};
  std::jthread writer([&] {
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(Put(*store, "k", std::string(20'000, i % 2 == 0 ? 'b' : 'a')).ok());
    }
    done = true;
  });
  while (!done) {
    const std::string bytes = ReadFile(root() / "k");
    ASSERT_EQ(bytes.size(), 20'000u);
    ASSERT_EQ(bytes.find_first_not_of(bytes[0]), std::string::npos);
  }
}

TEST_F(LocalWriting, ManyWritersMakeTheSameFolders) {
  const std::unique_ptr<LocalStore> store = Open();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string key = "a/" + std::to_string(i) + "/b/c/" + std::to_string(t);
        const Result<PutReceipt> receipt = Put(*store, key, key);
        EXPECT_TRUE(receipt.ok()) << receipt.status();
      }
    });
  }
  threads.clear();
  const Result<std::vector<std::string>> keys = Keys(*store);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->size(), 160u);
}

TEST_F(LocalWriting, FolderWithFilesIsNotDeleted) {
  const std::unique_ptr<LocalStore> store = Open();
  ASSERT_TRUE(Put(*store, "d/k", "x").ok());
  EXPECT_EQ(Delete(*store, "d/").kind(), ErrorKind::kBlocked);
  ASSERT_TRUE(Delete(*store, "d/k").ok());
  EXPECT_TRUE(Delete(*store, "d/").ok());
  EXPECT_THAT(Tree(root()), IsEmpty());
}

// A small file system, seen by the calling thread only; it is gone with the thread.
void MountSmall(const std::filesystem::path& at, const char* options) {
  ASSERT_EQ(::unshare(CLONE_NEWNS), 0) << "this test needs root";
  ASSERT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  ASSERT_EQ(::mount("tmpfs", at.c_str(), "tmpfs", 0, options), 0);
}

TEST_F(LocalWriting, FullDiskFailsCleanlyAtEverySize) {
  std::jthread([&] {
    ASSERT_NO_FATAL_FAILURE(MountSmall(root(), "size=256k"));
    const std::unique_ptr<LocalStore> store = Open();
    ASSERT_TRUE(Put(*store, "k", "old").ok());
    for (const std::size_t size : {300'000UL, 2UL << 20}) {  // Written, preallocated.
      const Result<PutReceipt> receipt = Put(*store, "k", PatternBytes(size));
      ASSERT_FALSE(receipt.ok());
      EXPECT_EQ(receipt.status().ToString(),
                "cannot write '" + root().string() + "/k': no space left on device (ENOSPC)");
      EXPECT_EQ(receipt.status().kind(), ErrorKind::kNoSpace);
    }
    const Result<Secret> id =
        store->BeginUpload(context_, permit(), "k", {{}, {}, 2 << 20, 1 << 20});
    EXPECT_EQ(id.status().kind(), ErrorKind::kNoSpace);
    EXPECT_EQ(ReadFile(root() / "k"), "old");
    EXPECT_THAT(Tree(root()), ElementsAre("k"));
  }).join();
}

TEST_F(LocalWriting, OutOfInodesIsNoSpace) {
  std::jthread([&] {
    ASSERT_NO_FATAL_FAILURE(MountSmall(root(), "nr_inodes=3"));
    const std::unique_ptr<LocalStore> store = Open();
    ASSERT_TRUE(Put(*store, "a", "x").ok());
    ASSERT_TRUE(Put(*store, "b", "x").ok());
    EXPECT_EQ(Put(*store, "c", "x").status().kind(), ErrorKind::kNoSpace);
    EXPECT_EQ(Put(*store, "d/c", "x").status().kind(), ErrorKind::kNoSpace);
  }).join();
}

TEST_F(LocalWriting, ReadOnlyFileSystemIsPermissionDenied) {
  std::jthread([&] {
    ASSERT_NO_FATAL_FAILURE(MountSmall(root(), "size=64k"));
    ASSERT_EQ(::mount("none", root().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
    const Result<PutReceipt> receipt = Put(*Open(), "k", "x");
    ASSERT_FALSE(receipt.ok());
    EXPECT_EQ(receipt.status().ToString(),
              "cannot write '" + root().string() + "/k': read-only file system (EROFS)");
    EXPECT_EQ(receipt.status().kind(), ErrorKind::kPermissionDenied);
  }).join();
}

}  // namespace
}  // namespace godwit

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/local/local_fixture.h"

namespace godwit {
namespace {

class LocalReading : public LocalTest {
 protected:
  // Reads "k" while `change` happens behind the first bytes.
  Status ReadDuring(const std::function<void()>& change, const GetOptions& options = {}) {
    const std::unique_ptr<LocalStore> store = Open();
    CollectSink sink;
    bool done = false;
    sink.at_write = [&] {
      if (!std::exchange(done, true)) change();
    };
    return store->Get(context_, "k", options, sink).status();
  }
};

// I12, I13: the file is the same before the first and after the last byte, or the read fails.
TEST_F(LocalReading, FileThatGrowsDuringTheReadFailsI13) {
  WriteFile(root() / "k", PatternBytes(1 << 20));
  const Status status =
      ReadDuring([&] { std::ofstream(root() / "k", std::ios::app | std::ios::binary) << "more"; });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.kind(), ErrorKind::kPreconditionFailed);
  EXPECT_EQ(status.ToString(), "cannot read '" + root().string() + "/k': the file has changed");
}

TEST_F(LocalReading, FileThatIsCutDuringTheReadFails) {
  WriteFile(root() / "k", PatternBytes(1 << 20));
  const Status status = ReadDuring([&] { std::filesystem::resize_file(root() / "k", 300'000); });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.kind(), ErrorKind::kPreconditionFailed);
}

TEST_F(LocalReading, OneByteChangedInPlaceDuringTheReadFails) {
  WriteFile(root() / "k", PatternBytes(1 << 20));
  const Status status = ReadDuring([&] {
    std::fstream file(root() / "k", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1'000'000);
    file.put('!');
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.kind(), ErrorKind::kPreconditionFailed);
}

// Whatever room a sink has: its own memory, less than is left, or none.
TEST_F(LocalReading, BytesGoWhereTheSinkHasRoomForThem) {
  class RoomySink final : public ByteSink {
   public:
    explicit RoomySink(std::size_t size_bytes) : memory(size_bytes, '?') {}
    Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
      const char* text = reinterpret_cast<const char*>(bytes.data());
      in_place += text == memory.data() + offset ? 1 : 0;
      std::copy_n(text, bytes.size(), memory.begin() + static_cast<std::ptrdiff_t>(offset));
      ++writes;
      return Status::Ok();
    }
    std::span<std::byte> Room(std::uint64_t offset, std::size_t size_bytes) override {
      if (offset % 3 == 0) return {};
      const auto rest = std::as_writable_bytes(std::span(memory)).subspan(offset);
      return rest.first(std::min<std::size_t>({rest.size(), size_bytes, 70'001}));
    }
    std::string memory;
    int in_place = 0;
    int writes = 0;
  };
  const std::string bytes = PatternBytes(1'000'003);
  WriteFile(root() / "k", bytes);
  RoomySink sink(bytes.size());
  const Result<ObjectMeta> meta = Open()->Get(context_, "k", {}, sink);
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(sink.memory, bytes);
  EXPECT_GT(sink.in_place, 0);
  EXPECT_GT(sink.writes, sink.in_place);
}

TEST_F(LocalReading, FileReplacedDuringTheReadGivesItsOldBytes) {
  const std::string bytes = PatternBytes(1 << 20);
  WriteFile(root() / "k", bytes);
  const std::unique_ptr<LocalStore> store = Open();
  CollectSink sink;
  sink.at_write = [&] {
    WriteFile(outside() / "new", "new");
    std::filesystem::rename(outside() / "new", root() / "k");
    sink.at_write = nullptr;
  };
  const Result<ObjectMeta> meta = store->Get(context_, "k", {}, sink);
  // The old inode lost its name, which changes its ctime: a change like any other.
  ASSERT_FALSE(meta.ok());
  EXPECT_EQ(meta.status().kind(), ErrorKind::kPreconditionFailed);
}

TEST_F(LocalReading, PinnedVersionSeesEveryTouch) {
  WriteFile(root() / "k", "same bytes");
  const std::unique_ptr<LocalStore> store = Open();
  const Result<ObjectMeta> meta = store->Head(context_, "k");
  ASSERT_TRUE(meta.ok()) << meta.status();
  ASSERT_EQ(::chmod((root() / "k").c_str(), 0600), 0);  // Only the ctime.
  CollectSink sink;
  const GetOptions options{0, 0, meta->entry.version};
  EXPECT_EQ(store->Get(context_, "k", options, sink).status().kind(),
            ErrorKind::kPreconditionFailed);
}

TEST_F(LocalReading, VersionIsTheStatTuple) {
  WriteFile(root() / "k", "12345");
  struct stat info {};
  ASSERT_EQ(::stat((root() / "k").c_str(), &info), 0);
  const Result<ObjectMeta> meta = Open()->Head(context_, "k");
  ASSERT_TRUE(meta.ok()) << meta.status();
  const auto nanoseconds = [](const timespec& time) {
    return std::to_string(time.tv_sec * 1'000'000'000 + time.tv_nsec);
  };
  const std::string behind_dev = ":" + std::to_string(info.st_ino) +
                                 ":5:" + nanoseconds(info.st_mtim) + ":" +
                                 nanoseconds(info.st_ctim);
  EXPECT_THAT(meta->entry.version, testing::EndsWith(behind_dev));
  EXPECT_GT(meta->entry.version.size(), behind_dev.size());
}

TEST_F(LocalReading, FileThatCannotBeOpenedIsPermissionDenied) {
  WriteFile(root() / "k", "x");
  ASSERT_EQ(::chmod((root() / "k").c_str(), 0), 0);
  ASSERT_EQ(::chmod(root().parent_path().c_str(), 0755), 0);
  const std::unique_ptr<LocalStore> store = Open();
  const bool is_root = ::geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const Status status = Get(*store, "k");
  if (is_root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.ToString(),
            "cannot read '" + root().string() + "/k': permission denied (EACCES)");
}

}  // namespace
}  // namespace godwit

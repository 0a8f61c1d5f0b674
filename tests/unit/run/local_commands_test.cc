#include <filesystem>
#include <fstream>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "lib/store/local/local_store.h"
#include "tests/unit/run/executor_fixture.h"
#include "tests/unit/run/temporary_folder.h"

namespace godwit {
namespace {

// A local folder as the target.
class LocalTargetTest : public CommandExecutorTest {
 protected:
  LocalTargetTest() {
    LocalOptions options;
    options.root = folder_.path();
    options.sync = false;
    local_ = LocalStore::Open(options).value();
    target_.store = local_.get();
    target_.prefix = "";
  }
  std::string PathOf(const std::string& key) const { return folder_.path() + "/" + key; }

  const TemporaryFolder folder_;
  std::unique_ptr<LocalStore> local_;
};

TEST_F(LocalTargetTest, AFolderMarkerBecomesAFolder) {
  Put(source_memory_, "from/a", "");
  TransferWholeCommand whole = Whole();
  whole.target_key = "d/";
  Done<Transferred>(whole);
  EXPECT_TRUE(std::filesystem::is_directory(PathOf("d")));
}

TEST_F(LocalTargetTest, ListNamesFoldersToo) {
  std::filesystem::create_directories(PathOf("d/e"));
  const auto page = Done<ListPage>(ListCommand{Side::kTarget, "", "", "", 0});
  ASSERT_EQ(page.entries.size(), 2u);
  EXPECT_EQ(page.entries[0].key, "d/");
  EXPECT_EQ(page.entries[0].type, EntryType::kFolder);
  EXPECT_EQ(page.entries[1].key, "d/e/");
}

TEST_F(LocalTargetTest, PruningRemovesEmptyFoldersDeepestFirst) {
  std::filesystem::create_directories(PathOf("a/b/c"));
  std::filesystem::create_directories(PathOf("full/empty"));
  std::ofstream(PathOf("full/file")) << "x";
  Done<Finished>(PruneFoldersCommand{{"a/", "a/b/", "full/", "a/b/c/", "full/empty/", "missing/"}});
  EXPECT_FALSE(std::filesystem::exists(PathOf("a")));
  EXPECT_FALSE(std::filesystem::exists(PathOf("full/empty")));
  EXPECT_TRUE(std::filesystem::exists(PathOf("full/file")));
}

// A clock that stands where it is put.
class StoppedClock final : public Clock {
 public:
  explicit StoppedClock(Timestamp now) : now_(now) {}
  std::chrono::steady_clock::time_point Now() const override { return {}; }
  Timestamp WallNow() const override { return now_; }

 private:
  const Timestamp now_;
};

// A local file that was changed `age` ago, by the clock of the executor.
class FreshFileTest : public LocalTargetTest {
 protected:
  FreshFileTest() { std::swap(source_, target_); }

  // How long the executor waits before it reads the file.
  std::chrono::milliseconds Waits(std::chrono::nanoseconds changed, std::chrono::nanoseconds age) {
    const StoppedClock clock(Timestamp(changed + age));
    const CommandExecutor executor(source_, target_, meter_, buffers_, clock, settings_);
    const Version version = "1:2:3:4:" + std::to_string(changed.count());
    const auto before = std::chrono::steady_clock::now();
    executor.Execute(Command{1, HashCommand{Side::kSource, "a", version, 0}}, {});
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 before);
  }
};

TEST_F(FreshFileTest, AFileYoungerThanATickIsWaitedFor) {
  using std::chrono::milliseconds;
  const std::chrono::nanoseconds changed(1'700'000'000'123'456'789);
  EXPECT_GE(Waits(changed, milliseconds(5)), milliseconds(15));
  EXPECT_GE(Waits(changed, milliseconds(-5000)), milliseconds(20));
}

TEST_F(FreshFileTest, WholeSecondsNeedTwoSeconds) {
  using std::chrono::milliseconds;
  EXPECT_GE(Waits(std::chrono::seconds(1'700'000'000), milliseconds(1950)), milliseconds(50));
}

TEST_F(FreshFileTest, AStopEndsTheWait) {
  const StoppedClock clock(Timestamp(std::chrono::seconds(1'700'000'000)));
  const CommandExecutor executor(source_, target_, meter_, buffers_, clock, settings_);
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });
  const auto before = std::chrono::steady_clock::now();
  const Event event = executor.Execute(
      Command{1, HashCommand{Side::kSource, "a", "1:2:3:4:1700000000000000000", 0}},
      stop.get_token());
  EXPECT_TRUE(std::get<Failed>(event).status.Is(ErrorKind::kCancelled));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(1500));
}

}  // namespace
}  // namespace godwit

#include "lib/run/target_lock.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/base/clock.h"
#include "lib/run/lock_registry.h"
#include "tests/unit/run/temporary_folder.h"

namespace godwit {
namespace {

class TargetLockTest : public testing::Test {
 protected:
  Result<TargetLock> Take(const std::string& target, LockLease lease = {}) {
    return TargetLock::Take(folder_.path(), target, log_, lease);
  }
  std::vector<LockRecord> Records() {
    return LockRegistry::Open(folder_.path()).value().Read(Now()).value();
  }
  // A lock of a process that is not this one.
  void Plant(const std::string& target, const ProcessIdentity& holder, Timestamp refreshed) {
    LockRegistry registry = LockRegistry::Open(folder_.path()).value();
    std::vector<LockRecord> records = registry.Read(Now()).value();
    records.push_back(LockRecord{"other", holder, refreshed, refreshed, target});
    ASSERT_TRUE(registry.Write(records).ok());
  }
  void Damage(const std::string& text) {
    LockRegistry::Open(folder_.path()).value();
    std::ofstream(folder_.path() + "/locks/registry", std::ios::binary) << text;
  }
  Timestamp Now() const { return SystemClock().WallNow(); }

  const TemporaryFolder folder_;
  std::ostringstream messages_;
  Log log_{messages_, LogLevel::kDebug, LogFormat::kText};
};

TEST_F(TargetLockTest, ASecondRunIsRefusedWithTheHoldersName) {
  const Result<TargetLock> first = Take("s3 host lake/p/");
  ASSERT_TRUE(first.ok()) << first.status();
  const Result<TargetLock> second = Take("s3 host lake/p/");
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(second.status().Is(ErrorKind::kConflict));
  const LockRecord holder = Records().at(0);
  for (const std::string& part : {"pid " + std::to_string(getpid()), holder.holder.host,
                                  holder.holder.boot_id, std::string("started 20")}) {
    EXPECT_NE(second.status().message().find(part), std::string::npos)
        << part << " in " << second.status();
  }
}

TEST_F(TargetLockTest, AReleasedLockIsFree) {
  { const TargetLock first = Take("t/").value(); }
  EXPECT_TRUE(Take("t/").ok());
  EXPECT_TRUE(Records().empty());
  EXPECT_EQ(messages_.str(), "");
}

TEST_F(TargetLockTest, AMovedLockIsHeldOnce) {
  std::optional<TargetLock> held;
  {
    TargetLock first = Take("t/").value();
    held.emplace(std::move(first));
  }
  EXPECT_FALSE(Take("t/").ok());
  held.reset();
  EXPECT_TRUE(Take("t/").ok());
}

TEST_F(TargetLockTest, AncestorsAndDescendantsConflict) {
  const TargetLock held = Take("s3 lake/a/b/").value();
  EXPECT_FALSE(Take("s3 lake/a/").ok());
  EXPECT_FALSE(Take("s3 lake/").ok());
  EXPECT_FALSE(Take("s3 lake").ok());
  EXPECT_FALSE(Take("s3 lake/a/b/c/").ok());
}

TEST_F(TargetLockTest, NeighboursDoNotConflict) {
  const TargetLock held = Take("s3 lake/a/b/").value();
  EXPECT_TRUE(Take("s3 lake/a/bc/").ok());
  EXPECT_TRUE(Take("s3 lake/a/c/").ok());
  EXPECT_TRUE(Take("s3 lake2/").ok());
  EXPECT_TRUE(Take("gcs lake/a/b/").ok());
}

TEST_F(TargetLockTest, AKilledHolderIsTakenOver) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Result<TargetLock> lock = Take("t/");
    if (write(ready[1], lock.ok() ? "y" : "n", 1) == 1) pause();
    _exit(1);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  const Result<TargetLock> refused = Take("t/sub/");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("pid " + std::to_string(child)), std::string::npos);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  // Whoever works elsewhere does not make the dead forgotten.
  const Result<TargetLock> elsewhere = Take("u/");
  ASSERT_TRUE(elsewhere.ok());
  EXPECT_FALSE(elsewhere->taken_over());
  const Result<TargetLock> taken = Take("t/sub/");
  ASSERT_TRUE(taken.ok());
  EXPECT_TRUE(taken->taken_over());
  EXPECT_NE(messages_.str().find("taking over"), std::string::npos);
  close(ready[0]);
  close(ready[1]);
}

// A dead child that nobody waited for is still a process of that pid.
TEST_F(TargetLockTest, AHolderThatIsAZombieIsTakenOver) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Result<TargetLock> lock = Take("t/");
    close(ready[0]);
    _exit(lock.ok() ? 0 : 1);
  }
  close(ready[1]);
  char none = 0;
  EXPECT_EQ(read(ready[0], &none, 1), 0);
  siginfo_t ended{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(Take("t/").ok());
  waitpid(child, nullptr, 0);
  close(ready[0]);
}

TEST_F(TargetLockTest, APidThatWasGivenToAnotherProcessDoesNotHold) {
  ProcessIdentity holder = ThisProcess();
  holder.start_ticks += 1;
  Plant("t/", holder, Now());
  EXPECT_TRUE(Take("t/").ok());
}

TEST_F(TargetLockTest, AnotherMachineIsBelievedUntilItsLeaseEnds) {
  ProcessIdentity holder = ThisProcess();
  holder.host = "elsewhere";
  Plant("t/", holder, Now() - std::chrono::minutes(9));
  EXPECT_FALSE(Take("t/").ok());
  EXPECT_TRUE(Take("t/", LockLease{std::chrono::minutes(8), std::chrono::minutes(1)}).ok());
}

// The same host name with another boot may be another machine.
TEST_F(TargetLockTest, AnotherBootIsNotProofOfDeath) {
  ProcessIdentity holder = ThisProcess();
  holder.boot_id = "another";
  Plant("t/", holder, Now());
  EXPECT_FALSE(Take("t/").ok());
}

TEST_F(TargetLockTest, AnotherContainersPidIsNotProofOfDeath) {
  ProcessIdentity holder = ThisProcess();
  holder.pid_namespace = "pid:[1]";
  holder.pid = 999'999'999;
  Plant("t/", holder, Now());
  EXPECT_FALSE(Take("t/").ok());
}

// A clock that was set back since, and a machine that has started again.
TEST_F(TargetLockTest, ARefreshFromBeyondTheNextLeaseHoldsNothing) {
  ProcessIdentity holder = ThisProcess();
  holder.boot_id = "another";
  Plant("t/", holder, Now() + std::chrono::minutes(9));
  EXPECT_FALSE(Take("t/").ok());
  Plant("u/", holder, Now() + std::chrono::minutes(11));
  EXPECT_TRUE(Take("u/").ok());
}

TEST_F(TargetLockTest, ADamagedRecordLocksEveryTargetUntilALeaseAfterItWasSeen) {
  Damage("1\tgarbage\n\n\xFF\xFE\n");
  const Result<TargetLock> refused = Take("t/");
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(refused.status().Is(ErrorKind::kConflict));
  EXPECT_NE(refused.status().message().find("cannot be read"), std::string::npos);
  EXPECT_FALSE(Take("u/").ok());
  ASSERT_EQ(Records().size(), 1u);
  const Timestamp seen = Records().front().refreshed;
  usleep(50'000);
  EXPECT_FALSE(Take("t/").ok());
  EXPECT_EQ(Records().front().refreshed, seen);
  EXPECT_TRUE(Take("t/", LockLease{std::chrono::milliseconds(40), std::chrono::minutes(1)}).ok());
  EXPECT_TRUE(Take("t/").ok());
}

TEST_F(TargetLockTest, ARegistryOfZerosHoldsNothing) {
  Damage(std::string(100, '\0'));
  EXPECT_TRUE(Take("t/").ok());
}

TEST_F(TargetLockTest, AHolderWhoseRecordWasDamagedWritesItAgain) {
  const LockLease lease{std::chrono::minutes(10), std::chrono::milliseconds(20)};
  const TargetLock held = Take("t/", lease).value();
  Damage("1\tgarb");
  const auto is_there = [this] {
    const std::vector<LockRecord> records = Records();
    return std::any_of(records.begin(), records.end(),
                       [](const LockRecord& record) { return record.target == "t/"; });
  };
  for (int i = 0; i < 500 && !is_there(); ++i) usleep(10'000);
  EXPECT_TRUE(is_there());
}

TEST_F(TargetLockTest, AFolderThatCannotBeMadeIsAnError) {
  const Result<TargetLock> lock = TargetLock::Take("/proc/nowhere", "t/", log_);
  ASSERT_FALSE(lock.ok());
  EXPECT_FALSE(lock.status().Is(ErrorKind::kConflict)) << lock.status();
}

// Many processes try at once; each writes one byte while it holds. Two holders at once would mix
// their pairs of bytes.
TEST_F(TargetLockTest, OfManyProcessesOneHoldsAtATime) {
  constexpr int kProcesses = 8;
  int trace[2];
  ASSERT_EQ(pipe(trace), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      const char name = static_cast<char>('a' + i);
      for (int done = 0; done < 5;) {
        const Result<TargetLock> lock = Take("t/");
        if (!lock.ok()) continue;
        if (write(trace[1], &name, 1) != 1 || write(trace[1], &name, 1) != 1) _exit(1);
        ++done;
      }
      _exit(0);
    }
    children.push_back(child);
  }
  close(trace[1]);
  std::string bytes;
  for (char byte = 0; read(trace[0], &byte, 1) == 1;) bytes += byte;
  close(trace[0]);
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  ASSERT_EQ(bytes.size(), 2u * 5u * kProcesses);
  for (std::size_t i = 0; i < bytes.size(); i += 2) EXPECT_EQ(bytes[i], bytes[i + 1]) << bytes;
}

TEST(LockRecord, ComesBackAsItWas) {
  const LockRecord record{"01ABC",
                          {42, "host name\twith tab", "boot", "pid:[4026531836]", 1234567},
                          Timestamp(std::chrono::nanoseconds(1'700'000'000'123'456'789)),
                          Timestamp(std::chrono::nanoseconds(1'700'000'060'000'000'000)),
                          "local \n/a b/é%/"};
  const std::string line = EncodeLockRecord(record);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(DecodeLockRecord(line), record);
  for (std::size_t size = 0; size < line.size(); ++size) {
    EXPECT_FALSE(DecodeLockRecord(line.substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace godwit

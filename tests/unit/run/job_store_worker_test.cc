#include "lib/run/job_store_worker.h"

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "lib/run/memory_job_store.h"

namespace godwit {
namespace {

// A memory store that counts commits and can fail.
class CountingJobStore final : public JobStore {
 public:
  Result<std::vector<StateRow>> ReadState(const std::string& after,
                                          std::uint32_t rows_max) override {
    return memory_.ReadState(after, rows_max);
  }
  Status Append(std::span<const JournalRecord> records) override {
    const std::lock_guard lock(mutex_);
    commit_sizes_.push_back(records.size());
    return fails ? Status(ErrorKind::kNoSpace, "disk full") : memory_.Append(records);
  }
  Result<std::vector<JournaledUpload>> ReadUploads() override { return memory_.ReadUploads(); }
  Status Spool(std::span<const SpooledDelete> deletes) override { return memory_.Spool(deletes); }
  Result<std::vector<SpooledDelete>> ReadSpool(std::uint64_t first,
                                               std::uint32_t rows_max) override {
    return memory_.ReadSpool(first, rows_max);
  }
  std::vector<std::size_t> commit_sizes() {
    const std::lock_guard lock(mutex_);
    return commit_sizes_;
  }

  bool fails = false;

 private:
  std::mutex mutex_;
  std::vector<std::size_t> commit_sizes_;
  MemoryJobStore memory_;
};

class JobStoreWorkerTest : public testing::Test {
 protected:
  static constexpr std::chrono::hours kNever{1000};

  static Command Journal(CommandId id, std::vector<JournalRecord> records) {
    return Command{id, JournalCommand{id * 10, std::move(records)}};
  }
  static JournalRecord Keep(const std::string& key) {
    StateRow row;
    row.key = key;
    return KeepStateRecord{row};
  }
  // Waits for the next events until there are `count`.
  std::vector<Event> Take(std::size_t count) {
    std::vector<Event> all;
    std::vector<Event> events;
    while (all.size() < count) {
      events_.Take(std::chrono::steady_clock::time_point::max(), events);
      for (Event& event : events) all.push_back(std::move(event));
      events.clear();
    }
    return all;
  }

  CountingJobStore store_;
  EventQueue events_;
};

TEST_F(JobStoreWorkerTest, RecordsOfManyCommandsShareACommit) {
  JobStoreWorker worker(store_, events_, kNever);
  for (CommandId id = 1; id <= 5; ++id) worker.Submit(Journal(id, {Keep("a"), Keep("b")}));
  worker.Flush();
  const std::vector<Event> events = Take(5);
  for (CommandId id = 1; id <= 5; ++id) {
    EXPECT_EQ(std::get<Durable>(events[id - 1]).id, id);
    EXPECT_EQ(std::get<Durable>(events[id - 1]).sequence, id * 10);
  }
  EXPECT_EQ(store_.commit_sizes(), std::vector<std::size_t>{10});
}

TEST_F(JobStoreWorkerTest, AnIntentIsCommittedAtOnce) {
  JobStoreWorker worker(store_, events_, kNever);
  worker.Submit(Journal(1, {Keep("a")}));
  worker.Submit(Journal(2, {UploadIntentRecord{"k", "v", 1, 1}}));
  EXPECT_EQ(std::get<Durable>(Take(2)[1]).id, 2u);
}

TEST_F(JobStoreWorkerTest, ManyRecordsAreCommittedAtOnce) {
  JobStoreWorker worker(store_, events_, kNever);
  worker.Submit(Journal(1, std::vector<JournalRecord>(5000, Keep("a"))));
  EXPECT_EQ(std::get<Durable>(Take(1)[0]).id, 1u);
}

TEST_F(JobStoreWorkerTest, RecordsAreCommittedWhenTheGroupsTimeIsOver) {
  JobStoreWorker worker(store_, events_, std::chrono::milliseconds(1));
  worker.Submit(Journal(1, {Keep("a")}));
  EXPECT_EQ(std::get<Durable>(Take(1)[0]).id, 1u);
}

TEST_F(JobStoreWorkerTest, ReadsDoNotWaitForTheGroup) {
  JobStoreWorker worker(store_, events_, kNever);
  worker.Submit(Journal(1, {Keep("a")}));
  worker.Submit(Command{2, ReadStateCommand{"", 10}});
  const std::vector<Event> events = Take(1);
  EXPECT_EQ(std::get<Done>(events[0]).id, 2u);
  const auto& rows = std::get<StateRows>(std::get<Done>(events[0]).result);
  EXPECT_TRUE(rows.rows.empty());
  EXPECT_TRUE(rows.last);
}

TEST_F(JobStoreWorkerTest, OnlyAShortPageOfStateIsTheLast) {
  JobStoreWorker worker(store_, events_, kNever);
  ASSERT_TRUE(store_.Append(std::vector<JournalRecord>{Keep("a"), Keep("b"), Keep("c")}).ok());
  worker.Submit(Command{1, ReadStateCommand{"", 2}});
  worker.Submit(Command{2, ReadStateCommand{"b", 2}});
  const std::vector<Event> events = Take(2);
  EXPECT_FALSE(std::get<StateRows>(std::get<Done>(events[0]).result).last);
  EXPECT_TRUE(std::get<StateRows>(std::get<Done>(events[1]).result).last);
}

TEST_F(JobStoreWorkerTest, AFailedCommitFailsEveryCommandOfTheGroup) {
  store_.fails = true;
  JobStoreWorker worker(store_, events_, kNever);
  worker.Submit(Journal(1, {Keep("a")}));
  worker.Submit(Journal(2, {Keep("b")}));
  worker.Flush();
  for (const Event& event : Take(2)) {
    EXPECT_TRUE(std::get<Failed>(event).status.Is(ErrorKind::kNoSpace));
  }
}

TEST_F(JobStoreWorkerTest, TheSpoolIsReadBack) {
  JobStoreWorker worker(store_, events_, kNever);
  worker.Submit(Command{1, SpoolCommand{{SpooledDelete{"a", "v", 1, false, false}}}});
  worker.Submit(Command{2, ReadSpoolCommand{0, 10}});
  const std::vector<Event> events = Take(2);
  EXPECT_TRUE(std::holds_alternative<Finished>(std::get<Done>(events[0]).result));
  EXPECT_EQ(std::get<SpooledDeletes>(std::get<Done>(events[1]).result).deletes.at(0).key, "a");
}

TEST_F(JobStoreWorkerTest, ItsEndCommitsWhatWaits) {
  {
    JobStoreWorker worker(store_, events_, kNever);
    worker.Submit(Journal(1, {Keep("a")}));
  }
  EXPECT_EQ(store_.commit_sizes(), std::vector<std::size_t>{1});
  EXPECT_EQ(Take(1).size(), 1u);
}

}  // namespace
}  // namespace godwit

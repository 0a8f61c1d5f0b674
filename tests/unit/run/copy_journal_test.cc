#include "lib/run/copy_journal.h"

#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>

#include "lib/run/sqlite_job_store.h"
#include "tests/unit/run/temporary_folder.h"

namespace godwit {
namespace {

namespace fs = std::filesystem;

class CopyJournalTest : public testing::Test {
 protected:
  CopyJournalTest() {
    record_.id = "0123456789ab";
    record_.command = "cp";
    record_.operands = {"a", "b"};
    record_.source_identity = "source";
    record_.target_identity = "target";
    record_.process = ThisProcess();
  }
  std::unique_ptr<CopyJournal> Open() {
    return CopyJournal::Open(folder_.path(), record_, log_).value();
  }
  static Status Begin(CopyJournal& journal, const std::string& key) {
    const std::vector<JournalRecord> records{UploadIntentRecord{key, "v", 10, 5, 0},
                                             UploadBegunRecord{key, Secret("id-" + key)}};
    return journal.Append(records);
  }
  static Status End(CopyJournal& journal, const std::string& key) {
    const JournalRecord ended = UploadEndedRecord{key};
    return journal.Append(std::span(&ended, 1));
  }
  static std::vector<std::string> Keys(CopyJournal& journal) {
    std::vector<std::string> keys;
    const std::vector<JournaledUpload> uploads = journal.ReadUploads().value();
    for (const JournaledUpload& upload : uploads) keys.push_back(upload.key);
    return keys;
  }
  std::vector<std::string> Jobs() {
    std::vector<std::string> ids;
    const std::vector<FoundJob> jobs = FindJobs(folder_.path(), log_).value();
    for (const FoundJob& job : jobs) ids.push_back(job.record.id);
    return ids;
  }

  using Texts = std::vector<std::string>;
  const TemporaryFolder folder_;
  std::ostringstream messages_;
  Log log_{messages_, LogLevel::kDebug, LogFormat::kText};
  JobRecord record_;
};

TEST_F(CopyJournalTest, MakesNothingBeforeAnUploadBegins) {
  const auto journal = Open();
  const JournalRecord state = DropStateRecord{"a"};
  ASSERT_TRUE(journal->Append(std::span(&state, 1)).ok());
  ASSERT_TRUE(End(*journal, "a").ok());
  journal->Close(true);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(CopyJournalTest, WhatADeadRunLeftIsTakenOver) {
  {
    const auto journal = Open();
    ASSERT_TRUE(Begin(*journal, "a").ok());
  }
  EXPECT_EQ(Jobs(), Texts{"0123456789ab"});
  const auto next = Open();
  EXPECT_EQ(Keys(*next), Texts{"a"});
  EXPECT_TRUE(next->ReadUploads().value()[0].of_this_job);
  ASSERT_TRUE(End(*next, "a").ok());
  next->Close(false);
  EXPECT_TRUE(Jobs().empty());
  EXPECT_TRUE(fs::is_empty(folder_.path() + "/jobs"));
}

TEST_F(CopyJournalTest, RunsAtOnceHaveJournalsOfTheirOwn) {
  const auto first = Open();
  auto second = Open();
  ASSERT_TRUE(Begin(*first, "a").ok());
  ASSERT_TRUE(Begin(*second, "b").ok());
  EXPECT_EQ(Keys(*first), Texts{"a"});
  EXPECT_EQ(Keys(*second), Texts{"b"});
  EXPECT_EQ(Jobs().size(), 2U);
  EXPECT_EQ(Keys(*Open()), Texts{});
  second.reset();
  const auto third = Open();
  EXPECT_EQ(Keys(*third), Texts{"b"});
  ASSERT_TRUE(End(*first, "a").ok());
  first->Close(false);
  EXPECT_EQ(Jobs(), Texts{"0123456789ab-2"});
}

TEST_F(CopyJournalTest, AnInterruptedRunAndOneThatLeftUploadsStay) {
  auto journal = Open();
  ASSERT_TRUE(Begin(*journal, "a").ok());
  journal->Close(false);
  EXPECT_EQ(FindJobs(folder_.path(), log_).value().at(0).record.state, JobState::kFailed);
  journal = Open();
  ASSERT_TRUE(End(*journal, "a").ok());
  journal->Close(true);
  EXPECT_EQ(FindJobs(folder_.path(), log_).value().at(0).record.state, JobState::kInterrupted);
}

TEST(CanKeepJournals, LooksAtWhatIsThereAndMakesNothing) {
  const TemporaryFolder folder;
  EXPECT_TRUE(CanKeepJournals(folder.path() + "/a/b"));
  EXPECT_TRUE(fs::is_empty(folder.path()));
  EXPECT_FALSE(CanKeepJournals("/dev/null"));
  EXPECT_FALSE(CanKeepJournals("/dev/null/x"));
}

}  // namespace
}  // namespace godwit

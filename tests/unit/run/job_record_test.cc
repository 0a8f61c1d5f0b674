#include "lib/run/job_record.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "lib/base/clock.h"
#include "tests/unit/run/temporary_folder.h"

namespace godwit {
namespace {

JobRecord Record(const std::string& id = "0123456789ab") {
  JobRecord record;
  record.id = id;
  record.command = "sync";
  record.operands = {"a b\n\xFF", "s3://bucket/p"};
  record.options = {{"exclude", "x=y %\n"}, {"json", "on"}, {"exclude", ""}};
  record.working_folder = "/home/a b";
  record.source_identity = "file:///home/a b/";
  record.target_identity = "s3 host bucket/p/";
  record.started = SystemClock().WallNow();
  record.state = JobState::kInterrupted;
  record.process = ThisProcess();
  return record;
}

TEST(JobRecord, ComesBackAsItWas) {
  const JobRecord record = Record();
  EXPECT_EQ(DecodeJobRecord(EncodeJobRecord(record)), record);
}

TEST(JobRecord, AnyDamageIsSeen) {
  const std::string text = EncodeJobRecord(Record());
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(DecodeJobRecord(text.substr(0, i))) << i;
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(DecodeJobRecord(damaged)) << i;
  }
}

TEST(JobRecord, AnIdIsOfCommandPlacesAndOptions) {
  const std::vector<JobRecord::Option> none;
  const std::string id = MakeJobId("sync", "a", "b", none);
  EXPECT_EQ(id.size(), 12U);
  EXPECT_EQ(MakeJobId("sync", "a", "b", none), id);
  EXPECT_NE(MakeJobId("cp", "a", "b", none), id);
  EXPECT_NE(MakeJobId("sync", "ab", "", none), id);
  EXPECT_NE(MakeJobId("sync", "a", "b", {{"exclude", "x"}}), id);
}

TEST(JobRecord, JobsAreFoundOldestFirstAndDamagedOnesSetAside) {
  const TemporaryFolder folder;
  std::ostringstream messages;
  Log log(messages, LogLevel::kDebug, LogFormat::kText);
  EXPECT_TRUE(FindJobs(folder.path() + "/none", log).value().empty());
  const std::string jobs = folder.path() + "/jobs/";
  for (const char* name : {"x", "y", "z"}) std::filesystem::create_directories(jobs + name);
  JobRecord young = Record("young");
  JobRecord old = Record("old");
  old.started -= std::chrono::hours(1);
  ASSERT_TRUE(WriteJobRecord(jobs + "x", young).ok());
  ASSERT_TRUE(WriteJobRecord(jobs + "y", old).ok());
  std::ofstream(jobs + "z/job-torn") << "godwit-job 1\nid ";
  const std::vector<FoundJob> found = FindJobs(folder.path(), log).value();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].record, old);
  EXPECT_EQ(found[0].folder, jobs + "y");
  EXPECT_EQ(found[1].record, young);
  EXPECT_NE(messages.str().find("job-torn"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(jobs + "z/damaged-job-torn"));
  // Whoever looks again hears nothing of it.
  messages.str("");
  EXPECT_EQ(FindJobs(folder.path(), log).value().size(), 2U);
  EXPECT_EQ(messages.str(), "");
  ASSERT_TRUE(RemoveJobRecord(jobs + "y", "old").ok());
  EXPECT_EQ(FindJobs(folder.path(), log).value().size(), 1U);
}

}  // namespace
}  // namespace godwit

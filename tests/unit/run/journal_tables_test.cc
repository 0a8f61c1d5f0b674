// Uploads that nobody goes on with, and journals of older versions.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/run/memory_job_store.h"
#include "lib/run/sqlite_database.h"
#include "lib/run/sqlite_job_store.h"
#include "lib/run/state_codec.h"
#include "lib/run/state_folder.h"
#include "tests/unit/run/temporary_folder.h"

namespace godwit {
namespace {

constexpr Timestamp kTime = Timestamp(std::chrono::hours(1'000));

class Journals : public testing::Test {
 protected:
  std::unique_ptr<JobStore> Open(const std::string& job = "") {
    return OpenSqliteJobStore(folder_.path(), "source", "target", log_, job).value();
  }
  // A database of an older version, in place of ours.
  void WriteOld(const std::string& statements) {
    const std::string folder = JobFolder(folder_.path(), "source", "target");
    std::filesystem::create_directories(folder);
    SqliteDatabase old =
        SqliteDatabase::Open(folder + "/state.db", SqliteDatabase::Mode::kCreate).value();
    const std::string schema =
        "CREATE TABLE job(source BLOB NOT NULL, target BLOB NOT NULL);"
        "INSERT INTO job VALUES(CAST('source' AS BLOB), CAST('target' AS BLOB));"
        "CREATE TABLE state(key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE parts(key BLOB, part INTEGER, row BLOB NOT NULL, PRIMARY KEY(key, part))"
        " WITHOUT ROWID;"
        "PRAGMA application_id=0x67647774;" +
        statements;
    ASSERT_TRUE(old.Execute(schema.c_str()).ok());
    SqliteStatement insert = old.Prepare("INSERT INTO uploads(key, row) VALUES(?, ?)").value();
    const std::string row = EncodeUploadRow("big", UploadRow{"v", 10, 5, Secret("id"), 7});
    ASSERT_TRUE(insert.Bind(1, "big").Bind(2, row).Run().ok());
  }
  void ExpectUpgraded() {
    for (int i = 0; i < 2; ++i) {
      const std::unique_ptr<JobStore> store = Open();
      const std::vector<JournaledUpload> uploads = store->ReadUploads().value();
      ASSERT_EQ(uploads.size(), 1U);
      EXPECT_EQ(uploads[0].upload_id, Secret("id"));
      EXPECT_EQ(uploads[0].intended, Timestamp{});
      const JournalRecord more = UploadAbandonedRecord{"k", Secret("x"), kTime};
      EXPECT_TRUE(store->Append(std::span(&more, 1)).ok());
      const JournalRecord less = AbandonedEndedRecord{"k", Secret("x")};
      EXPECT_TRUE(store->Append(std::span(&less, 1)).ok());
    }
    EXPECT_EQ(messages_.str(), "");
  }

  const TemporaryFolder folder_;
  std::ostringstream messages_;
  Log log_{messages_, LogLevel::kDebug, LogFormat::kText};
};

TEST_F(Journals, OfVersionOneIsUpgraded) {
  WriteOld(
      "CREATE TABLE uploads(key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;"
      "PRAGMA user_version=1;");
  ExpectUpgraded();
}

TEST_F(Journals, OfVersionTwoIsUpgraded) {
  WriteOld(
      "CREATE TABLE uploads(key BLOB PRIMARY KEY, row BLOB NOT NULL, job BLOB NOT NULL DEFAULT x'')"
      " WITHOUT ROWID; PRAGMA user_version=2;");
  ExpectUpgraded();
}

TEST_F(Journals, AbandonedUploadsBelongToTheirJob) {
  const JournalRecord given_up = UploadAbandonedRecord{"k", Secret("x"), kTime};
  ASSERT_TRUE(Open("one")->Append(std::span(&given_up, 1)).ok());
  EXPECT_FALSE(Open("two")->ReadUploads().value().at(0).of_this_job);
  EXPECT_TRUE(Open("one")->ReadUploads().value().at(0).of_this_job);
  const std::string folder = JobFolder(folder_.path(), "source", "target");
  EXPECT_TRUE(PeekUploads(folder, "source", "target", "two").value().empty());
}

// In memory and on disk alike.
class AbandonedUploads : public testing::TestWithParam<bool> {
 protected:
  AbandonedUploads() {
    if (GetParam()) {
      store_ = OpenSqliteJobStore(folder_.path(), "source", "target", log_).value();
    } else {
      store_ = std::make_unique<MemoryJobStore>();
    }
  }
  // "key id abandoned" of each, sorted.
  std::vector<std::string> After(const std::vector<JournalRecord>& records) {
    EXPECT_TRUE(store_->Append(records).ok());
    std::vector<std::string> uploads;
    const std::vector<JournaledUpload> journaled = store_->ReadUploads().value();
    for (const JournaledUpload& upload : journaled) {
      EXPECT_EQ(upload.intended, kTime);
      uploads.push_back(upload.key + ' ' + upload.upload_id.Reveal() +
                        (upload.abandoned ? " abandoned" : ""));
    }
    std::sort(uploads.begin(), uploads.end());
    return uploads;
  }

  const TemporaryFolder folder_;
  std::ostringstream messages_;
  Log log_{messages_, LogLevel::kDebug, LogFormat::kText};
  std::unique_ptr<JobStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Stores, AbandonedUploads, testing::Bool());

using Lines = std::vector<std::string>;

TEST_P(AbandonedUploads, TakeThePlaceOfTheUploadThatTheyWere) {
  EXPECT_EQ(
      After({UploadIntentRecord{"k", "v", 10, 5, 0, kTime}, UploadBegunRecord{"k", Secret("1")},
             UploadPartRecord{"k", PartReceipt{0, 5, "e", {}}},
             UploadAbandonedRecord{"k", Secret("1"), kTime}}),
      (Lines{"k 1 abandoned"}));
  EXPECT_TRUE(store_->ReadUploads().value().at(0).parts.empty());
}

TEST_P(AbandonedUploads, StandBesideAnotherUploadOfTheirKey) {
  EXPECT_EQ(After({UploadAbandonedRecord{"k", Secret("1"), kTime},
                   UploadIntentRecord{"k", "v", 10, 5, 0, kTime},
                   UploadBegunRecord{"k", Secret("2")}, UploadAbandonedRecord{"k", {}, kTime}}),
            (Lines{"k  abandoned", "k 1 abandoned", "k 2"}));
}

TEST_P(AbandonedUploads, EndOneByOne) {
  EXPECT_EQ(After({UploadAbandonedRecord{"k", Secret("1"), kTime},
                   UploadAbandonedRecord{"k", Secret("2"), kTime},
                   UploadAbandonedRecord{"k", Secret("2"), kTime},
                   AbandonedEndedRecord{"k", Secret("2")}}),
            (Lines{"k 1 abandoned"}));
}

}  // namespace
}  // namespace godwit

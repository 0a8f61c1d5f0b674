#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/run/memory_job_store.h"
#include "lib/run/sqlite_job_store.h"
#include "lib/run/state_folder.h"
#include "tests/unit/run/temporary_folder.h"

namespace godwit {
namespace {

namespace fs = std::filesystem;

StateRow Row(const std::string& key, const std::string& version = "v1") {
  StateRow row;
  row.key = key;
  row.size_bytes = key.size();
  row.source_version = "s-" + version;
  row.target_version = "t-" + version;
  row.digests = {Digest::Crc32c(7)};
  return row;
}

std::vector<JournalRecord> Keep(const std::vector<std::string>& keys) {
  std::vector<JournalRecord> records;
  for (const std::string& key : keys) records.push_back(KeepStateRecord{Row(key)});
  return records;
}

std::vector<std::string> Keys(JobStore& store, const std::string& after = "",
                              std::uint32_t rows_max = 1000) {
  const Result<std::vector<StateRow>> rows = store.ReadState(after, rows_max);
  if (!rows.ok()) return {"error: " + rows.status().ToString()};
  std::vector<std::string> keys;
  for (const StateRow& row : *rows) keys.push_back(row.key);
  return keys;
}

// The same promises for every job store.
enum class Backend { kMemory, kSqlite };

class AnyJobStore : public testing::TestWithParam<Backend> {
 protected:
  AnyJobStore() {
    if (GetParam() == Backend::kMemory) {
      store_ = std::make_unique<MemoryJobStore>();
    } else {
      store_ = OpenSqliteJobStore(folder_.path(), "source", "target", log_).value();
    }
  }

  const TemporaryFolder folder_;
  std::ostringstream messages_;
  Log log_{messages_, LogLevel::kDebug, LogFormat::kText};
  std::unique_ptr<JobStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Backends, AnyJobStore, testing::Values(Backend::kMemory, Backend::kSqlite),
                         [](const auto& backend) {
                           return backend.param == Backend::kMemory ? "Memory" : "Sqlite";
                         });

TEST_P(AnyJobStore, StateComesInByteOrder) {
  const std::vector<std::string> keys = {"b", "a/b", "a-b", "a", "\xFF", std::string("a\0c", 3),
                                         "Z"};
  ASSERT_TRUE(store_->Append(Keep(keys)).ok());
  const std::vector<std::string> sorted = {"Z", "a",   std::string("a\0c", 3), "a-b", "a/b",
                                           "b", "\xFF"};
  EXPECT_EQ(Keys(*store_), sorted);
}

TEST_P(AnyJobStore, StateComesInPages) {
  ASSERT_TRUE(store_->Append(Keep({"a", "b", "c", "d"})).ok());
  EXPECT_EQ(Keys(*store_, "", 3), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(Keys(*store_, "c", 3), (std::vector<std::string>{"d"}));
  EXPECT_EQ(Keys(*store_, "d", 3), (std::vector<std::string>{}));
}

TEST_P(AnyJobStore, ARowComesBackAsItWas) {
  ASSERT_TRUE(store_->Append(Keep({"a/b"})).ok());
  const Result<std::vector<StateRow>> rows = store_->ReadState("", 10);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(*rows, std::vector<StateRow>{Row("a/b")});
}

TEST_P(AnyJobStore, LaterRecordsReplaceEarlierOnes) {
  const std::vector<JournalRecord> records = {KeepStateRecord{Row("a")}, KeepStateRecord{Row("b")},
                                              KeepStateRecord{Row("a", "v2")}, DropStateRecord{"b"},
                                              DropStateRecord{"never"}};
  ASSERT_TRUE(store_->Append(records).ok());
  const Result<std::vector<StateRow>> rows = store_->ReadState("", 10);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(*rows, std::vector<StateRow>{Row("a", "v2")});
}

TEST_P(AnyJobStore, RemembersUnfinishedUploadsWithTheirParts) {
  const std::vector<JournalRecord> records = {
      UploadIntentRecord{"big", "v1", 100, 30, 77},
      UploadBegunRecord{"big", Secret("id1")},
      UploadPartRecord{"big", PartReceipt{2, 30, "e2", {}}},
      UploadPartRecord{"big", PartReceipt{0, 30, "e0", {Digest::Crc32c(1)}}},
      UploadIntentRecord{"intent", "v2", 200, 50},
      UploadIntentRecord{"ended", "v3", 300, 70},
      UploadBegunRecord{"ended", Secret("id3")},
      UploadPartRecord{"ended", PartReceipt{0, 70, "e", {}}},
      UploadEndedRecord{"ended"}};
  ASSERT_TRUE(store_->Append(records).ok());
  const Result<std::vector<JournaledUpload>> uploads = store_->ReadUploads();
  ASSERT_TRUE(uploads.ok()) << uploads.status();
  ASSERT_EQ(uploads->size(), 2u);
  const JournaledUpload& big = uploads->front();
  EXPECT_EQ(big.key, "big");
  EXPECT_EQ(big.source_version, "v1");
  EXPECT_EQ(big.size_bytes, 100u);
  EXPECT_EQ(big.part_size_bytes, 30u);
  EXPECT_EQ(big.form, 77u);
  EXPECT_EQ(big.upload_id, Secret("id1"));
  ASSERT_EQ(big.parts.size(), 2u);
  EXPECT_EQ(big.parts[0].token, "e0");
  EXPECT_EQ(big.parts[1].token, "e2");
  EXPECT_EQ(uploads->back().key, "intent");
  EXPECT_TRUE(uploads->back().upload_id.empty());
}

TEST_P(AnyJobStore, ANewIntentForgetsThePartsBefore) {
  const std::vector<JournalRecord> records = {
      UploadIntentRecord{"k", "v1", 100, 30}, UploadBegunRecord{"k", Secret("id1")},
      UploadPartRecord{"k", PartReceipt{0, 30, "e", {}}}, UploadIntentRecord{"k", "v2", 90, 30}};
  ASSERT_TRUE(store_->Append(records).ok());
  const Result<std::vector<JournaledUpload>> uploads = store_->ReadUploads();
  ASSERT_TRUE(uploads.ok());
  ASSERT_EQ(uploads->size(), 1u);
  EXPECT_EQ(uploads->front().source_version, "v2");
  EXPECT_TRUE(uploads->front().upload_id.empty());
  EXPECT_TRUE(uploads->front().parts.empty());
}

TEST_P(AnyJobStore, TheSpoolKeepsItsOrder) {
  const std::vector<SpooledDelete> deletes = {{"a", "v", 1, false, false},
                                              {"b/", "", 0, true, true}};
  ASSERT_TRUE(store_->Spool(deletes).ok());
  const Result<std::vector<SpooledDelete>> read = store_->ReadSpool(1, 10);
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().key, "b/");
  EXPECT_TRUE(read->front().is_folder);
}

class SqliteJobStoreTest : public testing::Test {
 protected:
  Result<std::unique_ptr<JobStore>> Open(const std::string& source = "source") {
    return OpenSqliteJobStore(state_dir_, source, "target", log_);
  }
  std::unique_ptr<JobStore> OpenReadOnly() {
    return OpenSqliteJobStoreReadOnly(state_dir_, "source", "target", log_).value();
  }
  std::string Path() const { return JobFolder(state_dir_, "source", "target") + "/state.db"; }
  void Write(const std::string& bytes) const {
    fs::create_directories(fs::path(Path()).parent_path());
    std::ofstream(Path(), std::ios::binary) << bytes;
  }
  std::string Read() const {
    std::ifstream file(Path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  int SetAsideCount() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(Path()).parent_path())) {
      const std::string name = entry.path().filename().string();
      count += name.starts_with("state.db.corrupt-") && !name.ends_with("-wal") ? 1 : 0;
    }
    return count;
  }

  const TemporaryFolder folder_;
  const std::string state_dir_ = folder_.path() + "/state";
  std::ostringstream messages_;
  Log log_{messages_, LogLevel::kDebug, LogFormat::kText};
};

TEST_F(SqliteJobStoreTest, StateOutlivesTheStore) {
  ASSERT_TRUE(Open().value()->Append(Keep({"a", "b"})).ok());
  EXPECT_EQ(Keys(*Open().value()), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(messages_.str(), "");
}

TEST_F(SqliteJobStoreTest, TheSpoolDoesNotOutliveTheStore) {
  const std::vector<SpooledDelete> deletes(1000, {"a", "v", 1, false, false});
  ASSERT_TRUE(Open().value()->Spool(deletes).ok());
  const Result<std::vector<SpooledDelete>> read = Open().value()->ReadSpool(0, 10);
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->empty());
}

TEST_F(SqliteJobStoreTest, FilesAreForTheirOwnerAlone) {
  const mode_t before = umask(0);
  const std::unique_ptr<JobStore> store = Open().value();
  ASSERT_TRUE(store->Append(Keep({"a"})).ok());
  umask(before);
  for (const auto& entry : fs::recursive_directory_iterator(state_dir_)) {
    const auto mode = entry.status().permissions() & fs::perms::mask;
    EXPECT_EQ(mode, entry.is_directory() ? fs::perms::owner_all
                                         : fs::perms::owner_read | fs::perms::owner_write)
        << entry.path();
  }
}

TEST_F(SqliteJobStoreTest, EachPairHasItsOwnState) {
  ASSERT_TRUE(Open("one").value()->Append(Keep({"a"})).ok());
  ASSERT_TRUE(Open("two").value()->Append(Keep({"b"})).ok());
  EXPECT_EQ(Keys(*Open("one").value()), (std::vector<std::string>{"a"}));
  EXPECT_EQ(Keys(*Open("two").value()), (std::vector<std::string>{"b"}));
}

TEST_F(SqliteJobStoreTest, AStateFolderThatIsAFileIsAnError) {
  std::ofstream(state_dir_) << "x";
  const Result<std::unique_ptr<JobStore>> store = Open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.status().provider_code(), "ENOTDIR");
}

TEST_F(SqliteJobStoreTest, AnotherProgramsDatabaseIsSetAside) {
  {
    SCOPED_TRACE("not a database");
    Write("this is not a database, but it is long enough to look at: " + std::string(4096, 'x'));
    EXPECT_EQ(Keys(*Open().value()), (std::vector<std::string>{}));
    EXPECT_EQ(SetAsideCount(), 1);
    EXPECT_NE(messages_.str().find("set aside"), std::string::npos) << messages_.str();
  }
}

TEST_F(SqliteJobStoreTest, AnotherPairsDatabaseIsSetAside) {
  ASSERT_TRUE(Open("other").value()->Append(Keep({"a"})).ok());
  fs::create_directories(fs::path(Path()).parent_path());
  fs::copy_file(JobFolder(state_dir_, "other", "target") + "/state.db", Path());
  EXPECT_EQ(Keys(*Open().value()), (std::vector<std::string>{}));
  EXPECT_EQ(SetAsideCount(), 1);
}

// The user version lies at offset 60 of the file, big-endian.
TEST_F(SqliteJobStoreTest, ANewerDatabaseIsSetAside) {
  ASSERT_TRUE(Open().value()->Append(Keep({"a"})).ok());
  std::string bytes = Read();
  bytes.at(63) = 4;
  Write(bytes);
  EXPECT_EQ(Keys(*Open().value()), (std::vector<std::string>{}));
  EXPECT_EQ(SetAsideCount(), 1);
}

TEST_F(SqliteJobStoreTest, AnUploadBelongsToTheJobThatBeganIt) {
  const auto open = [this](const std::string& job) {
    return OpenSqliteJobStore(folder_.path(), "source", "target", log_, job).value();
  };
  const auto begin = [](JobStore& store, const std::string& key) {
    const JournalRecord intent = UploadIntentRecord{key, "v", 10, 5, 0};
    ASSERT_TRUE(store.Append(std::span(&intent, 1)).ok());
  };
  begin(*open("one"), "a");
  begin(*open("two"), "b");
  const std::vector<JournaledUpload> uploads = open("two")->ReadUploads().value();
  ASSERT_EQ(uploads.size(), 2U);
  EXPECT_FALSE(uploads[0].of_this_job);
  EXPECT_TRUE(uploads[1].of_this_job);
  const std::string folder = JobFolder(folder_.path(), "source", "target");
  EXPECT_EQ(PeekUploads(folder, "source", "target", "one").value().at(0).key, "a");
}

TEST_F(SqliteJobStoreTest, TwoDamagedFilesDoNotOverwriteEachOther) {
  for (int i = 0; i < 3; ++i) {
    Write("not a database" + std::string(1000, 'x'));
    EXPECT_TRUE(Open().ok());
  }
  EXPECT_EQ(SetAsideCount(), 3);
}

// A file cut anywhere is never fatal, and no row that was not written is ever read.
TEST_F(SqliteJobStoreTest, AFileCutAnywhereIsNeverFatalAndNeverTrusted) {
  std::vector<std::string> keys;
  for (int i = 0; i < 2000; ++i) keys.push_back("key-" + std::to_string(10'000 + i));
  ASSERT_TRUE(Open().value()->Append(Keep(keys)).ok());
  const std::string whole = Read();
  ASSERT_GT(whole.size(), 20u * 4096);
  std::vector<std::size_t> sizes = {0, 1, 15, 16, 99, 100, 4095, whole.size() - 1};
  for (std::size_t size = 4096; size < whole.size(); size += 4096 * 3) sizes.push_back(size);
  for (std::size_t size = 5000; size < whole.size(); size += 50'000) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    SCOPED_TRACE("size " + std::to_string(size));
    Write(whole.substr(0, size));
    Result<std::unique_ptr<JobStore>> store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    const Result<std::vector<StateRow>> rows = (*store)->ReadState("", 5000);
    ASSERT_TRUE(rows.ok()) << rows.status();
    for (const StateRow& row : *rows) EXPECT_EQ(row, Row(row.key));
    ASSERT_TRUE((*store)->Append(Keep({"new"})).ok());
    EXPECT_EQ(Keys(**store, "mmm"), (std::vector<std::string>{"new"}));
    store = Status(ErrorKind::kInternal, "closed");
    EXPECT_EQ(Keys(*Open().value(), "mmm"), (std::vector<std::string>{"new"}));
    fs::remove_all(fs::path(Path()).parent_path());
  }
}

TEST_F(SqliteJobStoreTest, AFileDamagedAnywhereIsNeverFatalAndNeverTrusted) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  std::vector<std::string> keys;
  for (int i = 0; i < 500; ++i) keys.push_back("key-" + std::to_string(10'000 + i));
  ASSERT_TRUE(Open().value()->Append(Keep(keys)).ok());
  const std::string whole = Read();
  for (int round = 0; round < 60; ++round) {
    std::string damaged = whole;
    const std::size_t count = 1 + random.Below(200);
    const std::size_t first = random.Below(damaged.size());
    for (std::size_t i = first; i < std::min(damaged.size(), first + count); ++i) {
      damaged[i] = static_cast<char>(random.Below(256));
    }
    Write(damaged);
    Result<std::unique_ptr<JobStore>> store = Open();
    ASSERT_TRUE(store.ok()) << store.status() << " round " << round;
    const Result<std::vector<StateRow>> rows = (*store)->ReadState("", 5000);
    ASSERT_TRUE(rows.ok()) << rows.status();
    for (const StateRow& row : *rows) EXPECT_EQ(row, Row(row.key)) << round;
    EXPECT_TRUE((*store)->ReadUploads().ok());
    EXPECT_TRUE((*store)->Append(Keep({"new"})).ok()) << round;
    store = Status(ErrorKind::kInternal, "closed");
    fs::remove_all(fs::path(Path()).parent_path());
  }
}

// A process that dies after Append returned has lost nothing, and one that dies in the middle has
// left whole commits.
TEST_F(SqliteJobStoreTest, WhatWasAppendedSurvivesAKill) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    Result<std::unique_ptr<JobStore>> store = Open();
    for (int i = 0; store.ok() && i < 1'000'000; ++i) {
      const std::string number = std::to_string(100'000 + i);
      if (!(*store)->Append(Keep({"a" + number, "b" + number})).ok()) break;
      if (write(ready[1], &i, sizeof i) != sizeof i) break;
    }
    _exit(1);
  }
  close(ready[1]);
  int last = -1;
  while (last < 20) ASSERT_EQ(read(ready[0], &last, sizeof last), ssize_t{sizeof last});
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  for (int i = 0; read(ready[0], &i, sizeof i) == sizeof i;) last = i;
  close(ready[0]);

  EXPECT_TRUE(fs::exists(Path() + "-wal"));
  {
    SCOPED_TRACE("a dry run reads the log too, and leaves all as it is");
    const std::string before = Read();
    const std::uintmax_t wal_before = fs::file_size(Path() + "-wal");
    EXPECT_GE(Keys(*OpenReadOnly(), "", 100'000).size(), 2u * static_cast<unsigned>(last + 1));
    EXPECT_EQ(Read(), before);
    EXPECT_EQ(fs::file_size(Path() + "-wal"), wal_before);
  }
  const std::unique_ptr<JobStore> store = Open().value();
  const std::vector<std::string> a = Keys(*store, "a", 100'000);
  EXPECT_GE(a.size(), 2u * static_cast<unsigned>(last + 1));
  EXPECT_EQ(a.size() % 2, 0u) << "half a commit";
  EXPECT_EQ(messages_.str(), "");
}

// While it lives, no file may grow beyond so many bytes.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit limit{bytes, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() { EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &before_), 0); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(SqliteJobStoreTest, AFailureTellsWhatTheSystemSaid) {
  const std::unique_ptr<JobStore> store = Open().value();
  Status status;
  {
    const FileSizeLimit limit(8192);
    status = store->Append(Keep({std::string(100'000, 'k')}));
  }
  EXPECT_EQ(status.kind(), ErrorKind::kLocalIo);
  EXPECT_NE(status.ToString().find("file too large (disk I/O error)"), std::string::npos)
      << status.ToString();
}

// Whichever write of it fails, also where SQLite has closed the file before it tells.
TEST_F(SqliteJobStoreTest, AFailureWhileOpeningTellsWhatTheSystemSaid) {
  int failures = 0;
  for (rlim_t bytes = 0; bytes < (1U << 20); bytes += 256, ++failures) {
    fs::remove_all(fs::path(Path()).parent_path());
    Status status;
    {
      const FileSizeLimit limit(bytes);
      status = Open().status();
    }
    if (status.ok()) break;
    EXPECT_NE(status.ToString().find("file too large"), std::string::npos)
        << bytes << " bytes: " << status.ToString();
  }
  EXPECT_GT(failures, 4);
}

TEST_F(SqliteJobStoreTest, ReadOnlyCreatesNothing) {
  EXPECT_EQ(Keys(*OpenReadOnly()), (std::vector<std::string>{}));
  EXPECT_FALSE(fs::exists(state_dir_));
  EXPECT_EQ(messages_.str(), "");
}

TEST_F(SqliteJobStoreTest, ReadOnlyReadsAndRemembersNothing) {
  ASSERT_TRUE(Open().value()->Append(Keep({"a"})).ok());
  const std::string before = Read();
  {
    const std::unique_ptr<JobStore> store = OpenReadOnly();
    EXPECT_EQ(Keys(*store), (std::vector<std::string>{"a"}));
    EXPECT_TRUE(store->Append(Keep({"b"})).ok());
    EXPECT_EQ(Keys(*store), (std::vector<std::string>{"a"}));
    int files = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(Path()).parent_path())) {
      EXPECT_EQ(entry.path().filename(), "state.db");
      ++files;
    }
    EXPECT_EQ(files, 1);
  }
  EXPECT_EQ(Read(), before);
  EXPECT_EQ(Keys(*Open().value()), (std::vector<std::string>{"a"}));
}

TEST_F(SqliteJobStoreTest, ReadOnlyLeavesADamagedFileWhereItIs) {
  Write("not a database" + std::string(5000, 'x'));
  EXPECT_EQ(Keys(*OpenReadOnly()), (std::vector<std::string>{}));
  EXPECT_TRUE(fs::exists(Path()));
  EXPECT_EQ(SetAsideCount(), 0);
  EXPECT_NE(messages_.str().find("was not read"), std::string::npos) << messages_.str();
}

// Two processes, since locks of one process do not exclude itself.
TEST_F(SqliteJobStoreTest, ReadOnlyDoesNotReadWhatAnotherRunWrites) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    Result<std::unique_ptr<JobStore>> store = Open();
    const bool fine = store.ok() && (*store)->Append(Keep({"a"})).ok();
    if (write(ready[1], "x", 1) == 1 && fine) pause();
    _exit(1);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_EQ(Keys(*OpenReadOnly()), (std::vector<std::string>{}));
  EXPECT_NE(messages_.str().find("another run is writing it"), std::string::npos);
  const Result<std::unique_ptr<JobStore>> store = Open();
  EXPECT_TRUE(!store.ok() && store.status().Is(ErrorKind::kConflict)) << store.status();
  EXPECT_EQ(SetAsideCount(), 0);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
}

TEST_F(SqliteJobStoreTest, APathWithSpecialCharactersIsJustAPath) {
  const std::string state_dir = folder_.path() + "/a b?c#d%41é";
  ASSERT_TRUE(OpenSqliteJobStore(state_dir, "s", "t", log_).value()->Append(Keep({"a"})).ok());
  EXPECT_TRUE(fs::exists(JobFolder(state_dir, "s", "t") + "/state.db"));
  EXPECT_EQ(Keys(*OpenSqliteJobStoreReadOnly(state_dir, "s", "t", log_).value()),
            (std::vector<std::string>{"a"}));
}

}  // namespace
}  // namespace godwit

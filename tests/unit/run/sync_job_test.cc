#include <dirent.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "lib/policy/permit_issuer.h"
#include "lib/run/job.h"
#include "lib/run/memory_job_store.h"
#include "lib/run/signals.h"
#include "lib/run/sqlite_job_store.h"
#include "lib/store/memory/memory_store.h"
#include "tests/unit/run/temporary_folder.h"
#include "tests/unit/run/wrapped_store.h"

namespace godwit {
namespace {

// Keeps what is reported.
class RecordingObserver final : public JobObserver {
 public:
  void OnReport(const Report& report) override {
    if (const auto* action = std::get_if<ActionReport>(&report)) actions.push_back(*action);
    if (const auto* error = std::get_if<ErrorReport>(&report)) errors.push_back(*error);
  }
  void OnProgress(const Progress& progress) override { last = progress; }
  bool OnConfirm(std::uint64_t object_count, std::uint64_t) override {
    confirmed_count = object_count;
    return confirms;
  }

  std::vector<ActionReport> actions;
  std::vector<ErrorReport> errors;
  Progress last;
  bool confirms = true;
  std::uint64_t confirmed_count = 0;
};

std::size_t OpenFileCount() {
  std::size_t count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

class RunJobTest : public testing::Test {
 protected:
  RunJobTest() {
    source_.store = &source_store_;
    source_.prefix = "from/";
    source_.url = "memory://source/from";
    source_.identity = "memory source/from/";
    target_.store = &target_store_;
    target_.prefix = "to/";
    target_.url = "memory://target/to";
    target_.identity = "memory target/to/";
    settings_.seed = 1;
    settings_.options.retry = RetryPolicy::Immediate();
  }

  void Put(MemoryStore& store, const std::string& key, const std::string& body) {
    MemorySource source(std::as_bytes(std::span(body)));
    ASSERT_TRUE(
        store.Put(CallContext(), PermitIssuer().Judge(key), key, PutOptions(), source).ok());
  }
  void PutMany(int count) {
    for (int i = 0; i < count; ++i) {
      Put(source_store_, "from/" + std::to_string(10'000 + i), "body " + std::to_string(i));
    }
  }
  SyncSummary Run() {
    observer_ = RecordingObserver();
    return RunJob(source_, target_, settings_, *job_store_, meter_, observer_, log_).summary;
  }
  // Both folders hold the same.
  void ExpectEqual() {
    std::map<std::string, std::string> expected;
    for (const auto& [key, body] : source_store_.Contents()) {
      if (key.starts_with("from/")) expected["to/" + key.substr(5)] = body;
    }
    EXPECT_EQ(target_store_.Contents(), expected);
  }

  MemoryStore source_store_;
  MemoryStore target_store_;
  Endpoint source_;
  Endpoint target_;
  JobSettings settings_;
  std::unique_ptr<JobStore> job_store_ = std::make_unique<MemoryJobStore>();
  RequestMeter meter_;
  RecordingObserver observer_;
  std::ostringstream messages_;
  Log log_{messages_, LogLevel::kInfo, LogFormat::kText};
};

TEST_F(RunJobTest, CopiesAllAndThenNothing) {
  PutMany(300);
  Put(source_store_, "from/empty", "");
  Put(source_store_, "from/deep/er/file", "x");
  Put(source_store_, "elsewhere", "not mine");
  const SyncSummary first = Run();
  EXPECT_EQ(first.exit_code, 0);
  EXPECT_EQ(first.copied, 302u);
  ExpectEqual();
  EXPECT_EQ(observer_.actions.size(), 302u);
  EXPECT_EQ(observer_.last.objects_done, 302u);
  EXPECT_EQ(observer_.last.listed_source, 302u);
  EXPECT_FALSE(observer_.last.planning);

  const std::uint64_t gets = meter_.requests(RequestClass::kGet);
  const SyncSummary second = Run();
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_EQ(second.copied, 0u);
  EXPECT_EQ(second.unchanged, 302u);
  EXPECT_EQ(meter_.requests(RequestClass::kGet), gets);
}

TEST_F(RunJobTest, CopiesLargeObjectsInParts) {
  settings_.options.part_size_bytes = 5ULL << 20;
  std::string body(23'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 1000) body[i] = static_cast<char>(i / 1000);
  Put(source_store_, "from/large", body);
  const SyncSummary summary = Run();
  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.copied, 1u);
  ExpectEqual();
  EXPECT_EQ(target_store_.OpenUploadCount(), 0u);
  EXPECT_TRUE(job_store_->ReadUploads().value().empty());
}

TEST_F(RunJobTest, StreamsWhatDoesNotFitTheMemory) {
  settings_.options.part_size_bytes = 12ULL << 20;
  settings_.options.memory_bytes = 8ULL << 20;
  Put(source_store_, "from/large", std::string(30'000'000, 'x'));
  Put(source_store_, "from/whole", std::string(11'000'000, 'y'));
  const SyncSummary summary = Run();
  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.copied, 2u);
  ExpectEqual();
}

TEST_F(RunJobTest, DeletesWhatTheSourceDoesNotHave) {
  PutMany(50);
  ASSERT_EQ(Run().exit_code, 0);
  Put(target_store_, "to/extra", "x");
  settings_.options.delete_extra = true;
  const SyncSummary summary = Run();
  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.deleted, 1u);
  ExpectEqual();
}

TEST_F(RunJobTest, RemovesAfterTheUserAgreed) {
  settings_.options.mode = JobMode::kRemove;
  settings_.options.max_delete.kind = DeleteLimit::Kind::kAll;
  Put(target_store_, "to/a", "1");
  Put(target_store_, "to/b", "2");
  Put(target_store_, "other", "3");
  source_ = target_;
  const SyncSummary summary = Run();
  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.deleted, 2u);
  EXPECT_EQ(target_store_.Contents(), (std::map<std::string, std::string>{{"other", "3"}}));
}

TEST_F(RunJobTest, AMissingContainerEndsWithoutDeletes) {
  MemoryOptions options = MemoryOptions::Capable();
  options.container_exists = false;
  MemoryStore missing(options);
  source_.store = &missing;
  Put(target_store_, "to/a", "1");
  settings_.options.delete_extra = true;
  const SyncSummary summary = Run();
  EXPECT_EQ(summary.exit_code, 7);
  EXPECT_EQ(target_store_.Contents().size(), 1u);
  EXPECT_EQ(observer_.errors.size(), 1u);
}

TEST_F(RunJobTest, StateOutlivesTheRun) {
  const TemporaryFolder folder;
  const auto open = [&] {
    job_store_.reset();
    job_store_ =
        OpenSqliteJobStore(folder.path(), source_.identity, target_.identity, log_).value();
  };
  open();
  PutMany(100);
  EXPECT_EQ(Run().copied, 100u);
  open();
  EXPECT_EQ(job_store_->ReadState("", 1000).value().size(), 100u);
  EXPECT_EQ(Run().unchanged, 100u);
  EXPECT_EQ(messages_.str(), "");
}

TEST_F(RunJobTest, AllDescriptorsAndThreadsAreGivenBack) {
  PutMany(20);
  Run();
  const std::size_t before = OpenFileCount();
  Run();
  EXPECT_EQ(OpenFileCount(), before);
}

// Fails every second write once, as a busy service does.
class FlakyStore final : public WrappedStore {
 public:
  using WrappedStore::WrappedStore;
  Result<PutReceipt> Put(const CallContext& context, const WritePermit& permit,
                         std::string_view key, const PutOptions& options,
                         ByteSource& body) override {
    if (++calls_ % 2 == 1) return Status(ErrorKind::kUnavailable, "busy");
    return store_.Put(context, permit, key, options, body);
  }

 private:
  std::atomic<int> calls_ = 0;
};

TEST_F(RunJobTest, WhatFailsIsRepeated) {
  FlakyStore flaky(target_store_);
  target_.store = &flaky;
  PutMany(50);
  const SyncSummary summary = Run();
  EXPECT_EQ(summary.exit_code, 0);
  EXPECT_EQ(summary.copied, 50u);
  EXPECT_GE(summary.retries, 50u);
  ExpectEqual();
}

// The user presses Ctrl-C as soon as a write is under way.
class InterruptingStore final : public WrappedStore {
 public:
  using WrappedStore::WrappedStore;
  Result<PutReceipt> Put(const CallContext& context, const WritePermit& permit,
                         std::string_view key, const PutOptions& options,
                         ByteSource& body) override {
    if (!interrupted_.exchange(true)) kill(getpid(), SIGINT);
    return store_.Put(context, permit, key, options, body);
  }

 private:
  std::atomic<bool> interrupted_ = false;
};

TEST_F(RunJobTest, ASignalEndsTheRunCleanly) {
  const SignalGuard signals;
  InterruptingStore interrupting(target_store_);
  target_.store = &interrupting;
  settings_.stop_signal = signals.flag();
  settings_.options.jobs = 1;
  PutMany(5000);
  const SyncSummary summary = Run();
  EXPECT_EQ(summary.exit_code, 130);
  EXPECT_LT(summary.copied, 5000u);
  EXPECT_EQ(summary.copied, target_store_.Contents().size());
}

TEST_F(RunJobTest, ASignalBeforeTheStartCopiesNothing) {
  const volatile int flag = 143;
  settings_.stop_signal = &flag;
  PutMany(10);
  const SyncSummary summary = Run();
  EXPECT_EQ(summary.exit_code, 143);
  EXPECT_TRUE(target_store_.Contents().empty());
}

TEST_F(RunJobTest, AJournalThatCannotBeWrittenEndsTheRun) {
  class FullJobStore final : public JobStore {
   public:
    Result<std::vector<StateRow>> ReadState(const std::string&, std::uint32_t) override {
      return std::vector<StateRow>();
    }
    Status Append(std::span<const JournalRecord>) override {
      return Status(ErrorKind::kNoSpace, "disk full");
    }
    Result<std::vector<JournaledUpload>> ReadUploads() override {
      return std::vector<JournaledUpload>();
    }
    Status Spool(std::span<const SpooledDelete>) override { return Status::Ok(); }
    Result<std::vector<SpooledDelete>> ReadSpool(std::uint64_t, std::uint32_t) override {
      return std::vector<SpooledDelete>();
    }
  };
  job_store_ = std::make_unique<FullJobStore>();
  PutMany(10);
  EXPECT_EQ(Run().exit_code, 8);
}

}  // namespace
}  // namespace godwit

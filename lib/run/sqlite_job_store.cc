#include "lib/run/sqlite_job_store.h"

#include <mutex>
#include <optional>
#include <utility>

#include "lib/run/journal_tables.h"
#include "lib/run/memory_job_store.h"
#include "lib/run/spool_file.h"
#include "lib/run/state_codec.h"
#include "lib/run/state_database.h"
#include "lib/run/state_folder.h"

namespace godwit {

namespace {

constexpr std::string_view kSelectState = "SELECT key, row FROM state WHERE key > ? ORDER BY key";

// Reads valid rows after `after` until there are `rows_max`, or no more. Damaged rows are passed
// over and counted.
Result<std::vector<StateRow>> ReadRows(SqliteStatement& select, const std::string& after,
                                       std::uint32_t rows_max, std::uint64_t& damaged) {
  std::vector<StateRow> rows;
  rows.reserve(rows_max);
  // Without a LIMIT: where a row is passed over, another must take its place, since a short page
  // looks like the last one.
  select.Bind(1, after);
  Result<bool> more = true;
  while (rows.size() < rows_max) {
    more = select.Step();
    if (!more.ok() || !*more) break;
    std::optional<StateRow> row = DecodeStateRow(select.Bytes(0), select.Bytes(1));
    if (!row) ++damaged;
    if (row) rows.push_back(std::move(*row));
  }
  select.Reset();
  if (!more.ok()) return std::move(more).status();
  return rows;
}

// A database with its statements, which go first.
struct OpenState {
  SqliteDatabase database;
  SqliteStatement select;
  JournalTables journal;

  static Result<std::unique_ptr<OpenState>> Prepare(SqliteDatabase database,
                                                    const std::string& job_id) {
    Result<SqliteStatement> select = database.Prepare(kSelectState);
    if (!select.ok()) return std::move(select).status();
    Result<JournalTables> journal = JournalTables::Prepare(database, job_id);
    if (!journal.ok()) return std::move(journal).status();
    return std::make_unique<OpenState>(
        OpenState{std::move(database), std::move(select).value(), std::move(journal).value()});
  }
};

class SqliteJobStore final : public JobStore {
 public:
  SqliteJobStore(std::string folder, StatePair pair, std::string job_id, Log& log)
      : path_(folder + "/state.db"),
        pair_(std::move(pair)),
        job_id_(std::move(job_id)),
        log_(log),
        spool_(folder) {}

  Status Open() {
    Result<SqliteDatabase> database = OpenStateDatabase(path_, pair_, log_);
    if (!database.ok()) return std::move(database).status();
    Result<std::unique_ptr<OpenState>> state =
        OpenState::Prepare(std::move(database).value(), job_id_);
    if (!state.ok()) return std::move(state).status();
    state_ = std::move(state).value();
    return Status::Ok();
  }

  Result<std::vector<StateRow>> ReadState(const std::string& after,
                                          std::uint32_t rows_max) override {
    const std::lock_guard lock(mutex_);
    if (!state_) return NotOpen();
    std::uint64_t damaged = 0;
    Result<std::vector<StateRow>> rows = ReadRows(state_->select, after, rows_max, damaged);
    if (damaged != 0) log_.WarnOnce("state-rows", "damaged rows of the job state were ignored");
    if (!rows.ok() && rows.status().Is(ErrorKind::kCorrupted)) {
      GODWIT_RETURN_IF_ERROR(StartAnew(rows.status()));
      return std::vector<StateRow>();
    }
    return rows;
  }

  Status Append(std::span<const JournalRecord> records) override {
    const std::lock_guard lock(mutex_);
    if (!state_) return NotOpen();
    Status status = WriteAll(records);
    complete_ = complete_ && status.ok();
    if (!status.Is(ErrorKind::kCorrupted)) return status;
    GODWIT_RETURN_IF_ERROR(StartAnew(status));
    return WriteAll(records);
  }

  bool complete() const override {
    const std::lock_guard lock(mutex_);
    return complete_;
  }

  Result<std::vector<JournaledUpload>> ReadUploads() override {
    const std::lock_guard lock(mutex_);
    if (!state_) return NotOpen();
    Result<std::vector<JournaledUpload>> uploads = SelectUploads(state_->database, job_id_);
    if (uploads.ok() || !uploads.status().Is(ErrorKind::kCorrupted)) return uploads;
    GODWIT_RETURN_IF_ERROR(StartAnew(uploads.status()));
    return std::vector<JournaledUpload>();
  }

  Status Spool(std::span<const SpooledDelete> deletes) override {
    const std::lock_guard lock(mutex_);
    return spool_.Append(deletes);
  }

  Result<std::vector<SpooledDelete>> ReadSpool(std::uint64_t first,
                                               std::uint32_t rows_max) override {
    const std::lock_guard lock(mutex_);
    return spool_.Read(first, rows_max);
  }

 private:
  static Status NotOpen() { return Status(ErrorKind::kLocalIo, "the job state was given up"); }

  Status WriteAll(std::span<const JournalRecord> records) {
    Status status = state_->database.Execute("BEGIN IMMEDIATE");
    for (auto record = records.begin(); status.ok() && record != records.end(); ++record) {
      status = state_->journal.Write(*record);
    }
    if (status.ok()) status = state_->database.Execute("COMMIT");
    if (status.ok()) return status;
    state_->database.RollBack();
    return std::move(status).WithOperation("write job state").WithObject(path_);
  }

  // The database turned out to be damaged: an empty one takes its place.
  Status StartAnew(const Status& why) {
    state_.reset();
    complete_ = false;
    GODWIT_RETURN_IF_ERROR(SetStateAside(path_, why, log_));
    return Open();
  }

  const std::string path_;
  const StatePair pair_;
  const std::string job_id_;
  Log& log_;
  mutable std::mutex mutex_;          // Guards all below.
  std::unique_ptr<OpenState> state_;  // Null if it was lost and could not be replaced.
  bool complete_ = true;
  SpoolFile spool_;
};

// Reads a snapshot of the state, remembers nothing; its spool is a memory store's.
class ReadOnlyJobStore final : public JobStore {
 public:
  ReadOnlyJobStore(StateSnapshot snapshot, SqliteStatement select, std::string path, Log& log)
      : snapshot_(std::move(snapshot)),
        select_(std::move(select)),
        path_(std::move(path)),
        log_(log) {}

  Result<std::vector<StateRow>> ReadState(const std::string& after,
                                          std::uint32_t rows_max) override {
    const std::lock_guard lock(mutex_);
    std::uint64_t damaged = 0;
    Result<std::vector<StateRow>> rows = ReadRows(select_, after, rows_max, damaged);
    if (!rows.ok() || damaged != 0) {
      log_.WarnOnce("state-rows", "the job state " + path_ + " is damaged and was read in part");
    }
    if (!rows.ok()) return std::vector<StateRow>();
    return rows;
  }

  Status Append(std::span<const JournalRecord>) override { return Status::Ok(); }

  Result<std::vector<JournaledUpload>> ReadUploads() override {
    const std::lock_guard lock(mutex_);
    return SelectUploads(snapshot_.database(), "");
  }

  Status Spool(std::span<const SpooledDelete> deletes) override { return memory_.Spool(deletes); }

  Result<std::vector<SpooledDelete>> ReadSpool(std::uint64_t first,
                                               std::uint32_t rows_max) override {
    return memory_.ReadSpool(first, rows_max);
  }

 private:
  std::mutex mutex_;  // Guards the snapshot and its statement.
  StateSnapshot snapshot_;
  SqliteStatement select_;
  const std::string path_;
  Log& log_;
  MemoryJobStore memory_;
};

Result<std::unique_ptr<JobStore>> OpenSnapshot(const std::string& path, const StatePair& pair,
                                               Log& log) {
  Result<StateSnapshot> snapshot = StateSnapshot::Open(path, pair);
  if (!snapshot.ok()) return std::move(snapshot).status();
  Result<SqliteStatement> select = snapshot->database().Prepare(kSelectState);
  if (!select.ok()) return std::move(select).status();
  return std::unique_ptr<JobStore>(std::make_unique<ReadOnlyJobStore>(
      std::move(snapshot).value(), std::move(select).value(), path, log));
}

}  // namespace

Result<std::unique_ptr<JobStore>> OpenSqliteJobStore(const std::string& state_dir,
                                                     const std::string& source_identity,
                                                     const std::string& target_identity, Log& log,
                                                     const std::string& job_id) {
  return OpenSqliteJobStoreIn(JobFolder(state_dir, source_identity, target_identity),
                              source_identity, target_identity, log, job_id);
}

Result<std::unique_ptr<JobStore>> OpenSqliteJobStoreIn(const std::string& folder,
                                                       const std::string& source_identity,
                                                       const std::string& target_identity, Log& log,
                                                       const std::string& job_id) {
  GODWIT_RETURN_IF_ERROR(MakePrivateFolder(folder));
  auto store = std::make_unique<SqliteJobStore>(folder, StatePair{source_identity, target_identity},
                                                job_id, log);
  GODWIT_RETURN_IF_ERROR(store->Open());
  return std::unique_ptr<JobStore>(std::move(store));
}

Result<std::vector<JournaledUpload>> PeekUploads(const std::string& folder,
                                                 const std::string& source_identity,
                                                 const std::string& target_identity,
                                                 const std::string& job_id) {
  Result<StateSnapshot> snapshot =
      StateSnapshot::Open(folder + "/state.db", StatePair{source_identity, target_identity});
  if (!snapshot.ok()) return std::move(snapshot).status();
  Result<std::vector<JournaledUpload>> uploads = SelectUploads(snapshot->database(), job_id);
  if (uploads.ok()) std::erase_if(*uploads, [](const auto& upload) { return !upload.of_this_job; });
  return uploads;
}

Result<std::unique_ptr<JobStore>> OpenSqliteJobStoreReadOnly(const std::string& state_dir,
                                                             const std::string& source_identity,
                                                             const std::string& target_identity,
                                                             Log& log) {
  const std::string path = JobFolder(state_dir, source_identity, target_identity) + "/state.db";
  Result<std::unique_ptr<JobStore>> store =
      OpenSnapshot(path, StatePair{source_identity, target_identity}, log);
  if (store.ok()) return store;
  if (!store.status().Is(ErrorKind::kNotFound)) {
    log.Warn("the job state " + path + " was not read: " + store.status().message());
  }
  return std::unique_ptr<JobStore>(std::make_unique<MemoryJobStore>());
}

}  // namespace godwit

#include "lib/run/state_database.h"

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/errno_status.h"

namespace godwit {

namespace {

namespace fs = std::filesystem;

constexpr const char* kOperation = "open job state";
// "gdwt": tells our files from other SQLite databases.
constexpr std::int64_t kApplicationId = 0x67647774;
constexpr std::int64_t kSchemaVersion = 3;

// The lock goes first: with an exclusive one the write-ahead log needs no shared memory, so that
// it also works on network file systems.
constexpr const char* kWriterSettings =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "PRAGMA cell_size_check=ON; PRAGMA cache_size=-4096;";

constexpr const char* kSchema =
    "BEGIN;"
    "CREATE TABLE job(source BLOB NOT NULL, target BLOB NOT NULL);"
    "CREATE TABLE state(key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE uploads(key BLOB PRIMARY KEY, row BLOB NOT NULL, job BLOB NOT NULL DEFAULT x'',"
    " intended INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE parts(key BLOB, part INTEGER, row BLOB NOT NULL, PRIMARY KEY(key, part))"
    " WITHOUT ROWID;"
    "CREATE TABLE abandoned(key BLOB, row BLOB, job BLOB NOT NULL, intended INTEGER NOT NULL,"
    " PRIMARY KEY(key, row)) WITHOUT ROWID;"
    "PRAGMA application_id=0x67647774;"
    "PRAGMA user_version=3;";

// Version 1 did not know which job an upload belongs to.
constexpr const char* kUpgradeFrom1 =
    "BEGIN;"
    "ALTER TABLE uploads ADD COLUMN job BLOB NOT NULL DEFAULT x'';"
    "PRAGMA user_version=2;"
    "COMMIT;";
// Version 2 did not know when an upload was begun, and forgot those that could not be ended.
constexpr const char* kUpgradeFrom2 =
    "BEGIN;"
    "ALTER TABLE uploads ADD COLUMN intended INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE abandoned(key BLOB, row BLOB, job BLOB NOT NULL, intended INTEGER NOT NULL,"
    " PRIMARY KEY(key, row)) WITHOUT ROWID;"
    "PRAGMA user_version=3;"
    "COMMIT;";

Status Foreign(const std::string& message) { return Status(ErrorKind::kCorrupted, message); }

Status WriteSchema(SqliteDatabase& database, const StatePair& pair) {
  GODWIT_RETURN_IF_ERROR(database.Execute(kSchema));
  Result<SqliteStatement> insert = database.Prepare("INSERT INTO job VALUES(?, ?)");
  if (!insert.ok()) return std::move(insert).status();
  insert->Bind(1, pair.source_identity).Bind(2, pair.target_identity);
  GODWIT_RETURN_IF_ERROR(insert->Run());
  return database.Execute("COMMIT");
}

Status CheckPair(SqliteDatabase& database, const StatePair& pair) {
  Result<SqliteStatement> select = database.Prepare("SELECT source, target FROM job");
  if (!select.ok()) return std::move(select).status();
  Result<bool> row = select->Step();
  if (!row.ok()) return std::move(row).status();
  const bool same =
      *row && select->Bytes(0) == pair.source_identity && select->Bytes(1) == pair.target_identity;
  return same ? Status::Ok() : Foreign("it belongs to another source or target");
}

Status CheckSchema(SqliteDatabase& database, const StatePair& pair) {
  const Result<std::int64_t> application = database.QueryInteger("PRAGMA application_id");
  if (!application.ok()) return application.status();
  if (*application != kApplicationId) return Foreign("it is another program's database");
  const Result<std::int64_t> version = database.QueryInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version < 1 || *version > kSchemaVersion)
    return Foreign("it was written by another version of godwit");
  return CheckPair(database, pair);
}

Status UpgradeSchema(SqliteDatabase& database) {
  const Result<std::int64_t> version = database.QueryInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version < 2) GODWIT_RETURN_IF_ERROR(database.Execute(kUpgradeFrom1));
  return *version < 3 ? database.Execute(kUpgradeFrom2) : Status::Ok();
}

bool IsThere(const std::string& path) {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0;
}

// An empty file with the right mode, so that the library never makes it with another one.
Status MakeFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) {
    const int error = errno;
    const bool foreign = error == EACCES || error == EISDIR || error == ELOOP;
    Status status = ErrnoStatus(error, kOperation, path);
    // What stands in its place can be moved away if the folder is ours.
    return foreign && IsThere(path) ? Foreign(status.message()) : status;
  }
  close(file);
  return Status::Ok();
}

Result<SqliteDatabase> TryOpen(const std::string& path, const StatePair& pair) {
  GODWIT_RETURN_IF_ERROR(MakeFile(path));
  Result<SqliteDatabase> database = SqliteDatabase::Open(path, SqliteDatabase::Mode::kCreate);
  if (!database.ok()) return database;
  GODWIT_RETURN_IF_ERROR(database->Execute(kWriterSettings));
  const Result<std::int64_t> objects = database->QueryInteger("SELECT count(*) FROM sqlite_schema");
  if (!objects.ok()) return objects.status();
  GODWIT_RETURN_IF_ERROR(*objects == 0 ? WriteSchema(*database, pair)
                                       : CheckSchema(*database, pair));
  GODWIT_RETURN_IF_ERROR(UpgradeSchema(*database));
  return database;
}

std::string FreeName(const std::string& path) {
  const std::string stem = path + ".corrupt-" + std::to_string(std::time(nullptr));
  std::string name = stem;
  for (int i = 2; fs::exists(fs::symlink_status(name)); ++i) name = stem + "-" + std::to_string(i);
  return name;
}

// True if a run holds the database's exclusive lock. The range is that of SQLite's file format.
bool InUse(int file) {
  struct flock range {};
  range.l_type = F_RDLCK;
  range.l_whence = SEEK_SET;
  range.l_start = 0x40000000;
  range.l_len = 512;
  return fcntl(file, F_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

bool HasContent(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 && found.st_size > 0;
}

}  // namespace

Result<SqliteDatabase> OpenStateDatabase(const std::string& path, const StatePair& pair, Log& log) {
  Result<SqliteDatabase> database = TryOpen(path, pair);
  if (!database.ok() && database.status().Is(ErrorKind::kCorrupted)) {
    const Status why = std::move(database).status();
    GODWIT_RETURN_IF_ERROR(SetStateAside(path, why, log));
    database = TryOpen(path, pair);
  }
  if (!database.ok()) {
    return std::move(database).status().WithOperation(kOperation).WithObject(path);
  }
  return database;
}

Status SetStateAside(const std::string& path, const Status& why, Log& log) {
  const std::string aside = FreeName(path);
  if (rename(path.c_str(), aside.c_str()) != 0) return ErrnoStatus(errno, kOperation, path);
  // The log must not be applied to the new file. Without one there is nothing to rename.
  const std::string wal = path + "-wal";
  if (rename(wal.c_str(), (aside + "-wal").c_str()) != 0 && errno != ENOENT) {
    return ErrnoStatus(errno, kOperation, wal);
  }
  log.Warn("the job state " + path + " cannot be used (" + why.message() +
           "); it was set aside as " + aside + ", and what it proved will be proven again");
  return Status::Ok();
}

Result<StateSnapshot> StateSnapshot::Open(const std::string& path, const StatePair& pair) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus(errno, kOperation, path);
  const bool in_use = InUse(file);
  close(file);
  if (in_use) return Status(ErrorKind::kConflict, "another run is writing it");
  StateSnapshot snapshot;
  std::string readable = path;
  auto mode = SqliteDatabase::Mode::kImmutable;
  if (HasContent(path + "-wal")) {
    GODWIT_RETURN_IF_ERROR(snapshot.CopyPrivately(path));
    readable = snapshot.copy_folder_ + "/state.db";
    mode = SqliteDatabase::Mode::kCreate;
  }
  Result<SqliteDatabase> database = SqliteDatabase::Open(readable, mode);
  if (!database.ok()) return std::move(database).status();
  GODWIT_RETURN_IF_ERROR(database->Execute("PRAGMA locking_mode=EXCLUSIVE"));
  GODWIT_RETURN_IF_ERROR(CheckSchema(*database, pair));
  snapshot.database_ = std::make_unique<SqliteDatabase>(std::move(database).value());
  return snapshot;
}

StateSnapshot::~StateSnapshot() {
  database_.reset();
  std::error_code ignored;
  if (!copy_folder_.empty()) fs::remove_all(copy_folder_, ignored);
}

Status StateSnapshot::CopyPrivately(const std::string& path) {
  std::error_code error;
  std::string folder = (fs::temp_directory_path(error) / "godwit-state-XXXXXX").string();
  if (error || mkdtemp(folder.data()) == nullptr) return ErrnoStatus(errno, kOperation, folder);
  copy_folder_ = folder;
  fs::copy_file(path, folder + "/state.db", error);
  if (!error) fs::copy_file(path + "-wal", folder + "/state.db-wal", error);
  return error ? ErrnoStatus(error.value(), kOperation, folder) : Status::Ok();
}

}  // namespace godwit

#include "lib/run/sqlite_database.h"

#include <cerrno>
#include <utility>

#include <sqlite3.h>

#include "lib/base/errno_status.h"
#include "lib/base/text.h"
#include "lib/run/sqlite_vfs.h"

namespace godwit {

namespace {

ErrorKind KindOf(int extended_code) {
  if (extended_code == SQLITE_IOERR_SHORT_READ) return ErrorKind::kCorrupted;
  switch (extended_code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    // What a sealed schema cannot give unless the file was altered.
    case SQLITE_CONSTRAINT:
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_SCHEMA:
    case SQLITE_TOOBIG:
      return ErrorKind::kCorrupted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorKind::kConflict;
    case SQLITE_FULL:
      return ErrorKind::kNoSpace;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return ErrorKind::kPermissionDenied;
    default:
      return ErrorKind::kLocalIo;
  }
}

// The errno behind a failure, 0 where there is none.
int SystemErrorOf(sqlite3* database, int extended_code) {
  switch (extended_code & 0xFF) {
    case SQLITE_FULL:
      return ENOSPC;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return FirstFileError() != 0 ? FirstFileError() : sqlite3_system_errno(database);
    default:
      return 0;
  }
}

// SQLite's own words ("disk I/O error") do not tell a full disk from a quota or a broken disk.
Status ErrorOf(sqlite3* database) {
  const int code = sqlite3_extended_errcode(database);
  const int error = SystemErrorOf(database, code);
  if (error == 0 || KindOf(code) == ErrorKind::kCorrupted) {
    return Status(KindOf(code), sqlite3_errmsg(database)).WithProviderCode(sqlite3_errstr(code));
  }
  const Status system = ErrnoStatus(error, "", "");
  const bool telling = system.Is(ErrorKind::kNoSpace) || system.Is(ErrorKind::kLocalIo);
  return Status(telling ? system.kind() : KindOf(code), system.message())
      .WithProviderCode(sqlite3_errstr(code));
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteStatement& SqliteStatement::Bind(int index, std::string_view bytes) {
  // A null pointer would be NULL, not the empty blob.
  const char* data = bytes.empty() ? "" : bytes.data();
  sqlite3_bind_blob64(statement_.get(), index, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Result<bool> SqliteStatement::Step() {
  ForgetFileError();
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return ErrorOf(sqlite3_db_handle(statement_.get()));
}

Status SqliteStatement::Run() {
  Result<bool> row = Step();
  const Status status = std::move(row).status();
  Reset();
  return status;
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::string_view SqliteStatement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (data == nullptr || size <= 0) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

std::int64_t SqliteStatement::Integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

void SqliteDatabase::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

Result<SqliteDatabase> SqliteDatabase::Open(const std::string& path, Mode mode) {
  // A URI, for its parameters; so the path's own special characters must be escaped.
  std::string uri = "file:" + PercentEncode(path, true);
  int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (mode == Mode::kImmutable) {
    uri += "?immutable=1";
    flags |= SQLITE_OPEN_READONLY;
  } else {
    flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  }
  sqlite3* handle = nullptr;
  ForgetFileError();
  const int code = sqlite3_open_v2(uri.c_str(), &handle, flags, RememberingVfs());
  SqliteDatabase database;
  database.database_.reset(handle);
  if (handle == nullptr) return Status(ErrorKind::kInternal, "no memory for a database");
  if (code != SQLITE_OK) return ErrorOf(handle);
  // Pages of a damaged file must not make the library read beyond them.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

Status SqliteDatabase::Execute(const char* statements) {
  ForgetFileError();
  const int code = sqlite3_exec(database_.get(), statements, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status::Ok() : ErrorOf(database_.get());
}

Result<SqliteStatement> SqliteDatabase::Prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  ForgetFileError();
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  // A statement that does not fit its tables: they are not ours.
  if (code == SQLITE_ERROR) return Status(ErrorKind::kCorrupted, sqlite3_errmsg(database_.get()));
  if (code != SQLITE_OK) return ErrorOf(database_.get());
  SqliteStatement statement;
  statement.statement_.reset(handle);
  return statement;
}

Result<std::int64_t> SqliteDatabase::QueryInteger(std::string_view sql) {
  Result<SqliteStatement> statement = Prepare(sql);
  if (!statement.ok()) return std::move(statement).status();
  Result<bool> row = statement->Step();
  if (!row.ok()) return std::move(row).status();
  return *row ? statement->Integer(0) : std::int64_t{0};
}

void SqliteDatabase::RollBack() {
  if (sqlite3_get_autocommit(database_.get()) == 0) {
    sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

}  // namespace godwit

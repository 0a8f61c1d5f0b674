#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "godwit/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace godwit {

// A statement that is kept and run again. Values are bound as blobs or integers; views of columns
// hold until the next Step or Reset. One thread at a time; must not outlive its database.
class SqliteStatement {
 public:
  SqliteStatement() = default;

  SqliteStatement& Bind(int index, std::string_view bytes);  // Borrowed until the next Reset.
  SqliteStatement& Bind(int index, std::int64_t value);
  // True if a row is there, false at the end.
  Result<bool> Step();
  // Runs a statement without rows to its end and resets it.
  Status Run();
  void Reset();

  std::string_view Bytes(int column) const;
  std::int64_t Integer(int column) const;

 private:
  friend class SqliteDatabase;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// An open SQLite database: the only user of its library. One thread at a time.
//
// Failures: kCorrupted if the file is damaged, cut or not a database; kConflict if another process
// has it open; kNoSpace, kPermissionDenied, kLocalIo as the file system says.
class SqliteDatabase {
 public:
  enum class Mode : std::uint8_t {
    kCreate,     // Read and write; made if missing.
    kImmutable,  // Read only, without locks, and without looking for a write-ahead log.
  };

  static Result<SqliteDatabase> Open(const std::string& path, Mode mode);

  // Runs statements without results (or with results that do not matter).
  Status Execute(const char* statements);
  Result<SqliteStatement> Prepare(std::string_view sql);
  // The one integer that a query gives.
  Result<std::int64_t> QueryInteger(std::string_view sql);
  void RollBack();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace godwit

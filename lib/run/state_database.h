#pragma once

#include <memory>
#include <string>

#include "godwit/result.h"
#include "lib/base/log.h"
#include "lib/run/sqlite_database.h"

namespace godwit {

// Whose state a database holds.
struct StatePair {
  std::string source_identity;
  std::string target_identity;
};

// Opens the state of `pair` at `path`, made if missing (mode 0600), with its tables in place and
// commits that survive a power loss.
//
// What is torn, not a database, not readable, another pair's or written by a newer godwit is
// renamed to PATH.corrupt-<time>, with a warning, and replaced by an empty one: state is evidence
// that can be gathered again. Fails only where the file system does, or (kConflict) if it is in
// use.
Result<SqliteDatabase> OpenStateDatabase(const std::string& path, const StatePair& pair, Log& log);

// Renames the database and its log out of the way, with a warning that says why.
Status SetStateAside(const std::string& path, const Status& why, Log& log);

// A database that is read and left exactly as it is; nothing is made beside it. After a crash its
// write-ahead log is applied to a private copy. Fails with kCorrupted if it cannot be trusted, with
// kConflict while a run writes it.
class StateSnapshot {
 public:
  static Result<StateSnapshot> Open(const std::string& path, const StatePair& pair);
  StateSnapshot(StateSnapshot&& other) noexcept = default;
  StateSnapshot& operator=(StateSnapshot&& other) noexcept = default;
  ~StateSnapshot();

  SqliteDatabase& database() { return *database_; }

 private:
  StateSnapshot() = default;
  Status CopyPrivately(const std::string& path);

  std::unique_ptr<SqliteDatabase> database_;
  std::string copy_folder_;
};

}  // namespace godwit

#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "lib/sync/run_core.h"

namespace godwit {

// Why a candidate goes.
inline Reason DeleteReason(const SyncOptions& options, bool excluded) {
  if (options.mode == JobMode::kRemove) return Reason::kAlways;
  return excluded ? Reason::kExcluded : Reason::kNotInSource;
}

// Candidates for deletion on their way to and from the runner's spool, in key order. Bounded: the
// planner waits while too many are on their way. One thread at a time.
class DeleteSpool {
 public:
  explicit DeleteSpool(RunCore& core) : core_(core) {}
  DeleteSpool(const DeleteSpool&) = delete;
  DeleteSpool& operator=(const DeleteSpool&) = delete;

  void Add(SpooledDelete row);
  // Sends what is left over; call when no row follows.
  void Close();

  bool full() const { return rows_.size() >= 2 * kBatch; }
  // All rows were kept.
  bool settled() const { return rows_.empty() && !in_flight_; }
  // The spool lost rows: nothing may be deleted.
  const Status& failure() const { return failure_; }
  std::uint64_t count() const { return count_; }        // All rows.
  std::uint64_t provable() const { return provable_; }  // Those that need a proof of absence.
  std::uint64_t bytes() const { return bytes_; }

  // Rows from `first` on, at most `rows_max`; a failure empties the vector and says why.
  using RowsHandler = std::function<void(std::vector<SpooledDelete> rows, Status status)>;
  void Read(std::uint64_t first, std::uint32_t rows_max, RowsHandler then);

 private:
  static constexpr std::size_t kBatch = 500;
  void Send();

  RunCore& core_;
  std::vector<SpooledDelete> rows_;
  bool in_flight_ = false;
  bool closed_ = false;
  std::uint64_t count_ = 0;
  std::uint64_t provable_ = 0;
  std::uint64_t bytes_ = 0;
  Status failure_;
};

}  // namespace godwit

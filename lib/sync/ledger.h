#pragma once

#include <cstdint>
#include <set>

#include "lib/sync/command.h"
#include "lib/sync/report.h"

namespace godwit {

// Counts what happened: every planned action exactly once (I10). One thread at a time.
class Ledger {
 public:
  explicit Ledger(bool dry_run) { summary_.dry_run = dry_run; }

  void CountListed(Side side);
  // An action ended, or was planned in a dry run.
  void Count(const ActionReport& report);
  void CountUnchanged(Evidence evidence);
  // Actions that are not reported one by one.
  void CountSkipped(std::uint64_t count) { summary_.skipped += count; }
  void CountRetry() { ++summary_.retries; }
  // A dry run's deletes that a guard would refuse.
  void MoveDeletesToSkipped();
  // A copy that failed for a reason that forbids the delete phase.
  void CountFailedCopy() { ++failed_copies_; }
  void NoteExit(int code) { exit_codes_.insert(code); }
  void NoteStopped(bool resumable) {
    summary_.stopped = true;
    summary_.resumable = summary_.resumable || resumable;
  }
  void NoteResumable() { summary_.resumable = true; }
  // An upload of an earlier run goes on, with so many bytes that need not travel again.
  void CountReused(std::uint64_t bytes) {
    summary_.resumed = summary_.resumed || bytes > 0;
    summary_.bytes_reused += bytes;
  }

  std::uint64_t listed(Side side) const;
  std::uint64_t failed_copies() const { return failed_copies_; }
  std::uint64_t deleted() const { return summary_.deleted; }
  // The summary so far, with the first of the noted exit codes by the order of the manual.
  SyncSummary Summary() const;

 private:
  SyncSummary summary_;
  std::set<int> exit_codes_;
  std::uint64_t failed_copies_ = 0;
};

}  // namespace godwit

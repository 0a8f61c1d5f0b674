#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "godwit/result.h"
#include "lib/base/log.h"

namespace godwit {

// How long a lock of another machine is believed without a sign of life, and how often ours gives
// one.
struct LockLease {
  std::chrono::milliseconds length = std::chrono::minutes(10);
  std::chrono::milliseconds refresh = std::chrono::minutes(1);
};

// The right to be the only run on a target; given back at the end of its life. Movable.
//
// Targets are known by their canonical identity; one that contains, or lies in, a locked one is
// locked too. Holders are recorded in STATE_DIR/locks; one that is provably dead (same machine and
// boot, no such process) is taken over, any other after its lease has run out. An entry that cannot
// be read any more may be anybody's: it locks every target until a lease after it was seen first. A
// thread of its own keeps the lease alive; should the lock be lost nevertheless (the machine slept
// beyond the lease and another took over), it says so in the log.
class TargetLock {
 public:
  // Fails with kConflict, naming the holder's pid, host, boot id and start time, if the target is
  // locked; as the file system says if the state folder cannot be used. `log` must outlive the
  // lock.
  static Result<TargetLock> Take(const std::string& state_dir, const std::string& target_identity,
                                 Log& log, LockLease lease = {});
  // An earlier holder died without giving it back: it may have left unfinished work.
  bool taken_over() const;
  TargetLock(TargetLock&&) noexcept;
  TargetLock& operator=(TargetLock&&) noexcept;
  ~TargetLock();

 private:
  class Held;
  explicit TargetLock(std::unique_ptr<Held> held);

  std::unique_ptr<Held> held_;
};

}  // namespace godwit

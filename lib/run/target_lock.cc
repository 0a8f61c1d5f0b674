#include "lib/run/target_lock.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/run/lock_registry.h"
#include "lib/run/quiet_thread.h"

namespace godwit {

namespace {

// Whether a lock still counts.
bool Holds(const LockRecord& record, Timestamp now, const LockLease& lease) {
  switch (LivenessOf(record.holder)) {
    case Liveness::kAlive:
      return true;
    case Liveness::kDead:
      return false;
    case Liveness::kUnknown:
      // One from beyond the next lease was written by a clock that was wrong, and says nothing.
      return now < record.refreshed + lease.length && record.refreshed <= now + lease.length;
  }
  return true;
}

std::string Describe(const LockRecord& record) {
  if (IsUnreadable(record)) {
    return "an entry of the registry of locks that cannot be read any more, seen first at " +
           FormatRfc3339(record.started, 0);
  }
  return "pid " + std::to_string(record.holder.pid) + " on host " + record.holder.host +
         " (boot id " + record.holder.boot_id + "), started " + FormatRfc3339(record.started, 0);
}

Status Locked(const LockRecord& holder, const std::string& target, const LockLease& lease) {
  if (IsUnreadable(holder)) {
    return Status(ErrorKind::kConflict, "another run may be at work there: " + Describe(holder) +
                                            "; it counts as a held lock until " +
                                            FormatRfc3339(holder.refreshed + lease.length, 0))
        .WithOperation("lock the target")
        .WithObject(target);
  }
  const std::string which =
      holder.target == target ? "" : ", which works on " + holder.target + ",";
  return Status(ErrorKind::kConflict, "another run" + which + " is at work there: " +
                                          Describe(holder) + "; wait for it, or stop it")
      .WithOperation("lock the target")
      .WithObject(target);
}

}  // namespace

// One record in the registry, and the thread that keeps it fresh.
class TargetLock::Held {
 public:
  Held(std::string state_dir, LockRecord record, Log& log, LockLease lease, bool taken_over);
  ~Held();
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  const bool taken_over;

 private:
  void KeepAlive(const std::stop_token& stop);
  Status Refresh();
  Status Release();

  const std::string state_dir_;
  const LockRecord record_;
  Log& log_;
  const LockLease lease_;
  const SystemClock clock_;
  std::jthread keeper_;  // Last: ends before what it uses.
};

TargetLock::Held::Held(std::string state_dir, LockRecord record, Log& log, LockLease lease,
                       bool after_dead)
    : taken_over(after_dead),
      state_dir_(std::move(state_dir)),
      record_(std::move(record)),
      log_(log),
      lease_(lease) {
  keeper_ = StartWithoutSignals([this](const std::stop_token& stop) { KeepAlive(stop); });
}

TargetLock::Held::~Held() {
  keeper_.request_stop();
  keeper_.join();
  const Status status = Release();
  if (!status.ok()) log_.Warn("the target's lock was not given back: " + status.ToString());
}

void TargetLock::Held::KeepAlive(const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any stopped;
  while (!stop.stop_requested()) {
    stopped.wait_for(lock, stop, lease_.refresh, [] { return false; });
    if (stop.stop_requested()) return;
    const Status status = Refresh();
    if (!status.ok()) log_.WarnOnce("target-lock", "the target's lock: " + status.ToString());
  }
}

Status TargetLock::Held::Refresh() {
  Result<LockRegistry> registry = LockRegistry::Open(state_dir_);
  if (!registry.ok()) return std::move(registry).status();
  const Timestamp now = clock_.WallNow();
  Result<std::vector<LockRecord>> records = registry->Read(now);
  if (!records.ok()) return std::move(records).status();
  auto ours = std::find_if(records->begin(), records->end(), [this](const LockRecord& record) {
    return record.token == record_.token;
  });
  if (ours == records->end()) {
    const bool taken = std::any_of(records->begin(), records->end(), [&](const auto& record) {
      return !IsUnreadable(record) && TargetsOverlap(record.target, record_.target);
    });
    if (taken) {
      return Status(ErrorKind::kConflict,
                    "it was lost: it was not refreshed in time and another run has taken it");
    }
    // The registry was damaged, or removed.
    ours = records->insert(records->end(), record_);
  }
  ours->refreshed = now;
  return registry->Write(*records);
}

Status TargetLock::Held::Release() {
  Result<LockRegistry> registry = LockRegistry::Open(state_dir_);
  if (!registry.ok()) return std::move(registry).status();
  Result<std::vector<LockRecord>> records = registry->Read(clock_.WallNow());
  if (!records.ok()) return std::move(records).status();
  const auto count = std::erase_if(
      *records, [this](const LockRecord& record) { return record.token == record_.token; });
  return count == 0 ? Status::Ok() : registry->Write(*records);
}

Result<TargetLock> TargetLock::Take(const std::string& state_dir,
                                    const std::string& target_identity, Log& log, LockLease lease) {
  Result<LockRegistry> registry = LockRegistry::Open(state_dir);
  if (!registry.ok()) return std::move(registry).status();
  const Timestamp now = SystemClock().WallNow();
  Result<std::vector<LockRecord>> records = registry->Read(now);
  if (!records.ok()) return std::move(records).status();
  // Dead holders of other targets stay: whoever comes to theirs must know.
  const auto dead = std::erase_if(*records, [&](const LockRecord& record) {
    if (Holds(record, now, lease)) return false;
    if (IsUnreadable(record)) return true;
    if (!TargetsOverlap(record.target, target_identity)) return false;
    log.Info("taking over the lock of a run that ended without giving it back: " +
             Describe(record));
    return true;
  });
  for (const LockRecord& record : *records) {
    if (!IsUnreadable(record) && !TargetsOverlap(record.target, target_identity)) continue;
    // What could not be read is remembered with the time at which that was seen.
    if (IsUnreadable(record)) GODWIT_RETURN_IF_ERROR(registry->Write(*records));
    return Locked(record, target_identity, lease);
  }
  LockRecord record{MakeRunId(), ThisProcess(), now, now, target_identity};
  records->push_back(record);
  GODWIT_RETURN_IF_ERROR(registry->Write(*records));
  return TargetLock(std::make_unique<Held>(state_dir, std::move(record), log, lease, dead > 0));
}

TargetLock::TargetLock(std::unique_ptr<Held> held) : held_(std::move(held)) {}
bool TargetLock::taken_over() const { return held_->taken_over; }
TargetLock::TargetLock(TargetLock&&) noexcept = default;
TargetLock& TargetLock::operator=(TargetLock&&) noexcept = default;
TargetLock::~TargetLock() = default;

}  // namespace godwit

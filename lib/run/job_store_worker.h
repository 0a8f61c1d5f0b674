#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "lib/run/event_queue.h"
#include "lib/run/job_store.h"
#include "lib/sync/command.h"

namespace godwit {

// The one thread that works on the job store: reads of state and spool, and the journal.
//
// Records of several journal commands share a commit: it starts at once if one of them holds an
// upload's intent (a request waits for it), if the job waits for nothing else (Flush), or if the
// records are many; otherwise at the end of the group commit time. Reads never wait for a group to
// fill. Submit and Flush from any thread.
class JobStoreWorker {
 public:
  // Under the 50 ms within which records must be durable, with time left for the commit itself.
  static constexpr std::chrono::milliseconds kGroupCommit{40};

  // Borrows both for its life.
  JobStoreWorker(JobStore& store, EventQueue& events,
                 std::chrono::milliseconds group_commit = kGroupCommit);
  // Carries out what was submitted.
  ~JobStoreWorker();
  JobStoreWorker(const JobStoreWorker&) = delete;
  JobStoreWorker& operator=(const JobStoreWorker&) = delete;

  // Takes ReadState, Spool, ReadSpool and Journal; the answer goes to the event queue.
  void Submit(Command command);
  // Nothing else is under way: commits what waits.
  void Flush();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  void Main();
  void Carry(Command& command);
  void TakeRecords(CommandId id, JournalCommand& journal);
  bool CommitDue() const;
  void Commit();

  JobStore& store_;
  EventQueue& events_;
  const std::chrono::milliseconds group_commit_;

  std::mutex mutex_;  // Guards the next four.
  std::condition_variable wake_;
  std::deque<Command> queue_;
  bool flush_ = false;
  bool closing_ = false;

  // Only the thread's own.
  std::vector<JournalRecord> records_;
  std::vector<std::pair<CommandId, std::uint64_t>> waiting_;  // Id and sequence, in order.
  bool urgent_ = false;
  TimePoint commit_at_{};

  std::jthread thread_;
};

}  // namespace godwit

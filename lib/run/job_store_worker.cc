#include "lib/run/job_store_worker.h"

#include <iterator>
#include <variant>

#include "lib/run/command_events.h"
#include "lib/run/quiet_thread.h"

namespace godwit {

namespace {

// Records that are worth a commit of their own; bounds the memory of a group.
constexpr std::size_t kRecordsMax = 4096;

// What costs many bytes, or leaves something behind, if a crash forgets it.
bool IsUrgent(const JournalRecord& record) {
  return std::holds_alternative<UploadIntentRecord>(record) ||
         std::holds_alternative<UploadBegunRecord>(record) ||
         std::holds_alternative<UploadPartRecord>(record) ||
         std::holds_alternative<UploadAbandonedRecord>(record);
}

}  // namespace

JobStoreWorker::JobStoreWorker(JobStore& store, EventQueue& events,
                               std::chrono::milliseconds group_commit)
    : store_(store), events_(events), group_commit_(group_commit) {
  thread_ = StartWithoutSignals([this] { Main(); });
}

JobStoreWorker::~JobStoreWorker() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void JobStoreWorker::Submit(Command command) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(command));
  }
  wake_.notify_one();
}

void JobStoreWorker::Flush() {
  {
    const std::lock_guard lock(mutex_);
    flush_ = true;
  }
  wake_.notify_one();
}

void JobStoreWorker::Main() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto called = [this] { return !queue_.empty() || flush_ || closing_; };
    if (waiting_.empty()) {
      // A flush of nothing; but one that came with commands is theirs.
      if (queue_.empty()) flush_ = false;
      wake_.wait(lock, called);
    } else {
      wake_.wait_until(lock, commit_at_, called);
    }
    std::deque<Command> commands = std::exchange(queue_, {});
    const bool flush = std::exchange(flush_, false) || closing_;
    if (closing_ && commands.empty() && waiting_.empty()) return;
    lock.unlock();
    for (Command& command : commands) Carry(command);
    if (!waiting_.empty() && (flush || CommitDue())) Commit();
    lock.lock();
  }
}

void JobStoreWorker::Carry(Command& command) {
  const CommandId id = command.id;
  if (auto* journal = std::get_if<JournalCommand>(&command.body)) {
    TakeRecords(id, *journal);
  } else if (const auto* read = std::get_if<ReadStateCommand>(&command.body)) {
    Result<std::vector<StateRow>> rows = store_.ReadState(read->after, read->rows_max);
    if (!rows.ok()) return events_.Push(FailedEvent(id, rows.status(), Side::kTarget));
    const bool last = rows->size() < read->rows_max;
    events_.Push(DoneEvent(id, StateRows{std::move(rows).value(), last}));
  } else if (const auto* spool = std::get_if<SpoolCommand>(&command.body)) {
    events_.Push(EventOf(id, Side::kTarget, store_.Spool(spool->deletes)));
  } else if (const auto* pick = std::get_if<ReadSpoolCommand>(&command.body)) {
    Result<std::vector<SpooledDelete>> deletes = store_.ReadSpool(pick->first, pick->rows_max);
    if (!deletes.ok()) return events_.Push(FailedEvent(id, deletes.status(), Side::kTarget));
    events_.Push(DoneEvent(id, SpooledDeletes{std::move(deletes).value()}));
  } else {
    events_.Push(FailedEvent(id, Status(ErrorKind::kInternal, "not a command for the job store"),
                             Side::kTarget));
  }
}

void JobStoreWorker::TakeRecords(CommandId id, JournalCommand& journal) {
  if (waiting_.empty()) commit_at_ = std::chrono::steady_clock::now() + group_commit_;
  for (const JournalRecord& record : journal.records) urgent_ = urgent_ || IsUrgent(record);
  records_.insert(records_.end(), std::make_move_iterator(journal.records.begin()),
                  std::make_move_iterator(journal.records.end()));
  waiting_.emplace_back(id, journal.sequence);
}

bool JobStoreWorker::CommitDue() const {
  return urgent_ || records_.size() >= kRecordsMax ||
         std::chrono::steady_clock::now() >= commit_at_;
}

void JobStoreWorker::Commit() {
  const Status status = store_.Append(records_);
  for (const auto& [id, sequence] : waiting_) {
    if (status.ok()) {
      events_.Push(Durable{id, sequence});
    } else {
      events_.Push(FailedEvent(id, status, Side::kTarget));
    }
  }
  records_.clear();
  waiting_.clear();
  urgent_ = false;
}

}  // namespace godwit

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/random.h"
#include "lib/sync/answer.h"
#include "lib/sync/command.h"
#include "lib/sync/concurrency.h"
#include "lib/sync/event.h"
#include "lib/sync/journal_writer.h"
#include "lib/sync/lanes.h"
#include "lib/sync/ledger.h"
#include "lib/sync/options.h"
#include "lib/sync/request_pace.h"
#include "lib/sync/retry_schedule.h"
#include "lib/sync/unfinished_uploads.h"
#include "lib/sync/upload_places.h"

namespace godwit {

// What all state machines of a run share: commands and their answers, waiting, records, reports,
// accounting, and whether anything new may still start. Answers are handed to the handlers given
// with the commands, from within Deliver and Flush, never from within Call. One thread at a time.
class RunCore {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  RunCore(SyncOptions options, JobEndpoints endpoints);

  const SyncOptions& options() const { return options_; }
  const JobEndpoints& endpoints() const { return endpoints_; }
  const Capabilities& capabilities(Side side) const {
    return side == Side::kSource ? endpoints_.source : endpoints_.target;
  }
  bool keeps_state() const { return options_.mode == JobMode::kSync && !options_.dry_run; }
  TimePoint now() const { return now_; }
  Timestamp WallNow() const { return wall_zero_ + now_.time_since_epoch(); }
  const std::optional<Timestamp>& unsettled_since() const { return unsettled_since_; }
  Ledger& ledger() { return ledger_; }
  UploadPlaces& upload_places() { return upload_places_; }
  UnfinishedUploads& unfinished_uploads() { return unfinished_uploads_; }
  const std::shared_ptr<const AttributeRules>& attribute_rules() const { return rules_; }
  // Server-side copies are possible and were not refused so far.
  bool server_copies() const { return server_copies_; }
  void ForgoServerCopies() { server_copies_ = false; }
  std::uint64_t buffered_bytes_max() const { return lanes_.buffered_bytes_max(); }
  std::uint64_t buffered_part_bytes_max() const { return lanes_.buffered_part_bytes_max(); }

  // Queues a command for its lane. T is the result that it gives.
  template <typename T>
  CommandId Call(const CallOptions& options, decltype(Command::body) body,
                 AnswerHandler<T> handler) {
    return Enqueue(options, std::move(body), Typed<T>(std::move(handler)));
  }
  // As Call, and repeats by the RetryPolicy: for commands that may be repeated blindly.
  template <typename T>
  void Ask(const CallOptions& options, decltype(Command::body) body, AnswerHandler<T> handler,
           int attempts = 0);
  // Issues a control command, which needs no place and no memory.
  template <typename T>
  void Control(decltype(Command::body) body, AnswerHandler<T> handler) {
    Issue(Command{Register({}, Typed<T>(std::move(handler))), std::move(body)});
  }
  // Ends a command early: a waiting one is dropped, one in flight is told to stop.
  void Cancel(CommandId id);

  // How long to wait before repeating what failed with `status` `attempts` times (>= 1); none if
  // it must not be repeated. Counts the retry that it allows.
  std::optional<std::chrono::milliseconds> RetryDelay(const Status& status, int attempts);
  void After(std::chrono::milliseconds delay, std::function<void()> action);

  // Keeps a record, in order, some time soon.
  void Keep(JournalRecord record);
  // Keeps a record at once and calls `then` once it survives a crash, or could not be kept.
  void KeepDurably(JournalRecord record, JournalWriter::Then then) {
    journal_.KeepDurably(std::move(record), std::move(then));
  }

  void Notice(std::string topic, std::string message);
  void ReportError(const std::string& key, const Status& status);
  // Reports and counts the end of an action. Of what failed, earlier runs' uploads are kept.
  void End(const ActionReport& report);
  void EndUnchanged(const std::string& key, std::uint64_t bytes, Evidence evidence);

  // One more object is copied for want of evidence; from the hundredth on a warning says so.
  void CountNoEvidence(std::uint64_t bytes);
  void CountRead() { ++objects_read_; }
  std::uint64_t objects_read() const { return objects_read_; }

  // Nothing new starts any more; what runs goes on. The exit code is noted.
  void Halt(int exit_code);
  bool halted() const { return halted_; }
  // The user wants the run to end: nothing is repeated, uploads are aborted.
  void Stop(int exit_code);
  bool stopping() const { return stopping_; }

  // One step: Begin, Deliver, work of the caller, Flush until nothing more happens, Take.
  void Begin(const Start& start);
  void Advance(TimePoint now) { now_ = now; }
  void Deliver(Event& event);
  // Drops what may not go any more and issues what may. True if handlers ran.
  bool Flush();
  Commands Take();
  // No command is waiting, in flight or scheduled, and all records are durable.
  bool idle() const;
  void Issue(Command command) { out_.push_back(std::move(command)); }

 private:
  using RawHandler = std::function<void(CommandResult*, Failed*, bool dropped)>;
  struct Pending {
    RawHandler handler;
    CallOptions options;
    bool queued = false;
    bool laned = false;
    TimePoint issued_at{};
  };

  template <typename T>
  static RawHandler Typed(AnswerHandler<T> handler);
  CommandId Register(const CallOptions& options, RawHandler handler);
  CommandId Enqueue(const CallOptions& options, decltype(Command::body) body, RawHandler handler);
  void Settle(CommandId id, CommandResult* result, Failed* failed);
  void OnDurable(std::uint64_t sequence, const Status& status);
  void FlushJournal();
  void CancelInFlight(bool cleanup_too);
  bool Unwanted(bool starts, bool cleanup) const;
  void IssueWaiting();

  const SyncOptions options_;
  const JobEndpoints endpoints_;
  TimePoint now_{};
  Timestamp wall_zero_{};  // When now_ was zero.
  Random random_{0};
  std::optional<Timestamp> unsettled_since_;
  Ledger ledger_;
  Lanes lanes_;
  AdaptiveLimit limit_;
  RequestPace pace_;
  RetrySchedule schedule_;
  UploadPlaces upload_places_;
  UnfinishedUploads unfinished_uploads_;
  std::shared_ptr<const AttributeRules> rules_;
  bool server_copies_;
  std::optional<TimePoint> woken_at_;  // Of the last WakeAt.
  Commands out_;
  CommandId last_id_ = 0;
  std::map<CommandId, Pending> pending_;
  std::uint64_t objects_read_ = 0, no_evidence_objects_ = 0, no_evidence_bytes_ = 0;
  std::uint32_t asks_waiting_ = 0;                               // For their next attempt.
  bool halted_ = false, stopping_ = false, pace_waits_ = false;  // For its next command.
  JournalWriter journal_;
};

template <typename T>
RunCore::RawHandler RunCore::Typed(AnswerHandler<T> handler) {
  return [handler = std::move(handler)](CommandResult* result, Failed* failed, bool dropped) {
    if (dropped) return handler(Answer<T>::Dropped());
    Answer<T> answer;
    if (failed != nullptr) {
      answer.status = std::move(failed->status);
      answer.side = failed->side;
      answer.sent = std::move(failed->sent);
      answer.running_md5 = std::move(failed->running_md5);
    } else if (T* value = std::get_if<T>(result)) {
      answer.value = std::move(*value);
    } else {
      answer.status = Status(ErrorKind::kInternal, "a command ended with another result");
    }
    handler(std::move(answer));
  };
}

template <typename T>
void RunCore::Ask(const CallOptions& options, decltype(Command::body) body,
                  AnswerHandler<T> handler, int attempts) {
  decltype(Command::body) again = body;
  Call<T>(options, std::move(body),
          [this, options, again = std::move(again), handler = std::move(handler),
           attempts](Answer<T> answer) mutable {
            if (answer.ok() || answer.dropped) return handler(std::move(answer));
            const auto delay = RetryDelay(answer.status, attempts + 1);
            if (!delay) return handler(std::move(answer));
            ++asks_waiting_;
            After(*delay, [this, options, again = std::move(again), handler = std::move(handler),
                           attempts] {
              --asks_waiting_;
              if (stopping_ && !options.cleanup) return handler(Answer<T>::Dropped());
              Ask<T>(options, again, handler, attempts + 1);
            });
          });
}

}  // namespace godwit

#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "lib/sync/engine.h"
#include "tests/unit/sync/fake_executor.h"

namespace godwit {

// Drives an Engine by hand: carries out its commands against two FakeSides, one event after the
// other, on virtual time. Faults are scripted: `before` may fail a command without effect,
// `after` may lose the answer of one that took effect.
class ScriptedRunner : public FakeExecutor {
 public:
  using Fault = std::function<std::optional<Status>(const Command&)>;

  SyncOptions options;
  bool server_copy_possible = false;
  bool source_exists = true;
  Fault before;
  Fault after;
  Side fails_on = Side::kTarget;  // Of faults of commands that touch both sides.
  // Sees every command before it is carried out; may change the sides.
  std::function<void(const Command&)> watch;
  // Changes a successful answer.
  std::function<void(CommandResult&)> answer;
  // Keeps the answer back until nothing else can happen; `released` hears when it is given.
  std::function<bool(const Command&)> hold;
  std::function<void()> released;

  std::vector<Command> commands;
  std::vector<ActionReport> actions;
  std::vector<ErrorReport> errors;
  std::vector<NoticeReport> notices;
  std::vector<JournalRecord> journal;
  std::optional<SyncSummary> summary;
  std::chrono::milliseconds elapsed{0};
  std::size_t in_flight_max = 0;

  ScriptedRunner() {
    source.capabilities.service = "source";
    target.capabilities.service = "target";
    target.capabilities.part_bytes_min = 4;
    target.capabilities.digests_stored = {DigestKind::kCrc64Nvme};
    options.part_size_bytes = 8;
    options.retry = RetryPolicy::Immediate(3);
    options.report_unchanged = true;
  }

  SyncSummary Run() {
    engine_.emplace(options, Endpoints());
    events_.push_back(Start{7, source_exists});
    while (!summary && Turn()) {
    }
    EXPECT_TRUE(summary.has_value()) << "the run did not end";
    return summary.value_or(SyncSummary{});
  }

  void Post(Event event) { events_.push_back(std::move(event)); }

  template <typename T>
  std::vector<T> Sent() const {
    std::vector<T> found;
    for (const Command& command : commands) {
      if (const T* body = std::get_if<T>(&command.body)) found.push_back(*body);
    }
    return found;
  }
  template <typename T>
  std::vector<T> Kept() const {
    std::vector<T> found;
    for (const JournalRecord& record : journal) {
      if (const T* kept = std::get_if<T>(&record)) found.push_back(*kept);
    }
    return found;
  }
  std::optional<ActionReport> ActionOf(const std::string& key) const {
    std::optional<ActionReport> found;
    for (const ActionReport& action : actions) {
      if (action.key != key) continue;
      EXPECT_FALSE(found.has_value()) << "two outcomes of " << key;
      found = action;
    }
    return found;
  }

 private:
  JobEndpoints Endpoints() const {
    JobEndpoints endpoints;
    endpoints.source = source.capabilities;
    endpoints.target = target.capabilities;
    endpoints.server_copy_possible = server_copy_possible;
    endpoints.target_name = "mem://target";
    return endpoints;
  }

  // One event; false if nothing can happen any more.
  bool Turn() {
    if (events_.empty() && !held_.empty() && (!wake_ || cancelled_)) {
      events_.push_back(std::move(held_.front().second));
      held_.pop_front();
      if (released) released();
    }
    if (events_.empty()) {
      if (!wake_) return false;
      now_ = std::max(now_, *wake_);
      wake_.reset();
      events_.push_back(Tick{});
    }
    const Event event = std::move(events_.front());
    events_.pop_front();
    elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now_ - TimePoint{});
    Commands out = engine_->Step(event, now_);
    for (Command& command : out) Carry(command);
    in_flight_max = std::max(in_flight_max, events_.size() + held_.size());
    return true;
  }

  void Carry(const Command& command) {
    commands.push_back(command);
    if (watch) watch(command);
    if (CarryControl(command)) return;
    EXPECT_FALSE(summary.has_value()) << "a command after End";
    std::optional<Status> fault = before ? before(command) : std::nullopt;
    Event event = fault ? Event(Failed{command.id, *fault, fails_on, {}}) : Execute(command);
    if (!fault && after) {
      if (const std::optional<Status> lost = after(command)) {
        event = Failed{command.id, *lost, fails_on, sent_};
      }
    }
    if (auto* done = std::get_if<Done>(&event); done != nullptr && answer) answer(done->result);
    if (hold && hold(command)) {
      held_.emplace_back(command.id, std::move(event));
    } else {
      events_.push_back(std::move(event));
    }
  }

  bool CarryControl(const Command& command) {
    if (const auto* wake = std::get_if<WakeAtCommand>(&command.body)) {
      wake_ = wake->time;
    } else if (const auto* report = std::get_if<ReportCommand>(&command.body)) {
      Collect(report->report);
    } else if (const auto* end = std::get_if<EndCommand>(&command.body)) {
      summary = end->summary;
    } else if (const auto* cancel = std::get_if<CancelCommand>(&command.body)) {
      Cancel(cancel->target);
    } else if (const auto* keep = std::get_if<JournalCommand>(&command.body)) {
      if (const auto fault = before ? before(command) : std::nullopt) {
        events_.push_back(Failed{command.id, *fault, Side::kTarget, {}});
        return true;
      }
      journal.insert(journal.end(), keep->records.begin(), keep->records.end());
      events_.push_back(Durable{command.id, keep->sequence});
    } else {
      return false;
    }
    return true;
  }

  void Cancel(CommandId id) {
    cancelled_ = true;
    for (auto at = held_.begin(); at != held_.end(); ++at) {
      if (at->first != id) continue;
      held_.erase(at);
      events_.push_back(Failed{id, Status(ErrorKind::kCancelled, "cancelled"), fails_on, {}});
      return;
    }
  }

  void Collect(const Report& report) {
    if (const auto* action = std::get_if<ActionReport>(&report)) actions.push_back(*action);
    if (const auto* error = std::get_if<ErrorReport>(&report)) errors.push_back(*error);
    if (const auto* notice = std::get_if<NoticeReport>(&report)) notices.push_back(*notice);
  }

  std::optional<Engine> engine_;
  std::deque<Event> events_;
  std::deque<std::pair<CommandId, Event>> held_;
  std::optional<TimePoint> wake_;
  bool cancelled_ = false;
};

template <typename T>
bool Is(const Command& command) {
  return std::holds_alternative<T>(command.body);
}

inline Status Passing() { return Status(ErrorKind::kUnavailable, "503"); }
inline Status Lost() { return Passing().WithMaybeApplied(true); }

// Fails the first `times` commands of type T.
template <typename T>
ScriptedRunner::Fault FailFirst(int times, Status status) {
  return [times, status](const Command& command) mutable -> std::optional<Status> {
    if (!Is<T>(command) || times-- <= 0) return std::nullopt;
    return status;
  };
}

}  // namespace godwit

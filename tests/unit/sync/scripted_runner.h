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
  std::vector<JournaledUpload> unfinished;  // Of earlier runs.
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
  bool stuck = false;  // What is held ends only when it is cancelled.

  std::vector<Command> commands;
  std::vector<ActionReport> actions;
  std::vector<ErrorReport> errors;
  std::vector<NoticeReport> notices;
  std::vector<JournalRecord> journal;
  std::optional<SyncSummary> summary;
  std::chrono::milliseconds elapsed{0};
  std::size_t in_flight_max = 0;

  ScriptedRunner();

  SyncSummary Run();

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
  std::optional<ActionReport> ActionOf(const std::string& key) const;

 private:
  JobEndpoints Endpoints() const;

  // One event; false if nothing can happen any more.
  bool Turn();

  void Carry(const Command& command);

  bool CarryControl(const Command& command);

  void Cancel(CommandId id);

  void Collect(const Report& report);

  std::optional<Engine> engine_;
  std::deque<Event> events_;
  std::deque<std::pair<CommandId, Event>> held_;
  std::optional<TimePoint> wake_;
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

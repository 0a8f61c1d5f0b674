#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "lib/run/command_executor.h"
#include "lib/store/ordered_store.h"
#include "lib/sync/engine.h"
#include "tests/sim/fault_dice.h"
#include "tests/sim/meddler.h"
#include "tests/sim/run_checker.h"
#include "tests/sim/world.h"

namespace godwit {

// Runs one Engine to its end, or to the death of its process, on virtual time: every command gets
// a latency and a fate from the dice, takes its effect at one instant and is answered at a later
// one, so that answers overtake each other. The commands are carried out by the executor that the
// real runner uses, one at a time. Single thread; the same seed gives the same run.
class SimRunner {
 public:
  // All are borrowed. `meddler` and `trace` may be null.
  SimRunner(World& world, RunChecker& checker, const RunPlan& plan, std::uint64_t seed,
            Meddler* meddler, std::ostream* trace);

  // Writes that the process which died had sent before it died: they reach the service some time
  // in this run.
  void AddLateWrites(std::vector<Command> late);
  void Run();

  bool crashed() const { return crashed_; }
  // What was under way when the process died.
  std::vector<Command> TakeLateWrites() { return std::move(late_); }

 private:
  struct Flight {
    Command command;
    Fate fate;
    std::optional<Event> answer;  // Once it took effect.
    bool cancelled = false;
    std::uint64_t commits = 0;  // Of the journal: those that the answer makes durable.
  };
  // One side as the executor sees it.
  struct Place {
    std::unique_ptr<OrderedStore> ordered;
    Endpoint endpoint;
  };
  using Instant = SimClock::Instant;

  Place MakePlace(Side side);
  void At(Instant when, std::function<void()> action);
  void Feed(Event event);
  void Take(Command command);
  void Launch(Command command);
  void Effect(CommandId id);
  void Answer(CommandId id);
  void Cancel(CommandId id);
  void Wake(Instant when);
  void Die();
  void DieWith(const Flight& flight, bool& journal_goes_on);
  void MakeDurable(const Flight& flight);
  void ScheduleOutside();
  void Print(const std::string& line);

  // sim_commands.cc
  void SpoilPages();
  Event Carry(const Command& command, StoreFault damage);
  Event CarryControl(const Command& command);
  Event CarryDelete(const DeleteCommand& command, CommandId id, StoreFault damage);
  Event Lose(const Flight& flight);
  Event CancelledEvent(const Command& command, bool maybe_applied) const;
  std::optional<std::string> BodyOf(const Command& command);
  void TellSent(const Command& command, Failed& failed);

  World& world_;
  RunChecker& checker_;
  const RunPlan plan_;
  FaultDice dice_;
  Random random_;
  std::ostream* const trace_;
  const std::uint64_t seed_;

  RequestMeter meter_;
  BufferPool buffers_;
  Meddler* const meddler_;
  Place source_;
  Place target_;
  CommandExecutor executor_;
  Engine engine_;

  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> agenda_;
  std::uint64_t sequence_ = 0;
  std::map<CommandId, Flight> flights_;
  Instant journal_free_{};      // Records become durable in order,
  Instant journal_answered_{};  // and the engine hears of it in order.
  std::uint64_t wake_ = 0;      // Of the last WakeAt; earlier ones are void.
  std::uint64_t steps_ = 0;
  bool ended_ = false;
  bool crashed_ = false;
  std::vector<Command> late_;
};

}  // namespace godwit

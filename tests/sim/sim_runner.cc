#include "tests/sim/sim_runner.h"

#include "tests/sim/trace.h"

namespace godwit {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// No simulated run needs as many; one that does will never end.
constexpr std::uint64_t kStepsMax = 200'000;

ExecutorSettings Settings() { return ExecutorSettings{milliseconds(60'000), false}; }

Endpoint MakeEndpoint(SimStore& store, const std::string& prefix, const std::string& container) {
  Endpoint endpoint;
  endpoint.store = &store;
  endpoint.prefix = prefix;
  endpoint.url = store.Name();
  endpoint.identity = store.Name() + "/" + prefix;
  endpoint.container = container;
  return endpoint;
}

}  // namespace

SimRunner::SimRunner(World& world, RunChecker& checker, const RunPlan& plan, std::uint64_t seed,
                     std::ostream* trace)
    : world_(world),
      checker_(checker),
      plan_(plan),
      dice_(plan.rates, world.scenario(), seed ^ 0xd1ce),
      random_(seed ^ 0x0075),
      trace_(trace),
      seed_(seed),
      buffers_(1 << 20),
      source_(MakeEndpoint(world.source_store(), world.scenario().endpoints.source_prefix,
                           world.scenario().source.container)),
      target_(MakeEndpoint(world.target_store(), world.scenario().endpoints.target_prefix,
                           world.scenario().target.container)),
      executor_(source_, target_, meter_, buffers_, world.clock(), Settings()),
      engine_(world.scenario().options, world.scenario().endpoints) {
  if (plan_.crash) steps_until_death_ = 1 + random_.Below(120);
}

void SimRunner::At(Instant when, std::function<void()> action) {
  agenda_.emplace(std::pair(when, ++sequence_), std::move(action));
}

void SimRunner::AddLateWrites(std::vector<Command> late) {
  for (Command& command : late) {
    At(world_.clock().Now() + microseconds(random_.Below(2'000'000)),
       [this, command = std::move(command)] {
         checker_.BeginLateWrite();
         const Event event = Carry(command, StoreFault::kNone);
         checker_.EndLateWrite();
         Print("late " + Describe(command) + " -> " + Describe(event));
       });
  }
}

void SimRunner::ScheduleOutside() {
  const Instant now = world_.clock().Now();
  for (int i = 0; i < plan_.changes_during; ++i) {
    At(now + microseconds(random_.Below(400'000)), [this] {
      const Instant before = world_.clock().Now();
      Print("outside: " + world_.ChangeSomething(random_));
      checker_.NoteOutsideChange();
      static_cast<void>(before);
    });
  }
  if (plan_.stop) {
    At(now + microseconds(random_.Below(1'000'000)), [this] {
      if (ended_) return;
      checker_.NoteStop();
      Feed(Stop{130});
    });
  }
}

void SimRunner::Run() {
  world_.jobs().BeginRun();
  ScheduleOutside();
  const SyncOptions& options = world_.scenario().options;
  const bool resumes = options.mode == JobMode::kSync && !options.dry_run;
  Feed(Start{seed_, world_.scenario().source_exists,
             resumes ? world_.jobs().ReadUploads().value() : std::vector<JournaledUpload>()});
  while (!agenda_.empty() && !ended_ && !crashed_) {
    auto next = agenda_.extract(agenda_.begin());
    world_.clock().AdvanceTo(next.key().first);
    next.mapped()();
    if (steps_ > kStepsMax) return checker_.Violate("the run does not end");
  }
  if (!ended_ && !crashed_) checker_.Violate("the engine waits for nothing");
  if (ended_ && !flights_.empty()) {
    checker_.Violate("the run ended with a command in flight: " +
                     Describe(flights_.begin()->second.command));
  }
  checker_.NoteFaults(dice_.fired(), dice_.lied());
}

void SimRunner::Feed(Event event) {
  ++steps_;
  Print(Describe(event));
  Commands commands = engine_.Step(std::move(event), world_.clock().Now());
  for (Command& command : commands) {
    if (ended_) return checker_.Violate("a command after the end: " + Describe(command));
    Take(std::move(command));
  }
  if (steps_until_death_ != 0 && steps_ >= steps_until_death_ && !ended_) Die();
}

void SimRunner::Take(Command command) {
  Print("  " + Describe(command));
  checker_.OnCommand(command);
  if (const auto* wake = std::get_if<WakeAtCommand>(&command.body)) return Wake(wake->time);
  if (const auto* cancel = std::get_if<CancelCommand>(&command.body)) return Cancel(cancel->target);
  if (const auto* report = std::get_if<ReportCommand>(&command.body)) {
    return checker_.OnReport(report->report);
  }
  if (const auto* end = std::get_if<EndCommand>(&command.body)) {
    ended_ = true;
    return checker_.OnEnd(end->summary);
  }
  Launch(std::move(command));
}

void SimRunner::Launch(Command command) {
  const CommandId id = command.id;
  if (id == 0 || flights_.contains(id)) {
    return checker_.Violate("a command without an id of its own: " + Describe(command));
  }
  Fate fate = dice_.ForCommand(command);
  Instant effect = world_.clock().Now() + fate.until_effect;
  if (std::holds_alternative<JournalCommand>(command.body)) {
    effect = journal_free_ = std::max(effect, journal_free_ + microseconds(1));
  }
  flights_.emplace(id, Flight{std::move(command), std::move(fate), std::nullopt, false});
  At(effect, [this, id] { Effect(id); });
}

void SimRunner::Effect(CommandId id) {
  const auto found = flights_.find(id);
  if (found == flights_.end() || found->second.answer) return;
  Flight& flight = found->second;
  switch (flight.fate.kind) {
    case Fate::Kind::kNormal:
      flight.answer = Carry(flight.command, flight.fate.damage);
      break;
    case Fate::Kind::kFailsBefore:
      flight.answer = Failed{id, flight.fate.status, flight.fate.side, {}};
      break;
    case Fate::Kind::kLost:
      flight.answer = Lose(flight);
      break;
  }
  Instant answer = world_.clock().Now() + flight.fate.until_answer;
  if (std::holds_alternative<JournalCommand>(flight.command.body)) {
    answer = journal_answered_ = std::max(answer, journal_answered_ + microseconds(1));
  }
  At(answer, [this, id] { Answer(id); });
}

void SimRunner::Answer(CommandId id) {
  auto flight = flights_.extract(id);
  if (flight.empty()) return;
  checker_.OnAnswer(flight.mapped().command, *flight.mapped().answer);
  Feed(*std::move(flight.mapped().answer));
}

// A cancelled command may not have begun, may be stopped half way, or may end as if nothing had
// been said.
void SimRunner::Cancel(CommandId id) {
  const auto found = flights_.find(id);
  if (found == flights_.end() || found->second.cancelled) return;
  Flight& flight = found->second;
  flight.cancelled = true;
  const Instant soon = world_.clock().Now() + microseconds(1 + random_.Below(900'000));
  if (flight.answer) {
    if (IsWrite(flight.command) && random_.Chance(0.5)) {
      flight.answer = CancelledEvent(flight.command, true);
    }
  } else if (random_.Chance(0.3)) {
    flight.answer = Carry(flight.command, StoreFault::kNone);
    if (random_.Chance(0.5))
      flight.answer = CancelledEvent(flight.command, IsWrite(flight.command));
  } else {
    const bool unclear = IsWrite(flight.command) && random_.Chance(0.3);
    flight.answer = CancelledEvent(flight.command, unclear);
  }
  At(soon, [this, id] { Answer(id); });
}

void SimRunner::Wake(Instant when) {
  const std::uint64_t wake = ++wake_;
  const Instant time = std::max(when, world_.clock().Now()) + microseconds(random_.Below(2'000));
  At(time, [this, wake] {
    if (wake == wake_) Feed(Tick{});
  });
}

// Writes that were sent may still reach a service; of the journal a prefix is durable.
void SimRunner::Die() {
  crashed_ = true;
  Print("the process dies");
  bool journal_goes_on = true;
  for (auto& [id, flight] : flights_) {
    if (flight.answer || flight.cancelled) continue;
    if (std::holds_alternative<JournalCommand>(flight.command.body)) {
      journal_goes_on = journal_goes_on && random_.Chance(0.5);
      if (journal_goes_on) static_cast<void>(CarryControl(flight.command));
      continue;
    }
    const bool remote = !world_.scenario().target.capabilities.is_local &&
                        world_.scenario().target_is_conditional();
    if (remote && IsWrite(flight.command) && random_.Chance(0.3)) late_.push_back(flight.command);
  }
}

void SimRunner::Print(const std::string& line) {
  if (trace_ == nullptr) return;
  *trace_ << world_.clock().Now().time_since_epoch().count() / 1000 << " us " << line << '\n';
}

}  // namespace godwit

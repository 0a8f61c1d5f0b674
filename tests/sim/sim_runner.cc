#include "tests/sim/sim_runner.h"

#include <utility>

#include "tests/sim/trace.h"

namespace godwit {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// No simulated run needs as many; one that does will never end.
constexpr std::uint64_t kStepsMax = 200'000;

ExecutorSettings Settings() { return ExecutorSettings{milliseconds(60'000), false}; }

// What a command changes at the target.
std::vector<std::string> TargetKeys(const Command& command) {
  return std::visit(
      [](const auto& body) -> std::vector<std::string> {
        if constexpr (requires { body.requests; }) {
          std::vector<std::string> keys;
          for (const DeleteRequest& request : body.requests) keys.push_back(request.key);
          return keys;
        } else if constexpr (requires { body.target_key; }) {
          return {body.target_key};
        } else {
          return {};
        }
      },
      command.body);
}

}  // namespace

SimRunner::SimRunner(World& world, RunChecker& checker, const RunPlan& plan, std::uint64_t seed,
                     Meddler* meddler, std::ostream* trace)
    : world_(world),
      checker_(checker),
      plan_(plan),
      dice_(plan, world.scenario(), seed ^ 0xd1ce),
      random_(seed ^ 0x0075),
      trace_(trace),
      seed_(seed),
      buffers_(1 << 20),
      meddler_(meddler),
      source_(MakePlace(Side::kSource)),
      target_(MakePlace(Side::kTarget)),
      executor_(source_.endpoint, target_.endpoint, meter_, buffers_, world.clock(), Settings()),
      engine_(world.scenario().options, world.scenario().endpoints) {
  SpoilPages();
}

SimRunner::Place SimRunner::MakePlace(Side side) {
  const bool at_source = side == Side::kSource;
  const Scenario& scenario = world_.scenario();
  SimStore& store = at_source ? world_.source_store() : world_.target_store();
  Place place;
  place.endpoint.store = &store;
  const StoreFlaws flaws = meddler_ != nullptr ? meddler_->flaws() : StoreFlaws();
  store.set_flaws(flaws);
  if (store.Describe().order != ListingOrder::kUtf8Bytes && !flaws.no_adapter) {
    place.ordered = std::make_unique<OrderedStore>(store);
    place.endpoint.store = place.ordered.get();
  }
  place.endpoint.prefix =
      at_source ? scenario.endpoints.source_prefix : scenario.endpoints.target_prefix;
  place.endpoint.url = store.Name();
  place.endpoint.identity = store.Name() + "/" + place.endpoint.prefix;
  place.endpoint.container = (at_source ? scenario.source : scenario.target).container;
  return place;
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
         checker_.OnUnheard(event);
         checker_.EndLateWrite();
         Print("late " + Describe(command) + " -> " + Describe(event));
       });
  }
}

void SimRunner::ScheduleOutside() {
  const Instant now = world_.clock().Now();
  for (int i = 0; i < plan_.changes_during; ++i) {
    At(now + microseconds(random_.Below(400'000)), [this] {
      Print("outside: " + world_.ChangeSomething(random_));
      checker_.NoteOutsideChange();
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
  Start start{
      seed_, world_.scenario().source_exists, {}, world_.BeginRun(), world_.clock().WallNow()};
  ScheduleOutside();
  if (world_.scenario().options.journals_uploads())
    start.uploads = world_.jobs().ReadUploads().value();
  if (meddler_ != nullptr) meddler_->OnStart(start);
  Feed(std::move(start));
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
}

void SimRunner::Feed(Event event) {
  ++steps_;
  Print(Describe(event));
  checker_.NoteFaults(dice_.fired(), dice_.lied());
  Commands commands = engine_.Step(std::move(event), world_.clock().Now());
  for (Command& command : commands) {
    if (ended_) return checker_.Violate("a command after the end: " + Describe(command));
    Take(std::move(command));
  }
  checker_.NoteFaults(dice_.fired(), dice_.lied());
  if (plan_.death != Death::kNone && steps_ >= plan_.steps_to_death && !ended_) Die();
}

void SimRunner::Take(Command command) {
  if (meddler_ != nullptr) {
    if (std::optional<Event> instead = meddler_->OnCommand(command)) {
      const Instant soon = world_.clock().Now() + microseconds(1);
      return At(soon, [this, event = *std::move(instead)] { Feed(event); });
    }
  }
  Print("  " + Describe(command));
  checker_.OnCommand(command);
  if (const auto* wake = std::get_if<WakeAtCommand>(&command.body)) return Wake(wake->time);
  if (const auto* cancel = std::get_if<CancelCommand>(&command.body)) return Cancel(cancel->target);
  if (const auto* report = std::get_if<ReportCommand>(&command.body)) {
    return checker_.OnReport(report->report);
  }
  if (const auto* end = std::get_if<EndCommand>(&command.body)) {
    ended_ = true;
    world_.EndRun(end->summary);
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
  flights_.emplace(id, Flight{std::move(command), std::move(fate), std::nullopt});
  At(effect, [this, id] { Effect(id); });
}

void SimRunner::Effect(CommandId id) {
  const auto found = flights_.find(id);
  if (found == flights_.end() || found->second.answer) return;
  Flight& flight = found->second;
  switch (flight.fate.kind) {
    case Fate::Kind::kNormal:
      flight.answer = Carry(flight.command, flight.fate.damage);
      flight.commits = world_.jobs().commits();
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
  const Command& command = flight.mapped().command;
  Event& event = *flight.mapped().answer;
  MakeDurable(flight.mapped());
  checker_.OnAnswer(command, event);
  if (meddler_ != nullptr) meddler_->OnAnswer(command, event);
  Feed(std::move(event));
}

// What a command did is durable by its answer, and not before.
void SimRunner::MakeDurable(const Flight& flight) {
  if (std::holds_alternative<Durable>(*flight.answer)) {
    return world_.jobs().SyncThrough(flight.commits);
  }
  if (world_.disk() == nullptr || !std::holds_alternative<Done>(*flight.answer)) return;
  for (const std::string& key : TargetKeys(flight.command)) {
    world_.disk()->SyncFolderOf(world_.TargetKey(key));
  }
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
      checker_.OnUnheard(*flight.answer);
      flight.answer = CancelledEvent(flight.command, true);
    }
  } else if (random_.Chance(0.3)) {
    flight.answer = Carry(flight.command, StoreFault::kNone);
    if (random_.Chance(0.5)) {
      checker_.OnUnheard(*flight.answer);
      flight.answer = CancelledEvent(flight.command, IsWrite(flight.command));
    }
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

void SimRunner::Die() {
  crashed_ = true;
  const bool by_power_cut = plan_.death == Death::kPowerCut;
  Print(by_power_cut ? "the power is cut" : "the process is killed");
  bool journal_goes_on = true;
  for (const auto& [id, flight] : flights_) {
    if (flight.answer) {
      checker_.OnUnheard(*flight.answer);
    } else if (!flight.cancelled) {
      DieWith(flight, journal_goes_on);
    }
  }
  const bool torn = by_power_cut && world_.CutPower(random_);
  if (torn) Print("the journal is torn");
  checker_.OnDeath();
}

// Writes that were sent may still reach a service, and what was given to the kernel is done; of
// the journal a beginning is.
void SimRunner::DieWith(const Flight& flight, bool& journal_goes_on) {
  const Command& command = flight.command;
  if (std::holds_alternative<JournalCommand>(command.body)) {
    journal_goes_on = journal_goes_on && random_.Chance(0.5);
    if (journal_goes_on) static_cast<void>(CarryControl(command));
    return;
  }
  if (!IsWrite(command) || !random_.Chance(0.3)) return;
  if (world_.scenario().target.capabilities.is_local) {
    checker_.OnUnheard(Carry(command, StoreFault::kNone));
  } else if (world_.scenario().target_is_conditional()) {
    late_.push_back(command);
  }
}

void SimRunner::Print(const std::string& line) {
  if (trace_ == nullptr) return;
  *trace_ << world_.clock().Now().time_since_epoch().count() / 1000 << " us " << line << '\n';
}

}  // namespace godwit

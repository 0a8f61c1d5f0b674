#pragma once

#include <chrono>
#include <optional>

#include "godwit/store_messages.h"
#include "lib/base/random.h"
#include "lib/sync/command.h"
#include "tests/sim/scenario.h"
#include "tests/sim/sim_store.h"

namespace godwit {

// What happens to one command.
struct Fate {
  enum class Kind : std::uint8_t {
    kNormal,
    kFailsBefore,  // `status`; nothing happened.
    kLost,         // `status`, which says so; it happened if `takes_effect`.
  };
  Kind kind = Kind::kNormal;
  Status status;
  Side side = Side::kTarget;
  bool takes_effect = true;
  StoreFault damage = StoreFault::kNone;
  std::chrono::microseconds until_effect{0};
  std::chrono::microseconds until_answer{0};  // After the effect.
};

// What is wrong with one page of a listing.
enum class PageFault : std::uint8_t { kNone, kEndsEarly, kUnordered, kRepeatsToken, kForeignToken };

// Throws the dice for commands. The same seed gives the same fates. One thread at a time.
class FaultDice {
 public:
  FaultDice(const RunPlan& plan, const Scenario& scenario, std::uint64_t seed)
      : rates_(plan.rates), faults_max_(plan.faults_max), scenario_(scenario), random_(seed) {}

  Fate ForCommand(const Command& command);
  PageFault ForPage(bool may_lie);
  bool BatchKeyFails();
  Random& random() { return random_; }

  // What really fired, by which the checkers know what a run may have met.
  bool fired() const { return faults_ > 0; }
  bool lied() const { return lied_; }

 private:
  Fate Throw(const Command& command);
  // Whether one more fault may fire; then it counts as fired.
  bool Spend();
  Fate Timed(const Command& command);
  void Spoil(const Command& command, Fate& fate);
  Status Transient(bool is_write);
  Status Refusal();
  StoreFault Damage(const Command& command);

  const FaultRates rates_;
  const std::uint64_t faults_max_;
  const Scenario& scenario_;
  Random random_;
  std::uint64_t faults_ = 0;
  bool lied_ = false;
  std::optional<Side> dead_listing_;
  ErrorKind dead_kind_ = ErrorKind::kUnavailable;
};

// Whether a command changes something that others can see: its answer, once lost, must be looked
// for.
bool IsWrite(const Command& command);
// Whether a command is carried out by a store.
bool IsStoreCommand(const Command& command);

}  // namespace godwit

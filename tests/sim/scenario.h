#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "lib/store/memory/memory_store.h"
#include "lib/sync/options.h"

namespace godwit {

// How often what goes wrong, as probabilities per command.
struct FaultRates {
  double before = 0;          // Fails, and took no effect.
  double lost = 0;            // Took effect or not, and the answer was lost.
  double throttled = 0;       // Like `before`, with a wish to wait.
  double final_error = 0;     // Fails for good: refused.
  double damage = 0;          // Bytes are damaged on the way, or once stored.
  double batch_key = 0;       // One key of a delete batch fails.
  double journal = 0;         // The journal cannot be written.
  double listing_dies = 0;    // The listing fails from here on, each time.
  double listing_lies = 0;    // The listing ends too early, and says that it is complete.
  double listing_broken = 0;  // A page is not as promised.

  bool any() const {
    return before + lost + throttled + final_error + damage + batch_key + journal + listing_dies +
               listing_lies + listing_broken >
           0;
  }
};

// How a run is cut short.
enum class Death : std::uint8_t {
  kNone,
  kKilled,    // The process dies; what it wrote stays.
  kPowerCut,  // The machine dies: what was not durable may be lost.
};

// One run of the sequence.
struct RunPlan {
  int number = 0;          // Its chances depend on it alone, whatever becomes of the other runs.
  int changes_before = 0;  // By the outside world, on either side.
  int changes_during = 0;
  bool uploads_forgotten = false;  // By the service, some of them, before the run.
  FaultRates rates;
  std::uint64_t faults_max = ~0ULL;  // Commands that suffer; the later ones are spared.
  bool stop = false;                 // A clean stop at a random time.
  Death death = Death::kNone;
  std::uint64_t steps_to_death = 0;  // Events that the engine hears before.
};

// Everything that a seed decides before the first run.
struct Scenario {
  std::uint64_t seed = 0;
  bool one_store = false;  // Both folders in one container, with copies inside the service.
  MemoryOptions source;
  MemoryOptions target;
  JobEndpoints endpoints;
  SyncOptions options;
  bool filtered = false;  // `options` have a filter.
  bool source_exists = true;
  int keys = 10;            // About as many on each side.
  std::set<int> left_out;   // Of these; the others stay what they are.
  int extra_keys = 0;       // Many that only the target has.
  bool odd_names = false;   // Names that the services order in different ways.
  bool all_marked = false;  // Every object at the target bears the mark of an earlier run.
  std::vector<RunPlan> runs;

  bool target_is_conditional() const;
  std::string Describe() const;
};

Scenario MakeScenario(std::uint64_t seed);
// Two services that list in these orders, full of names that they order in different ways, and a
// run in peace.
Scenario MakeOrderScenario(std::uint64_t seed, ListingOrder source, ListingOrder target);

}  // namespace godwit

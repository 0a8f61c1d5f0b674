#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "tests/sim/meddler.h"
#include "tests/sim/scenario.h"

namespace godwit {

// What one scenario came to.
struct SequenceResult {
  std::string violation;  // Empty: all invariants held.
  std::uint64_t runs = 0;
  std::uint64_t commands = 0;
  std::uint64_t kills = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t parts_reused = 0;      // That the service had from an earlier run.
  std::uint64_t parts_sent_again = 0;  // Although it had them.
};

// How a scenario is played. All may be empty.
struct PlaySettings {
  std::ostream* trace =
      nullptr;  // Gets every command and event; the same scenario, the same trace.
  MeddlerMaker meddler;
};

// Plays a scenario: a world, runs with faults, stops, deaths and changes by others, then a run in
// peace, which must end as the model says, and another that must find nothing to do.
SequenceResult PlaySequence(const Scenario& scenario, const PlaySettings& settings = {});

}  // namespace godwit

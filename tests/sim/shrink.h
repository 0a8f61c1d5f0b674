#pragma once

#include <string>
#include <vector>

#include "tests/sim/scenario.h"
#include "tests/sim/sequence.h"

namespace godwit {

// One simplification of a scenario, as a word that can be given again: "no-lost:2" (of run 2),
// "without:3-7" (keys), "compare". False: the word is unknown, or there is nothing to simplify.
bool ApplyCut(const std::string& cut, Scenario& scenario);

// The least that was found which still breaks the same invariant.
struct Shrunk {
  Scenario scenario;
  std::vector<std::string> cuts;  // Lead from the first scenario to this one, in order.
  std::string violation;          // Empty: the first scenario broke none.
};

// Leaves out runs, faults, changes, keys and options as long as the same invariant is broken. A few
// hundred plays.
Shrunk Shrink(const Scenario& scenario, const PlaySettings& settings);

}  // namespace godwit

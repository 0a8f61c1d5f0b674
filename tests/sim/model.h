#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "tests/sim/scenario.h"
#include "tests/sim/world.h"

namespace godwit {

// What may be at the target, and how the run may end, when nothing but the program decides.
struct Expected {
  // Contents that may be there by relative key; none of them: it must not be there.
  std::map<std::string, std::set<std::optional<std::string>>> contents;
  std::set<int> exit_codes;
  std::set<std::string> failed;  // Keys.
  std::uint64_t deleted = 0;
  bool exact = true;  // The two above are.
  // Every object at the source that takes part ends as its equal at the target.
  bool converges = true;
};

// The whole of sync.md as a function from map to map, written without a look at the planner.
Expected Predict(const Scenario& scenario, const Tree& source, const Tree& target);

}  // namespace godwit

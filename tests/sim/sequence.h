#pragma once

#include <cstdint>
#include <ostream>
#include <string>

namespace godwit {

// What one seed came to.
struct SequenceResult {
  std::string violation;  // Empty: all invariants held.
  std::uint64_t runs = 0;
  std::uint64_t commands = 0;
  std::uint64_t crashes = 0;
};

// Plays everything that follows from `seed`: a world, runs with faults, stops, crashes and changes
// by others, then a run in peace, which must end as the model says, and another that must find
// nothing to do. `trace` may be null; the same seed writes the same trace.
SequenceResult PlaySequence(std::uint64_t seed, std::ostream* trace);

}  // namespace godwit

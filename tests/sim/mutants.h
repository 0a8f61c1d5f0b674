#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tests/sim/meddler.h"

namespace godwit {

// A bug planted around the engine, to test the tests: a sequence that breaks an invariant finds it.
struct Mutant {
  const char* name;
  MeddlerMaker make;
  // The first seed whose sequence finds it, from 1 on.
  std::uint64_t found_by;
};

std::span<const Mutant> Mutants();
// Null: there is none of that name.
const Mutant* FindMutant(std::string_view name);

}  // namespace godwit

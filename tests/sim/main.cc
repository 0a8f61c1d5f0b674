// godwit-sim --seed N --count N [--trace]: plays simulated sequences of syncs.
//
// Prints a line for each seed that broke an invariant and a summary at the end; exit 1 if any did.
// With --trace it prints every command and event.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/text.h"
#include "tests/sim/sequence.h"

namespace {

struct Arguments {
  std::uint64_t seed = 1;
  std::uint64_t count = 1;
  bool trace = false;
};

std::optional<Arguments> Parse(const std::vector<std::string_view>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--trace") {
      arguments.trace = true;
      continue;
    }
    if (i + 1 == words.size()) return std::nullopt;
    const std::optional<std::uint64_t> value = godwit::ParseUint64(words[i + 1]);
    if (!value) return std::nullopt;
    if (words[i] == "--seed") {
      arguments.seed = *value;
    } else if (words[i] == "--count") {
      arguments.count = *value;
    } else {
      return std::nullopt;
    }
    ++i;
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> arguments =
      Parse(std::vector<std::string_view>(argv + 1, argv + argc));
  if (!arguments) {
    std::cerr << "usage: godwit-sim [--seed N] [--count N] [--trace]\n";
    return 2;
  }
  std::uint64_t broken = 0;
  std::uint64_t runs = 0;
  std::uint64_t commands = 0;
  std::uint64_t crashes = 0;
  for (std::uint64_t i = 0; i < arguments->count; ++i) {
    const std::uint64_t seed = arguments->seed + i;
    const godwit::SequenceResult result =
        godwit::PlaySequence(seed, arguments->trace ? &std::cout : nullptr);
    runs += result.runs;
    commands += result.commands;
    crashes += result.crashes;
    if (result.violation.empty()) continue;
    ++broken;
    std::cout << "seed " << seed << ": " << result.violation << '\n';
  }
  std::cout << arguments->count << " sequences, " << runs << " runs, " << crashes << " crashes, "
            << commands << " commands, " << broken << " broken\n";
  return broken == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

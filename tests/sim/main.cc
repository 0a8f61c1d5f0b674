// godwit-sim: plays simulated sequences of syncs.
//
//   godwit-sim --from A --count N             the seeds from A on
//   godwit-sim --seed N [--cut WORD]... [--trace]
//   godwit-sim --shrink N                     the least of a failing seed, and how to replay it
//   godwit-sim --mutants                      names the planted bugs; --mutant NAME plants one
//
// Prints a line for each seed that broke an invariant and a summary at the end; exit 1 if any did.
// With --trace it prints every command and event; each --cut leaves something out (shrink.h).

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/text.h"
#include "tests/sim/mutants.h"
#include "tests/sim/sequence.h"
#include "tests/sim/shrink.h"

namespace {

struct Arguments {
  std::uint64_t seed = 1;
  std::uint64_t count = 1;
  bool trace = false;
  bool shrink = false;
  bool list_mutants = false;
  std::string mutant;
  std::vector<std::string> cuts;
};

bool TakeNumber(std::string_view text, std::uint64_t& number) {
  const std::optional<std::uint64_t> value = godwit::ParseUint64(text);
  number = value.value_or(0);
  return value.has_value();
}

bool TakeOption(std::string_view name, std::string_view value, Arguments& arguments) {
  if (name == "--seed" || name == "--from") return TakeNumber(value, arguments.seed);
  if (name == "--count") return TakeNumber(value, arguments.count);
  arguments.shrink = arguments.shrink || name == "--shrink";
  if (name == "--shrink") return TakeNumber(value, arguments.seed);
  if (name == "--cut") arguments.cuts.emplace_back(value);
  if (name == "--mutant") arguments.mutant = value;
  return name == "--cut" || (name == "--mutant" && godwit::FindMutant(arguments.mutant) != nullptr);
}

std::optional<Arguments> Parse(const std::vector<std::string_view>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--trace") {
      arguments.trace = true;
    } else if (words[i] == "--mutants") {
      arguments.list_mutants = true;
    } else if (i + 1 == words.size() || !TakeOption(words[i], words[i + 1], arguments)) {
      return std::nullopt;
    } else {
      ++i;
    }
  }
  return arguments;
}

godwit::PlaySettings SettingsOf(const Arguments& arguments) {
  godwit::PlaySettings settings;
  if (arguments.trace) settings.trace = &std::cout;
  if (const godwit::Mutant* mutant = godwit::FindMutant(arguments.mutant)) {
    settings.meddler = mutant->make;
  }
  return settings;
}

std::uint64_t LinesOf(const godwit::Scenario& scenario, godwit::PlaySettings settings) {
  std::ostringstream trace;
  settings.trace = &trace;
  static_cast<void>(PlaySequence(scenario, settings));
  std::uint64_t lines = 0;
  for (const char c : trace.str()) lines += c == '\n' ? 1 : 0;
  return lines;
}

int ShrinkSeed(const Arguments& arguments) {
  const godwit::PlaySettings settings = SettingsOf(arguments);
  const godwit::Scenario scenario = godwit::MakeScenario(arguments.seed);
  const godwit::Shrunk shrunk = Shrink(scenario, settings);
  if (shrunk.violation.empty()) {
    std::cout << "seed " << arguments.seed << " breaks nothing\n";
    return EXIT_SUCCESS;
  }
  std::cout << "seed " << arguments.seed << ": " << shrunk.violation << "\ntrace of "
            << LinesOf(scenario, settings) << " lines, shrunk to "
            << LinesOf(shrunk.scenario, settings) << "; replay:\ngodwit-sim --seed "
            << arguments.seed;
  if (!arguments.mutant.empty()) std::cout << " --mutant " << arguments.mutant;
  for (const std::string& cut : shrunk.cuts) std::cout << " --cut " << cut;
  std::cout << " --trace\n";
  return EXIT_FAILURE;
}

int Play(const Arguments& arguments) {
  const godwit::PlaySettings settings = SettingsOf(arguments);
  godwit::SequenceResult sum;
  std::uint64_t broken = 0;
  for (std::uint64_t seed = arguments.seed; seed < arguments.seed + arguments.count; ++seed) {
    godwit::Scenario scenario = godwit::MakeScenario(seed);
    for (const std::string& cut : arguments.cuts) ApplyCut(cut, scenario);
    const godwit::SequenceResult result = PlaySequence(scenario, settings);
    sum.runs += result.runs;
    sum.commands += result.commands;
    sum.kills += result.kills;
    sum.power_cuts += result.power_cuts;
    sum.parts_reused += result.parts_reused;
    sum.parts_sent_again += result.parts_sent_again;
    if (result.violation.empty()) continue;
    ++broken;
    std::cout << "seed " << seed << ": " << result.violation << std::endl;
  }
  std::cout << arguments.count << " sequences, " << sum.runs << " runs, " << sum.kills << " kills, "
            << sum.power_cuts << " power cuts, " << sum.commands << " commands, "
            << sum.parts_reused << " parts reused, " << sum.parts_sent_again << " sent again, "
            << broken << " broken\n";
  return broken == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> arguments =
      Parse(std::vector<std::string_view>(argv + 1, argv + argc));
  if (!arguments) {
    std::cerr << "usage: godwit-sim [--seed N | --from N | --shrink N] [--count N] [--cut WORD]... "
                 "[--mutant NAME] [--mutants] [--trace]\n";
    return 2;
  }
  if (arguments->list_mutants) {
    for (const godwit::Mutant& mutant : godwit::Mutants()) std::cout << mutant.name << '\n';
    return EXIT_SUCCESS;
  }
  return arguments->shrink ? ShrinkSeed(*arguments) : Play(*arguments);
}

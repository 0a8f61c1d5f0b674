#include "tests/sim/shrink.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "lib/base/text.h"

namespace godwit {
namespace {

using RunCut = bool (*)(RunPlan&);
using ScenarioCut = bool (*)(Scenario&);

template <double FaultRates::*rate>
bool NoFault(RunPlan& run) {
  return std::exchange(run.rates.*rate, 0) > 0;
}

// The first that apply save the most.
constexpr std::pair<const char*, RunCut> kRunCuts[] = {
    {"no-faults", [](RunPlan& run) { return std::exchange(run.rates, FaultRates()).any(); }},
    {"no-changes", [](RunPlan& run) { return std::exchange(run.changes_during, 0) > 0; }},
    {"no-changes-before", [](RunPlan& run) { return std::exchange(run.changes_before, 0) > 0; }},
    {"one-change", [](RunPlan& run) { return std::exchange(run.changes_during, 1) > 1; }},
    {"one-change-before", [](RunPlan& run) { return std::exchange(run.changes_before, 1) > 1; }},
    {"no-forgotten-uploads",
     [](RunPlan& run) { return std::exchange(run.uploads_forgotten, false); }},
    {"no-stop", [](RunPlan& run) { return std::exchange(run.stop, false); }},
    {"no-death",
     [](RunPlan& run) { return std::exchange(run.death, Death::kNone) != Death::kNone; }},
    {"killed",
     [](RunPlan& run) {
       const bool cut = run.death == Death::kPowerCut;
       if (cut) run.death = Death::kKilled;
       return cut;
     }},
    {"no-before", NoFault<&FaultRates::before>},
    {"no-lost", NoFault<&FaultRates::lost>},
    {"no-throttled", NoFault<&FaultRates::throttled>},
    {"no-refusal", NoFault<&FaultRates::final_error>},
    {"no-damage", NoFault<&FaultRates::damage>},
    {"no-batch-key", NoFault<&FaultRates::batch_key>},
    {"no-journal-fault", NoFault<&FaultRates::journal>},
    {"no-dying-listing", NoFault<&FaultRates::listing_dies>},
    {"no-lying-listing", NoFault<&FaultRates::listing_lies>},
    {"no-broken-listing", NoFault<&FaultRates::listing_broken>},
};

bool LargePages(Scenario& scenario) {
  bool changed = false;
  for (MemoryOptions* side : {&scenario.source, &scenario.target}) {
    changed = std::exchange(side->capabilities.page_keys_max, 1000) != 1000 || changed;
  }
  return changed;
}

bool ByteOrder(Scenario& scenario) {
  bool changed = false;
  for (MemoryOptions* side : {&scenario.source, &scenario.target}) {
    ListingOrder& order = side->capabilities.order;
    changed = std::exchange(order, ListingOrder::kUtf8Bytes) != ListingOrder::kUtf8Bytes || changed;
  }
  return changed;
}

bool NoFilter(Scenario& scenario) {
  const bool filtered = std::exchange(scenario.filtered, false);
  const bool changed = filtered || scenario.options.limits.size_max;
  scenario.options.filter = {};
  scenario.options.limits = {};
  return changed;
}

bool PlainAttributes(Scenario& scenario) {
  AttributeRules& rules = scenario.options.attributes;
  const bool changed = !(rules == AttributeRules());
  rules = {};
  return changed;
}

constexpr std::pair<const char*, ScenarioCut> kScenarioCuts[] = {
    {"no-extra-keys", [](Scenario& s) { return std::exchange(s.extra_keys, 0) > 0; }},
    {"no-filter", NoFilter},
    {"plain-attributes", PlainAttributes},
    {"compare",
     [](Scenario& s) {
       return std::exchange(s.options.compare, CompareMode::kAuto) != CompareMode::kAuto;
     }},
    {"overwrite",
     [](Scenario& s) {
       const ConflictMode mode = std::exchange(s.options.conflict, ConflictMode::kOverwrite);
       return mode != ConflictMode::kOverwrite;
     }},
    {"no-delete", [](Scenario& s) { return std::exchange(s.options.delete_extra, false); }},
    {"byte-order", ByteOrder},
    {"large-pages", LargePages},
    {"one-job",
     [](Scenario& s) {
       const bool changed = std::exchange(s.options.jobs_max, 1) != 1;
       s.options.jobs = 1;
       return changed;
     }},
};

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ':' || c == '-') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

// "without:FIRST-LAST".
bool LeaveOut(const std::string& range, Scenario& scenario) {
  const std::vector<std::string> ends = Split(range);
  const auto first = ParseUint64(ends.front());
  const auto last = ParseUint64(ends.back());
  if (!first || !last || *last >= static_cast<std::uint64_t>(scenario.keys)) return false;
  bool changed = false;
  for (std::uint64_t key = *first; key <= *last; ++key) {
    changed = scenario.left_out.insert(static_cast<int>(key)).second || changed;
  }
  return changed;
}

bool ApplyToRun(const std::string& name, const std::string& value, RunPlan& run) {
  if (name == "faults") {
    const auto count = ParseUint64(value);
    return count && run.rates.any() && std::exchange(run.faults_max, *count) > *count;
  }
  for (const auto& [known, cut] : kRunCuts) {
    if (name == known) return cut(run);
  }
  return false;
}

std::vector<std::string> Candidates(const Scenario& scenario) {
  std::vector<std::string> cuts;
  for (const RunPlan& run : scenario.runs) cuts.push_back(fmt::format("no-run:{}", run.number));
  for (const RunPlan& run : scenario.runs) {
    for (const auto& [name, cut] : kRunCuts) cuts.push_back(fmt::format("{}:{}", name, run.number));
    for (const int count : {1, 2, 4, 8, 16}) {
      cuts.push_back(fmt::format("faults:{}:{}", run.number, count));
    }
  }
  for (int span = scenario.keys; span > 0; span /= 2) {
    for (int key = 0; key < scenario.keys; key += span) {
      cuts.push_back(fmt::format("without:{}-{}", key, std::min(key + span, scenario.keys) - 1));
    }
  }
  for (const auto& [name, cut] : kScenarioCuts) cuts.emplace_back(name);
  return cuts;
}

// What was broken, without the run and the key.
std::string KindOf(const std::string& violation) {
  const std::size_t begin = std::min(violation.find(": "), violation.size());
  return violation.substr(begin, violation.find('\'') - begin);
}

}  // namespace

bool ApplyCut(const std::string& cut, Scenario& scenario) {
  const std::size_t colon = std::min(cut.find(':'), cut.size());
  const std::string name = cut.substr(0, colon);
  for (const auto& [known, apply] : kScenarioCuts) {
    if (name == known) return apply(scenario);
  }
  if (colon == cut.size()) return false;
  const std::string rest = cut.substr(colon + 1);
  if (name == "without") return LeaveOut(rest, scenario);
  const std::vector<std::string> words = Split(rest);
  const auto number = ParseUint64(words.front());
  const auto of_run = [&number](const RunPlan& run) {
    return number && static_cast<std::uint64_t>(run.number) == *number;
  };
  if (name == "no-run") return std::erase_if(scenario.runs, of_run) > 0;
  const auto run = std::find_if(scenario.runs.begin(), scenario.runs.end(), of_run);
  return run != scenario.runs.end() && ApplyToRun(name, words.back(), *run);
}

Shrunk Shrink(const Scenario& scenario, const PlaySettings& settings) {
  Shrunk best{scenario, {}, PlaySequence(scenario, settings).violation};
  const std::string kind = KindOf(best.violation);
  bool progress = !best.violation.empty();
  while (progress) {
    progress = false;
    for (const std::string& cut : Candidates(best.scenario)) {
      Scenario less = best.scenario;
      if (!ApplyCut(cut, less)) continue;
      std::string violation = PlaySequence(less, settings).violation;
      if (violation.empty() || KindOf(violation) != kind) continue;
      best.scenario = std::move(less);
      best.cuts.push_back(cut);
      best.violation = std::move(violation);
      progress = true;
    }
  }
  return best;
}

}  // namespace godwit

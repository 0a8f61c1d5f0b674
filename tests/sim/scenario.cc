#include "tests/sim/scenario.h"

#include <fmt/format.h>

#include "lib/base/random.h"

namespace godwit {
namespace {

using std::chrono::milliseconds;

Capabilities MakeCapabilities(Random& random, bool is_local) {
  Capabilities capabilities = MemoryOptions::Capable().capabilities;
  capabilities.server_copy = false;
  capabilities.is_local = is_local;
  capabilities.page_keys_max = random.Chance(0.3) ? 1000 : 1 + static_cast<int>(random.Below(6));
  capabilities.part_bytes_min = 4;
  capabilities.part_bytes_max = 64;
  capabilities.put_bytes_max = 100;
  capabilities.copy_bytes_max = 20;
  capabilities.delete_keys_max = random.Chance(0.5) ? 1000 : 1 + static_cast<int>(random.Below(4));
  capabilities.parts_in_any_order = random.Chance(0.85);
  if (is_local) {
    capabilities.service = "local";
    capabilities.key_rules = KeyRules::kLocal;
    capabilities.digests_stored.clear();
    return capabilities;
  }
  capabilities.service = "s3";
  capabilities.key_rules = KeyRules::kS3;
  static const std::vector<DigestKind> kStored[] = {{DigestKind::kCrc64Nvme, DigestKind::kCrc32c},
                                                    {DigestKind::kCrc32c, DigestKind::kMd5},
                                                    {DigestKind::kMd5},
                                                    {}};
  capabilities.digests_stored = kStored[random.Below(4)];
  capabilities.set_metadata = random.Chance(0.7);
  if (random.Chance(0.15)) {
    capabilities.condition_on_put = false;
    capabilities.condition_on_finish = ConditionSupport::kNone;
    capabilities.condition_on_delete = false;
    capabilities.condition_on_copy = false;
  } else if (random.Chance(0.2)) {
    capabilities.condition_on_finish = ConditionSupport::kAtBegin;
  }
  return capabilities;
}

ListingOrder MakeOrder(Random& random) {
  if (random.Chance(0.6)) return ListingOrder::kUtf8Bytes;
  return random.Chance(0.5) ? ListingOrder::kUtf16Units : ListingOrder::kSlashFirst;
}

// The engine sees the stores through the adapters, which list in byte order.
void TellEndpoints(Scenario& scenario) {
  scenario.endpoints.source = scenario.source.capabilities;
  scenario.endpoints.target = scenario.target.capabilities;
  scenario.endpoints.source.order = ListingOrder::kUtf8Bytes;
  scenario.endpoints.target.order = ListingOrder::kUtf8Bytes;
}

void MakeStores(Random& random, Scenario& scenario) {
  scenario.one_store = random.Chance(0.15);
  const bool source_is_local = !scenario.one_store && random.Chance(0.4);
  const bool target_is_local = !scenario.one_store && random.Chance(0.35);
  scenario.source.capabilities = MakeCapabilities(random, source_is_local);
  scenario.source.container = "source";
  scenario.source.digests_in_listing = random.Chance(0.5);
  scenario.target.capabilities = MakeCapabilities(random, target_is_local);
  scenario.target.container = "target";
  scenario.target.digests_in_listing = random.Chance(0.5);
  if (!source_is_local) scenario.source.capabilities.order = MakeOrder(random);
  if (!target_is_local) scenario.target.capabilities.order = MakeOrder(random);
  if (scenario.one_store) {
    scenario.source.capabilities.server_copy = true;
    scenario.target = scenario.source;
  }
  TellEndpoints(scenario);
  scenario.endpoints.source_prefix = scenario.one_store || random.Chance(0.5) ? "src/" : "";
  scenario.endpoints.target_prefix = scenario.one_store || random.Chance(0.7) ? "t/dst/" : "";
  scenario.endpoints.server_copy_possible = scenario.one_store;
  scenario.endpoints.target_name = "memory://target";
}

CompareMode MakeCompare(Random& random) {
  static constexpr CompareMode kModes[] = {CompareMode::kDigest, CompareMode::kMtime,
                                           CompareMode::kSizeMtime, CompareMode::kSize,
                                           CompareMode::kAlways};
  return random.Chance(0.7) ? CompareMode::kAuto : kModes[random.Below(5)];
}

void MakeFilter(Random& random, Scenario& scenario) {
  if (!random.Chance(0.3)) return;
  SyncOptions& options = scenario.options;
  scenario.filtered = true;
  static constexpr const char* kPatterns[] = {"*.tmp", "skip/", "a*", "b/**", "/a/b"};
  for (std::uint64_t n = 1 + random.Below(2); n > 0; --n) {
    static_cast<void>(options.filter.Add(random.Chance(0.3), kPatterns[random.Below(5)]).ok());
  }
  options.delete_excluded = random.Chance(0.3);
}

void MakeOptions(Random& random, Scenario& scenario) {
  SyncOptions& options = scenario.options;
  if (random.Chance(0.08)) options.mode = JobMode::kCopy;
  if (random.Chance(0.05)) options.mode = JobMode::kRemove;
  options.dry_run = random.Chance(0.05);
  options.delete_extra = options.mode == JobMode::kSync && random.Chance(0.65);
  options.allow_empty_source = random.Chance(0.3);
  if (random.Chance(0.3)) options.max_delete = {DeleteLimit::Kind::kAll, 0};
  if (random.Chance(0.1)) options.max_delete = {DeleteLimit::Kind::kCount, random.Below(4)};
  options.compare = MakeCompare(random);
  MakeFilter(random, scenario);
  if (random.Chance(0.1)) options.conflict = ConflictMode::kSkip;
  if (random.Chance(0.07)) options.conflict = ConflictMode::kFail;
  if (random.Chance(0.1)) options.limits.size_max = 15;
  if (random.Chance(0.1)) options.attributes.set_metadata = {{"team", "lake"}};
  if (random.Chance(0.05)) options.attributes.keep_metadata = false;
  options.report_unchanged = random.Chance(0.5);
  options.part_size_bytes = 4 + random.Below(20);
  options.memory_bytes = (1 + random.Below(8)) << 20;
  options.jobs_max = static_cast<std::uint32_t>(1 + random.Below(8));
  if (random.Chance(0.3)) options.jobs = options.jobs_max;
  options.retry = RetryPolicy{10, milliseconds(100), milliseconds(1000), milliseconds(20'000)};
}

FaultRates MakeRates(Random& random) {
  FaultRates rates;
  const double level = random.Chance(0.5) ? 0.03 : 0.2;
  if (random.Chance(0.7)) rates.before = level * random.Fraction();
  if (random.Chance(0.7)) rates.lost = level * random.Fraction();
  if (random.Chance(0.4)) rates.throttled = level * random.Fraction();
  if (random.Chance(0.15)) rates.final_error = 0.1 * random.Fraction();
  if (random.Chance(0.3)) rates.damage = level * random.Fraction();
  if (random.Chance(0.3)) rates.batch_key = 0.2 * random.Fraction();
  if (random.Chance(0.05)) rates.journal = 0.1;
  if (random.Chance(0.1)) rates.listing_dies = 0.3 * random.Fraction();
  if (random.Chance(0.12)) rates.listing_lies = 0.4;
  if (random.Chance(0.08)) rates.listing_broken = 0.4;
  return rates;
}

void MakeDeath(Random& random, RunPlan& run) {
  const bool dies = random.Chance(0.3);
  const bool by_power_cut = random.Chance(0.5);
  // As often after few events as after many.
  const std::uint64_t steps = 1 + random.Below(1ULL << (2 + random.Below(7)));
  if (!dies) return;
  run.death = by_power_cut ? Death::kPowerCut : Death::kKilled;
  run.steps_to_death = steps;
  // What a service damages after it has agreed is found by reading it back, by who is alive.
  run.rates.damage = 0;
}

void MakeRuns(Random& random, Scenario& scenario) {
  const int count = static_cast<int>(random.Below(4));
  for (int i = 0; i < count; ++i) {
    RunPlan run;
    run.number = i + 1;
    if (i > 0) run.changes_before = static_cast<int>(random.Below(6));
    run.uploads_forgotten = random.Chance(0.25);
    if (random.Chance(0.8)) run.rates = MakeRates(random);
    if (random.Chance(0.3)) run.changes_during = 1 + static_cast<int>(random.Below(4));
    run.stop = random.Chance(0.12);
    MakeDeath(random, run);
    scenario.runs.push_back(run);
  }
  RunPlan last;
  last.number = count + 1;
  last.changes_before = count > 0 && random.Chance(0.6) ? static_cast<int>(random.Below(6)) : 0;
  last.uploads_forgotten = random.Chance(0.25);
  scenario.runs.push_back(last);
}

}  // namespace

bool Scenario::target_is_conditional() const {
  return target.capabilities.condition_on_put && target.capabilities.condition_on_delete;
}

std::string Scenario::Describe() const {
  const auto store = [](const MemoryOptions& side) {
    const Capabilities& c = side.capabilities;
    return fmt::format("{} order {} page {} batch {} digests {}{} conditions {}/{} metadata {}",
                       c.service, static_cast<int>(c.order), c.page_keys_max, c.delete_keys_max,
                       c.digests_stored.size(), side.digests_in_listing ? "+" : "-",
                       c.condition_on_put, static_cast<int>(c.condition_on_finish), c.set_metadata);
  };
  return fmt::format(
      "seed {} source [{}] target [{}] one_store {} mode {} dry {} delete {} excluded {} limit {} "
      "compare {} conflict {} part {} jobs {} keys {}+{} exists {} runs {}",
      seed, store(source), store(target), one_store, static_cast<int>(options.mode),
      options.dry_run, options.delete_extra, options.delete_excluded, options.max_delete.ToString(),
      static_cast<int>(options.compare), static_cast<int>(options.conflict),
      options.part_size_bytes.value_or(0), options.jobs_max, keys, extra_keys, source_exists,
      runs.size());
}

Scenario MakeScenario(std::uint64_t seed) {
  Random random(seed);
  Scenario scenario;
  scenario.seed = seed;
  MakeStores(random, scenario);
  MakeOptions(random, scenario);
  scenario.source_exists = !random.Chance(0.01);
  scenario.keys = static_cast<int>(random.Chance(0.1) ? random.Below(60) : random.Below(14));
  if (random.Chance(0.05)) scenario.extra_keys = static_cast<int>(20 + random.Below(20));
  if (random.Chance(0.002)) scenario.extra_keys = 1100;
  if (scenario.extra_keys > 1000) {
    for (MemoryOptions* side : {&scenario.source, &scenario.target}) {
      side->capabilities.page_keys_max = 1000;
      side->capabilities.delete_keys_max = 1000;
    }
    TellEndpoints(scenario);
  }
  scenario.odd_names = random.Chance(0.3);
  scenario.source.whole_seconds = seed % 2 == 0 && !scenario.source.capabilities.is_local;
  MakeRuns(random, scenario);
  return scenario;
}

Scenario MakeOrderScenario(std::uint64_t seed, ListingOrder source, ListingOrder target) {
  Random random(seed);
  Scenario scenario;
  scenario.seed = seed;
  MakeStores(random, scenario);
  for (MemoryOptions* side : {&scenario.source, &scenario.target}) {
    side->capabilities = MakeCapabilities(random, false);
  }
  scenario.one_store = false;
  scenario.source.container = "source";
  scenario.target.container = "target";
  scenario.source.capabilities.order = source;
  scenario.target.capabilities.order = target;
  scenario.endpoints.server_copy_possible = false;
  TellEndpoints(scenario);
  scenario.options.delete_extra = true;
  scenario.options.max_delete = {DeleteLimit::Kind::kAll, 0};
  scenario.options.allow_empty_source = true;
  scenario.keys = static_cast<int>(5 + random.Below(40));
  scenario.odd_names = true;
  scenario.all_marked = true;
  scenario.runs.emplace_back().number = 1;
  return scenario;
}

}  // namespace godwit

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "lib/base/random.h"
#include "tests/sim/scenario.h"
#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_job_store.h"
#include "tests/sim/sim_store.h"

namespace godwit {

using Tree = std::map<std::string, SimObject>;  // By relative key.

// Two stores with a folder each, what outlives a run, and the outside world that changes them.
// Remembers every version that ever was. One thread at a time.
class World {
 public:
  explicit World(const Scenario& scenario);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Scenario& scenario() const { return scenario_; }
  SimClock& clock() { return clock_; }
  SimJobStore& jobs() { return jobs_; }
  SimStore& source_store() { return *source_; }
  SimStore& target_store() { return one_store() ? *source_ : *target_; }
  bool one_store() const { return scenario_.one_store; }

  // One change by somebody else, at either side; says what it was.
  std::string ChangeSomething(Random& random);

  Tree Source();
  Tree Target();
  // All objects that lie in neither folder, by "source:" or "target:" and full key.
  std::map<std::string, Version> Outside();
  std::string SourceKey(std::string_view key) const;
  std::string TargetKey(std::string_view key) const;
  std::size_t OpenUploads() const;

  // What the source ever held under a relative key, by version.
  const std::map<Version, SimObject>& SourceVersions(const std::string& key) const;
  // The content that a version of the target holds or held; none: never seen.
  std::optional<std::string> TargetContent(const Version& version) const;
  void RememberTarget(const SimObject& object);
  // Relative target keys that somebody else wrote since the last call of ForgetChanges.
  const std::set<std::string>& foreign_writes() const { return foreign_; }
  bool source_changed() const { return source_changed_; }
  void ForgetChanges();

 private:
  struct Write {
    bool at_target = false;
    std::string key;  // Relative.
    std::string content;
    std::optional<PreciseTime> mtime;
  };

  void Populate(Random& random);
  void AddPair(const std::string& key, Random& random);
  void Put(const Write& write, Random& random);
  void Remove(bool at_target, const std::string& key);
  std::string NewContent(const std::string& like, Random& random);
  Tree Look(SimStore& store, const MemoryStore& inner, const std::string& prefix);

  const Scenario scenario_;
  SimClock clock_;
  SimJobStore jobs_;
  std::unique_ptr<MemoryStore> source_inner_;
  std::unique_ptr<MemoryStore> target_inner_;
  std::unique_ptr<SimStore> source_;
  std::unique_ptr<SimStore> target_;
  std::map<std::string, std::map<Version, SimObject>> source_versions_;
  std::map<Version, std::string> target_contents_;
  std::set<std::string> foreign_;
  bool source_changed_ = false;
};

// A key of a small set whose members are neighbours around '/'.
std::string RandomKey(Random& random);

}  // namespace godwit

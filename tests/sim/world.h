#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/random.h"
#include "lib/sync/report.h"
#include "tests/sim/scenario.h"
#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_disk.h"
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
  // Of the target, if it is local.
  SimDisk* disk() { return disk_.get(); }
  bool one_store() const { return scenario_.one_store; }

  // A run begins; since when the writes of earlier ones may be in no record. The mark of it is a
  // file of its own that is durable at once (lib/run/unsettled_mark.h).
  std::optional<Timestamp> BeginRun();
  void EndRun(const SyncSummary& summary);

  // One change by somebody else, at either side; says what it was.
  std::string ChangeSomething(Random& random);

  // Somebody replaces an object of the source by one of the same size, at once. False: there is
  // none.
  bool ReplaceAlike(const std::string& key, Random& random);

  // The target's service forgets uploads, or some of their parts; a disk forgets nothing by itself.
  void ForgetUploads(Random& random);

  Tree Source();
  Tree Target();
  // All objects that lie in neither folder, by "source:" or "target:" and full key.
  std::map<std::string, Version> Outside();
  std::string SourceKey(std::string_view key) const;
  std::string TargetKey(std::string_view key) const;
  std::vector<UploadEntry> OpenUploads();

  // What the source ever held under a relative key, by version.
  const std::map<Version, SimObject>& SourceVersions(const std::string& key) const;
  // The content that a version of the target holds or held; none: never seen.
  std::optional<std::string> TargetContent(const Version& version) const;
  void RememberTarget(const SimObject& object);
  // Relative target keys that somebody else wrote since the last call of ForgetChanges.
  const std::set<std::string>& foreign_writes() const { return foreign_; }
  bool source_changed() const { return source_changed_; }
  // Relative target keys that hold what they held before, since a power cut during this run.
  const std::set<std::string>& fallen_back() const { return fallen_back_; }
  // The machine dies: takes what was not durable. True if the journal is torn.
  bool CutPower(Random& random);
  void ForgetChanges();

 private:
  struct Write {
    bool at_target = false;
    std::string key;  // Relative.
    std::string content;
    std::optional<PreciseTime> mtime;
  };

  void Populate();
  void AddPair(const std::string& key, Random& random);
  void Put(const Write& write, Random& random);
  void Remove(bool at_target, const std::string& key);
  std::string NewContent(const std::string& like, Random& random);
  Tree Look(SimStore& store, const MemoryStore& inner, const std::string& prefix);

  const Scenario scenario_;
  SimClock clock_;
  SimJobStore jobs_;
  std::optional<Timestamp> unsettled_since_;
  bool was_settled_ = true;  // When the run began.
  std::unique_ptr<MemoryStore> source_inner_;
  std::unique_ptr<MemoryStore> target_inner_;
  std::unique_ptr<SimStore> source_;
  std::unique_ptr<SimStore> target_;
  std::unique_ptr<SimDisk> disk_;
  std::map<std::string, std::map<Version, SimObject>> source_versions_;
  std::map<Version, std::string> target_contents_;
  std::set<std::string> foreign_;
  std::set<std::string> fallen_back_;
  bool source_changed_ = false;
};

// A key of a small set whose members are neighbours around '/'; of an `odd` one also those around
// the characters that UTF-16 displaces.
std::string RandomKey(Random& random, bool odd);

}  // namespace godwit

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/sync/command.h"
#include "lib/sync/event.h"
#include "tests/sim/sim_store.h"
#include "tests/sim/upload_checker.h"
#include "tests/sim/world.h"

namespace godwit {

// What the outside can say of one run when it is over.
struct RunRecord {
  std::optional<SyncSummary> summary;  // None: the process died.
  // From the stop to the end, but for what the disk took to make records durable.
  std::chrono::nanoseconds stop_took{0};
  std::vector<ActionReport> actions;
  std::vector<ErrorReport> errors;
  std::set<std::string> published;  // Relative target keys that the run wrote.
  std::set<std::string> deleted;
  std::set<std::string> deleted_late;  // By a run that has died, which had proven them absent.
  std::set<Version> damaged;           // Stored as something else than what was sent.
  std::set<std::string> damaged_keys;
  std::map<std::string, std::uint64_t> issued;  // Commands by what they do: "head", "hash", ...
  bool outside_changes = false;
  bool late_writes = false;
  bool stopped = false;
  bool faults = false;
  bool lies = false;  // A listing ended too early and said that it was complete.

  // Nothing but the program itself decided how this run ends.
  bool quiet() const { return !outside_changes && !late_writes && !stopped && !faults; }
  bool clean() const { return summary && quiet(); }
};

// Watches a run as it goes and holds it to the invariants that need no model: nothing wrong under
// a final name, no write but on what was listed, no delete without both listings and a proof,
// nothing outside the target folder, budget kept, one end a command. One thread at a time.
class RunChecker final : public StoreObserver {
 public:
  // Both are borrowed.
  RunChecker(World& world, UploadChecker& uploads);
  ~RunChecker() override;

  // From the runner.
  void OnCommand(const Command& command);
  void OnAnswer(const Command& command, const Event& event);
  void OnReport(const Report& report);
  void OnEnd(const SyncSummary& summary);
  void NoteOutsideChange();
  void NoteStop();
  void NoteFaults(bool fired, bool lied);
  // The engine will not hear of this.
  void OnUnheard(const Event& event) { uploads_.OnUnheard(event); }
  void OnDeath();
  void BeginLateWrite() { late_ = record_.late_writes = true; }
  void EndLateWrite() { late_ = false; }
  void Violate(const std::string& what);

  // From the stores.
  void OnPublished(const std::string& key, const std::optional<SimObject>& before,
                   const SimObject& after, bool damaged) override;
  void OnDeleted(const std::string& key, const SimObject& before) override;

  // The first listing of the source has come to its end.
  bool source_listed() const { return source_complete_; }
  const RunRecord& record() const { return record_; }
  // The first thing that was wrong; empty: nothing.
  const std::string& violation() const { return violation_; }

 private:
  void TimeJournal(const Command& command);
  void CheckBudget(const Command& command);
  void CheckDelete(const DeleteCommand& command);
  bool ProvenAbsent(const std::string& key) const;
  void OnPage(const ListCommand& list, const ListPage& page);
  void CheckRow(const StateRow& row);
  std::optional<std::string> RelativeTarget(const std::string& key);

  World& world_;
  UploadChecker& uploads_;
  const Scenario& scenario_;
  RunRecord record_;
  std::string violation_;
  bool late_ = false;

  std::map<CommandId, std::uint64_t> body_bytes_;  // Of transfers in flight.
  std::map<std::string, Version> listed_target_;   // As the first listing told it.
  std::set<std::string> listed_source_;
  bool source_complete_ = false;
  bool target_complete_ = false;
  std::set<std::string> absent_;               // Source keys that a HEAD did not find afterwards.
  std::map<std::string, std::string> tokens_;  // Of proof listings: what they go on after.
  std::set<std::string> listed_again_;         // Candidates that a proof listing passed over.
  std::set<Version> own_versions_;
  std::set<std::string> reported_;
  SimClock::Instant stopped_at_{};
  std::map<CommandId, SimClock::Instant> journal_since_;  // Records on their way, after a stop.
  std::chrono::nanoseconds journal_took_{0};
};

}  // namespace godwit

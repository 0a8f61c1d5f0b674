#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "lib/sync/command.h"
#include "lib/sync/event.h"
#include "tests/sim/world.h"

namespace godwit {

// Watches uploads over all runs of a world: what the journal and the service both have of a part is
// not sent again, what the engine heard of is in the journal before a death can forget it, and
// after a clean-up by the journal nothing is open but what was in flight when nobody could hear of
// it. Its methods say what is wrong, or nothing. One thread at a time.
class UploadChecker {
 public:
  // `world` is borrowed.
  explicit UploadChecker(World& world) : world_(world) {}

  void BeginRun();
  // `quiet`: nothing but the program itself decided so far how the run goes.
  std::string OnCommand(const Command& command, bool quiet);
  void OnAnswer(const Command& command, const Event& event);
  // The engine will not hear of it.
  void OnUnheard(const Event& event);
  std::string OnDeath(bool quiet);
  // What is open now and not in the journal is nobody's fault.
  void Excuse();
  // Aborts what the journal knows, as `jobs clean` does, and looks for what is still there.
  std::string AfterCleanUp();

  // Parts that were at the service when a run began, and in an upload that it finished.
  std::uint64_t parts_reused() const { return reused_; }
  // Parts that were sent again although the service had them.
  std::uint64_t parts_sent_again() const { return sent_again_; }

 private:
  // Key, version of the source, offset, length.
  using Range = std::tuple<std::string, Version, std::uint64_t, std::uint64_t>;

  // Whether the journal outlives the run.
  bool journals() const;
  std::set<std::string> Journaled() const;
  bool MayFinish(const JournaledUpload& upload) const;
  bool HoldsSource(const JournaledUpload& upload) const;
  void OnRecord(const JournalRecord& record);
  std::string CheckSentAgain(const TransferPartCommand& part, bool quiet);

  World& world_;
  std::map<Range, std::string>
      safe_;  // In the journal and at the service, by upload, since before.
  std::map<std::string, WriteCondition> conditions_;  // Of all uploads, as they were begun.
  std::set<std::string> known_;     // Uploads whose id the engine heard of, in this run.
  std::set<std::string> recorded_;  // Given to the journal, in this run.
  std::set<std::pair<std::string, std::uint32_t>> unrecorded_;  // Parts that it heard of.
  std::set<std::string> excused_;                               // Uploads that nobody can know.
  std::uint64_t reused_ = 0;
  std::uint64_t sent_again_ = 0;
};

}  // namespace godwit

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/plan/merge.h"
#include "lib/sync/delete_spool.h"
#include "lib/sync/key_judge.h"
#include "lib/sync/listing_pump.h"
#include "lib/sync/object_task.h"
#include "lib/sync/run_core.h"
#include "lib/sync/state_pump.h"

namespace godwit {

// Lists both sides, merges them with the state, and starts what follows for each key: objects are
// compared and copied, keys that only the target has go to the spool, conflicts are named. At most
// a window of objects is open at once and a page of each stream is ahead, so that memory does not
// grow with the number of objects. One thread at a time.
class Planner {
 public:
  Planner(RunCore& core, DeleteSpool& spool);

  void Start();
  // Goes on as far as pages and the window allow. True if anything happened.
  bool Advance();
  // The run was halted or stopped.
  void Halt();
  void Stop();
  // After the delete phase: copies what was blocked. `made_way`: anything was deleted.
  void StartDeferred(bool made_way);

  // All keys are judged, or will never be.
  bool planned() const { return planned_; }
  // No object is open; deferred ones wait.
  bool copied() const { return planned_ && tasks_.empty(); }
  bool source_complete() const { return source_complete_; }
  bool target_complete() const { return target_complete_; }
  // Objects of the source, before filters: neither names that are no data (links, special files),
  // nor the marker of the source folder itself make a source that is not empty.
  std::uint64_t source_objects() const { return source_objects_; }
  // Local folders that stay although deletes may empty them.
  const std::set<std::string>& kept_folders() const { return kept_folders_; }

 private:
  bool FeedListing(ListingPump& pump, MergeStream stream, bool& complete);
  bool FeedState();
  bool JudgeNext();
  void Act(MergeItem item);
  void CountListed(const MergeItem& item);
  void MissRestricted(const MergeItem* item);
  void EndPlanning();
  void OnListingFailed(const ListingPump& pump, Side side);
  bool HasRoom() const;

  void Defer(ObjectSpec spec);
  void FailBlocked(const ObjectSpec& spec);
  void OpenObject(ObjectSpec spec, bool may_defer);
  void Extra(const MergeItem& item, bool excluded);
  void ReportSkipped(const MergeItem& item, Reason reason);
  void ReportConflict(const std::string& key, std::uint64_t bytes, const KeyVerdict& verdict);
  void NoteMarker(const MergeItem& item);

  RunCore& core_;
  DeleteSpool& spool_;
  KeyJudge judge_;
  ThreeWayMerge merge_;
  ListingPump source_pump_;
  ListingPump target_pump_;
  StatePump state_pump_;
  bool source_complete_ = false;
  bool target_complete_ = false;
  bool planned_ = false;
  std::uint64_t source_objects_ = 0;
  std::size_t restricted_next_ = 0;  // Of the keys of --files-from.

  std::uint64_t last_task_ = 0;
  std::map<std::uint64_t, std::shared_ptr<ObjectTask>> tasks_;  // Open, in order of opening.
  std::vector<ObjectSpec> deferred_;
  std::vector<std::string> open_markers_;  // Of the source, that later keys may lie under.
  std::set<std::string> kept_folders_;
};

}  // namespace godwit

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/plan/compare.h"
#include "lib/plan/part_plan.h"
#include "lib/sync/copy_job.h"
#include "lib/sync/failure_rules.h"
#include "lib/sync/run_core.h"
#include "lib/sync/upload.h"

namespace godwit {

// One key that both filters and key rules let through, with what the listings said of it.
struct ObjectSpec {
  std::string source_key;
  std::string target_key;
  ObjectEntry source;
  std::optional<ObjectEntry> target;
  std::optional<StateRow> state;
  bool target_known = true;  // False: nobody looked.
  // Decided before, blocked, and to be copied now that the delete phase has made way.
  Reason decided = Reason::kNone;
  Status blocked_by;
};

// The life of one object: it is compared, then left alone, copied, or given new metadata, and
// reported, remembered and counted exactly once (I10). A source that changes under way begins
// again with the new version, at most three times (I12). Calls `done` once, when nothing of it is
// left to do. One thread at a time.
//
// Shared with its outstanding answers, which may come after its owner lost interest.
class ObjectTask : public std::enable_shared_from_this<ObjectTask> {
 public:
  struct Outcome {
    // A copy that something blocks which the delete phase may remove: try again after it.
    std::optional<ObjectSpec> blocked;
  };
  using TaskDone = std::function<void(Outcome)>;

  ObjectTask(RunCore& core, ObjectSpec spec, bool may_defer, TaskDone done);

  void Start();
  // The run was stopped.
  void Stop();

 private:
  // object_task.cc: deciding
  void Decide();
  void AskHead(Side side);
  void OnHead(Side side, Answer<ObjectMeta> answer);
  void AskHash(const Verdict& verdict, Side side);
  void OnHash(Side side, Answer<Hashed> answer);
  void OnTargetHead(ObjectMeta meta);
  void OnSourceHead(ObjectMeta meta);
  void Act(Reason reason);
  bool TakeSource(ObjectMeta meta);
  void RestartWithHead();

  // object_copy.cc: doing
  void Copy();
  void WithSourceHead(void (ObjectTask::*then)());
  Result<PartPlan> MakePlan() const;
  CopyJob MakeJob(const PartPlan& plan) const;
  WriteCondition Condition() const;
  void CopyWhole(CopyJob job);
  void CopyInParts(CopyJob job);
  void OnCopied(CopyEnd end);
  void OnCopyDone(const CopyEnd& end);
  void SetMetadata();
  void SendMetadata();
  void OnMetadata(Answer<PutReceipt> answer);
  void RepeatMetadata(const Status& status);
  void LookUpMetadata(const Status& status);
  ObjectAttributes WantedAttributes() const;

  // object_end.cc: ending
  void EndUnchanged(Evidence evidence);
  void EndPlanned();
  void EndDone(WriteProof proof, std::vector<std::string> dropped = {});
  void EndSkipped(Reason reason, int exit_code);
  void EndGone();
  void EndDamaged(const std::string& since);
  void EndTargetChanged(Status status);
  void EndBlocked(Status status);
  void EndStopped();
  void EndFailed(Status status, Side side, bool of_data);
  void EndWithError(Reason reason, Status status);
  void EndSilently();
  ActionReport MakeReport(ActionStatus status) const;
  void KeepUnproven();
  void KeepEqual(const Version& target_version, const DigestSet& digests, Evidence evidence);
  void Finish(Outcome outcome);

  RunCore& core_;
  ObjectSpec spec_;
  const bool may_defer_;
  TaskDone done_;
  bool ended_ = false;

  CompareInput input_;  // The source's HEAD, if any, is of spec_.source's version.
  bool asked_ = false;  // Something beyond the listing was needed.
  Reason reason_ = Reason::kNone;
  Evidence evidence_ = Evidence::kDigest;  // Of equal bytes.
  ActionKind action_ = ActionKind::kCopy;
  bool begun_ = false;  // A write may have been issued.
  int restarts_ = 0;
  int attempts_ = 0;
  bool target_moved_ = false;                   // Another version than the listed one was seen.
  std::optional<WriteCondition> after_damage_;  // What the target held is gone.
  bool unproven_ = false;                       // What we wrote may be there, and be wrong.
  bool metadata_lost_ = false;
  int metadata_attempts_ = 0;
  std::weak_ptr<Upload> upload_;  // Lives by its own outstanding answers.
  std::uint32_t upload_parts_ = 0;
};

}  // namespace godwit

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/sync/copy_job.h"
#include "lib/sync/run_core.h"
#include "lib/sync/target_probe.h"

namespace godwit {

// Copies one object by one command: a put of its whole body, or a copy inside the service.
// Repeats by the RetryPolicy, looks before it repeats what may have taken effect (I17), and is
// done only when the target's own check agrees (I11). Calls `done` once. One thread at a time.
//
// Shared with its outstanding answers, which may come after its owner lost interest.
class WholeCopy : public std::enable_shared_from_this<WholeCopy> {
 public:
  WholeCopy(RunCore& core, CopyJob job, CopyDone done)
      : core_(core), job_(std::move(job)), done_(std::move(done)) {}

  void Start();

 private:
  void Send();
  void SendPut();
  void SendCopy();
  template <typename T>
  bool Succeeded(Answer<T>& answer);
  void OnFailure(Status status, Side side, const DigestSet& sent);
  void LookUp(Status status, const DigestSet& sent);
  void RepeatOrFail(const Status& status, Side side);
  void Prove(PutReceipt receipt, const DigestSet& digests);
  void OnProven(Proven proven, const DigestSet& digests);
  void End(CopyEnd::Kind kind, Status status = {}, Side side = Side::kTarget);

  RunCore& core_;
  CopyJob job_;
  CopyDone done_;
  int attempts_ = 0;
  bool begun_ = false;  // A write was issued.
  bool lost_ = false;   // The answer to a write was lost.
  std::optional<PreciseTime> source_mtime_;
  std::vector<std::string> dropped_;
};

}  // namespace godwit

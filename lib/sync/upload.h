#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "lib/checksum/content_hasher.h"
#include "lib/sync/copy_job.h"
#include "lib/sync/failure_rules.h"
#include "lib/sync/run_core.h"
#include "lib/sync/target_probe.h"

namespace godwit {

// Copies one object in parts: intent in the journal, begin, parts side by side, finish, proof. Goes
// on with what an earlier run left of the same version, by the service's own list of parts (I15).
//
// The object appears at the target only when every part is there, in index order, and their sizes
// add up (I11). Lost answers are looked up (I17). What goes wrong for good aborts the upload when
// its last part has ended; after a stop, or a failure that may have passed by then, it is left for
// the next run, if there may be one. Calls `done` once. One thread at a time.
//
// Shared with its outstanding answers, which may come after its owner lost interest.
class Upload : public std::enable_shared_from_this<Upload> {
 public:
  Upload(RunCore& core, CopyJob job, CopyDone done)
      : core_(core), job_(std::move(job)), done_(std::move(done)) {}

  void Start();
  // The run was stopped: parts in flight may end.
  void Stop();

 private:
  struct Part {
    enum class State : std::uint8_t { kWaiting, kUnderWay, kThere };
    State state = State::kWaiting;
    bool summed = false;
    int attempts = 0;
    ContentSum sum;
    CommandId command = 0;
    PartReceipt receipt;
  };
  enum class Stage : std::uint8_t { kNew, kBeginning, kParts, kFinishing, kClosing };

  // upload_resume.cc
  void TakeOver(JournaledUpload left);
  void GoOn(JournaledUpload left);
  void KeepHashedOnly(std::vector<PartReceipt>& parts) const;
  void Adopt(std::vector<PartReceipt> parts, const UploadedParts& kept);
  std::uint64_t TakeParts(const std::vector<PartReceipt>& parts);
  void OnUnknown(const JournaledUpload& left);
  void AbortLeft(const JournaledUpload& left);
  void AbortUnheard(Timestamp intended);
  bool MayBeFoundLater(const Status& status) const;
  void TellLeftOpen(const Status& status) const;
  bool StaysForLater() const;

  // upload.cc
  UploadOptions BeginOptions() const;
  void Announce();
  void Begin();
  void OnBegan(Answer<UploadBegan> answer);
  void StartParts();
  void AbortOrphans();
  void Close(CopyEnd end);
  void CloseFor(FailureClass what, Status status, Side side);
  void Restart(const Status& status, Side side);
  void Abort(std::function<void()> then);
  void KeepAbandoned(const Secret& upload_id);
  void CloseIfQuiet();
  void Fail(Status status, Side side);
  CopyEnd MakeEnd(CopyEnd::Kind kind, Status status = {}, Side side = Side::kTarget) const;

  // upload_parts.cc
  void SendParts();
  void SendPart(std::uint32_t index);
  void SendRange(std::uint32_t index);
  void SendCopyRange(std::uint32_t index);
  void OnPart(std::uint32_t index, Answer<PartTransferred> answer);
  void OnPartFailed(std::uint32_t index, Answer<PartTransferred> answer);
  void LookUpPart(std::uint32_t index, Answer<PartTransferred> lost);
  std::optional<PartReceipt> FindListed(std::uint32_t index, const UploadedParts& kept) const;
  bool TakeListed(std::uint32_t index, const UploadedParts& kept,
                  const Answer<PartTransferred>& lost);
  void RecordPart(std::uint32_t index, const PartTransferred& sent);
  void PartIsThere();
  void RepeatPart(std::uint32_t index, const Status& status, Side side);
  std::uint64_t LengthOf(std::uint32_t index) const;
  bool Streams(std::uint32_t index) const;
  std::optional<std::string> Md5Before(std::uint32_t index) const;

  // upload_finish.cc
  void PrepareFinish();
  std::optional<DigestSet> WholeDigests() const;
  std::optional<Digest> Md5ToCheck() const;
  void Finish();
  void OnFinished(Answer<PutReceipt> answer);
  void LookUpFinish(Status status);
  void LookUpParts(const Status& status);
  void RepeatFinish(const Status& status);
  void ProveFound(PutReceipt receipt);
  void Prove(PutReceipt receipt);
  void OnProven(Proven proven);

  RunCore& core_;
  CopyJob job_;
  CopyDone done_;
  Stage stage_ = Stage::kNew;
  bool ended_ = false;
  int attempts_ = 1;         // Of anything: 1 and every repetition.
  int object_attempts_ = 1;  // From the beginning on.
  int begin_attempts_ = 0;
  bool begin_lost_ = false;
  Timestamp intended_{};  // When the journal heard of our begin.
  RunCore::TimePoint first_begin_{};

  Secret upload_id_;
  bool recorded_ = false;  // The journal knows the id.
  std::vector<Part> parts_;
  std::set<CommandId> in_flight_;  // Parts; queued ones too.
  std::uint32_t open_parts_ = 0;   // Commands, look-ups and pauses of parts.
  std::uint32_t next_part_ = 0;
  std::uint32_t parts_there_ = 0;

  DigestSet digests_;  // Of the whole object, once all parts are there.
  int finish_attempts_ = 0;
  bool finish_lost_ = false;
  std::optional<CopyEnd> closing_;
  std::optional<Status> restarting_;
};

}  // namespace godwit

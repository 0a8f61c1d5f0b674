#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/plan/delete_guard.h"
#include "lib/sync/delete_batch.h"
#include "lib/sync/delete_proof.h"
#include "lib/sync/delete_spool.h"
#include "lib/sync/run_core.h"

namespace godwit {

// The phase after all copies (I1-I5): judges the guards, asks the user where that is due, proves
// the candidates absent a second time, deletes them in batches. Candidates that are not deleted
// are reported as blocked, and the run says why. One thread at a time.
class DeletePhase {
 public:
  DeletePhase(RunCore& core, DeleteSpool& spool, const std::set<std::string>& kept_folders)
      : core_(core), spool_(spool), kept_folders_(kept_folders) {}

  // All candidates are in the spool. Of `facts` the listings and the source are filled in.
  void Start(DeleteFacts facts);
  // Goes on as far as possible. True if anything happened.
  bool Advance();
  bool done() const { return stage_ == Stage::kDone; }

 private:
  enum class Stage : std::uint8_t { kSettling, kAsking, kProving, kDeleting, kBlocking, kDone };

  void Judge();
  void Confirm();
  void Prove();
  bool DeleteMore();
  void Block(int exit_code, const std::string& message);
  void ReportBlocked();
  void OnBlockedRows(std::vector<SpooledDelete> rows, const Status& status);

  RunCore& core_;
  DeleteSpool& spool_;
  const std::set<std::string>& kept_folders_;
  DeleteFacts facts_;
  Stage stage_ = Stage::kSettling;
  std::optional<DeleteProof> proof_;
  std::uint64_t next_row_ = 0;  // Of the spool: those before are handed out.
  std::uint32_t batches_ = 0;   // Under way.
  bool reading_ = false;
};

}  // namespace godwit

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lib/sync/delete_spool.h"
#include "lib/sync/run_core.h"

namespace godwit {

// Deletes one batch of proven keys, each in the version that was listed, and ends each of them
// exactly once (I10). A key whose version changed is left alone. An answer that was lost is looked
// up key by key before anything is deleted again (I17). One thread at a time.
//
// Shared with its outstanding answers, which may come after its owner lost interest.
class DeleteBatch : public std::enable_shared_from_this<DeleteBatch> {
 public:
  DeleteBatch(RunCore& core, std::vector<SpooledDelete> rows,
              const std::set<std::string>& kept_folders, std::function<void()> done);

  void Start();

 private:
  using Rows = std::vector<std::size_t>;  // Indices into rows_.

  bool unconditional() const { return core_.options().mode == JobMode::kRemove; }
  void Send(Rows open);
  void Look(Rows open, Status cause);
  void OnLooked(std::size_t row, const Answer<ObjectMeta>& answer);
  void OnStatuses(const Rows& open, Answer<DeleteStatuses> answer);
  void Repeat(Rows open, const Status& cause);
  void EndDeleted(std::size_t row);
  void EndTargetChanged(std::size_t row);
  void EndFailed(std::size_t row, const Status& status);
  void EndBlocked(std::size_t row);
  void End(std::size_t row, Reason reason, ActionStatus status);
  void Settle();
  void Prune();

  RunCore& core_;
  const std::vector<SpooledDelete> rows_;
  const std::set<std::string>& kept_folders_;  // Borrowed from the planner.
  std::function<void()> done_;
  int attempts_ = 0;
  std::size_t ended_ = 0;

  // Of a look at each key.
  Status cause_;
  Rows looked_;
  std::uint32_t looks_ = 0;
  std::set<std::string> emptied_;  // Folders that lost something.
};

}  // namespace godwit

#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lib/sync/command.h"
#include "lib/sync/event.h"
#include "tests/unit/sync/fake_side.h"

namespace godwit {

// Carries out the engine's commands against two FakeSides and a spool, at once and without faults.
class FakeExecutor {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  FakeSide source;
  FakeSide target;
  bool confirms = true;
  std::map<std::string, StateRow> state;
  std::vector<SpooledDelete> spool;
  std::vector<std::string> pruned;

 protected:
  Event Execute(const Command& command);

  TimePoint now_{};
  DigestSet sent_;  // Of the last write.

 private:
  FakeSide& At(Side side) { return side == Side::kSource ? source : target; }

  template <typename T>
  static Event Answer(const Command& command, Result<T> result, Side side = Side::kTarget) {
    if (!result.ok()) return Failed{command.id, result.status(), side, {}};
    return Done{command.id, CommandResult(std::in_place_type<T>, std::move(*result))};
  }

  Event Do(const Command& command, const ListCommand& list);
  Event Do(const Command& command, const ReadStateCommand& read);
  Event Do(const Command& command, const HeadCommand& head);
  Event Do(const Command& command, const HashCommand& hash);
  Event Do(const Command& command, const TransferWholeCommand& put);
  Event Do(const Command& command, const BeginUploadCommand& begin);
  Event PutRange(const Command& command, const std::string& bytes, const Secret& id,
                 std::uint32_t index, bool summed);
  Event Do(const Command& command, const TransferPartCommand& part);
  Event Do(const Command& command, const ServerCopyPartCommand& part);
  Event Do(const Command& command, const ListPartsCommand& list);
  Event Do(const Command& command, const ListUploadsCommand& list);
  Event Do(const Command& command, const FinishUploadCommand& finish);
  Event Do(const Command& command, const AbortUploadCommand& abort);
  Event Do(const Command& command, const ServerCopyCommand& copy);
  Event Do(const Command& command, const SetMetadataCommand& set);
  Event Do(const Command& command, const DeleteCommand& remove);
  Event Do(const Command& command, const PruneFoldersCommand& prune);
  Event Do(const Command& command, const SpoolCommand& rows);
  Event Do(const Command& command, const ReadSpoolCommand& read);
  Event Do(const Command& command, const ConfirmCommand&);
  template <typename Other>
  Event Do(const Command& command, const Other&) {
    return Failed{command.id, Status(ErrorKind::kInternal, "not a command"), Side::kTarget, {}};
  }

  int last_upload_ = 0;
};

}  // namespace godwit

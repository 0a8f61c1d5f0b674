#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "godwit/digest.h"
#include "godwit/status.h"
#include "lib/sync/command.h"

namespace godwit {

// How a command ended, typed by the result that it gives.
template <typename T>
struct Answer {
  std::optional<T> value;  // Set if, and only if, the command ended well.
  Status status;
  Side side = Side::kTarget;  // Where a command that touches both sides failed.
  DigestSet sent;             // Of the bytes that were to be written, where known.
  std::string running_md5;    // Likewise; see TransferPartCommand.
  // The command was never issued: the run had stopped before its turn came.
  bool dropped = false;

  bool ok() const { return value.has_value(); }

  static Answer Dropped() {
    Answer answer;
    answer.status = Status(ErrorKind::kCancelled, "the run was stopped");
    answer.dropped = true;
    return answer;
  }
};

template <typename T>
using AnswerHandler = std::function<void(Answer<T>)>;

}  // namespace godwit

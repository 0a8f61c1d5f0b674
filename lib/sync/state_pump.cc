#include "lib/sync/state_pump.h"

#include <utility>

namespace godwit {

void StatePump::Ask(std::string after) {
  ReadStateCommand command;
  command.after = std::move(after);
  core_.Control<StateRows>(std::move(command),
                           [this](Answer<StateRows> answer) { OnRows(std::move(answer)); });
}

std::optional<StateRows> StatePump::Take() {
  std::optional<StateRows> rows = std::exchange(ready_, std::nullopt);
  if (rows && !rows->last && !cancelled_) Ask(last_key_);
  return rows;
}

void StatePump::OnRows(Answer<StateRows> answer) {
  if (cancelled_) return;
  if (!answer.ok()) {
    core_.Notice("state-unreadable", "what the last run proved cannot be read (" +
                                         answer.status.ToString() + "); objects are compared anew");
    ready_ = StateRows{{}, true};
    return;
  }
  StateRows rows = *std::move(answer.value);
  for (const StateRow& row : rows.rows) {
    if (!last_key_.empty() && row.key <= last_key_) {
      core_.Notice("state-unreadable",
                   "what the last run proved is out of order; objects are compared anew");
      rows = StateRows{{}, true};
      break;
    }
    last_key_ = row.key;
  }
  // Rows without an end would be asked for again and again.
  if (rows.rows.empty()) rows.last = true;
  ready_ = std::move(rows);
}

}  // namespace godwit

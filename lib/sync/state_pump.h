#pragma once

#include <optional>
#include <string>

#include "lib/sync/run_core.h"

namespace godwit {

// The rows of the state, in key order, with one page of look-ahead. State is evidence, not truth:
// where it cannot be read the stream ends, with a notice, and nothing is concluded from it.
// One thread at a time.
class StatePump {
 public:
  explicit StatePump(RunCore& core) : core_(core) {}
  StatePump(const StatePump&) = delete;
  StatePump& operator=(const StatePump&) = delete;

  void Start() { Ask({}); }
  // The next rows, if they have come; asks for those behind them.
  std::optional<StateRows> Take();
  void Cancel() { cancelled_ = true; }

 private:
  void Ask(std::string after);
  void OnRows(Answer<StateRows> answer);

  RunCore& core_;
  std::optional<StateRows> ready_;
  std::string last_key_;
  bool cancelled_ = false;
};

}  // namespace godwit

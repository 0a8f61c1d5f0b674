#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "lib/sync/command.h"

namespace godwit {

// Gathers records into journal commands, in order: what is not urgent waits for the command before
// it, so that a group commit carries many. One thread at a time.
class JournalWriter {
 public:
  // Hears success once the record survives a crash, or why it could not be kept.
  using Then = std::function<void(Status)>;

  void Keep(JournalRecord record) { records_.push_back(std::move(record)); }
  void KeepDurably(JournalRecord record, Then then);

  // The next command, if it is due; the caller gives it an id and names it by Sent.
  std::optional<JournalCommand> Next();
  void Sent(std::uint64_t sequence, CommandId id) { sent_.emplace(sequence, id); }
  // Everything up to `sequence` is durable, or failed. Returns the commands that this ends; `due`
  // gets those who wait for it.
  std::vector<CommandId> Settle(std::uint64_t sequence, std::vector<Then>& due);

  bool idle() const { return records_.empty() && sent_.empty() && waiters_.empty(); }

 private:
  std::uint64_t sequence_ = 0;
  std::vector<JournalRecord> records_;
  bool urgent_ = false;
  std::map<std::uint64_t, CommandId> sent_;  // By sequence: not yet durable.
  std::vector<std::pair<std::uint64_t, Then>> waiters_;
};

}  // namespace godwit

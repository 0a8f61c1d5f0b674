#include "lib/sync/journal_writer.h"

#include <cstddef>

namespace godwit {
namespace {

// Records wait for the group commit before them, but not for ever more of them.
constexpr std::size_t kRecordsMax = 512;

}  // namespace

void JournalWriter::KeepDurably(JournalRecord record, Then then) {
  records_.push_back(std::move(record));
  urgent_ = true;
  waiters_.emplace_back(sequence_ + 1, std::move(then));
}

std::optional<JournalCommand> JournalWriter::Next() {
  if (records_.empty()) return std::nullopt;
  if (!urgent_ && !sent_.empty() && records_.size() < kRecordsMax) return std::nullopt;
  urgent_ = false;
  return JournalCommand{++sequence_, std::exchange(records_, {})};
}

std::vector<CommandId> JournalWriter::Settle(std::uint64_t sequence, std::vector<Then>& due) {
  std::vector<CommandId> ended;
  while (!sent_.empty() && sent_.begin()->first <= sequence) {
    ended.push_back(sent_.begin()->second);
    sent_.erase(sent_.begin());
  }
  std::erase_if(waiters_, [&due, sequence](auto& waiter) {
    if (waiter.first > sequence) return false;
    due.push_back(std::move(waiter.second));
    return true;
  });
  return ended;
}

}  // namespace godwit

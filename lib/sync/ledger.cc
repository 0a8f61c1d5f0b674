#include "lib/sync/ledger.h"

#include <cstddef>
#include <utility>

#include "lib/sync/exit_strength.h"

namespace godwit {

void Ledger::CountListed(Side side) {
  ++(side == Side::kSource ? summary_.listed_source : summary_.listed_target);
}

std::uint64_t Ledger::listed(Side side) const {
  return side == Side::kSource ? summary_.listed_source : summary_.listed_target;
}

void Ledger::CountUnchanged(Evidence evidence) {
  ++summary_.unchanged;
  ++summary_.evidence[static_cast<std::size_t>(evidence)];
}

void Ledger::Count(const ActionReport& report) {
  switch (report.status) {
    case ActionStatus::kFailed:
      ++summary_.failed;
      return;
    case ActionStatus::kSkipped:
      ++summary_.skipped;
      return;
    case ActionStatus::kDenied:
      ++summary_.denied;
      return;
    case ActionStatus::kPlanned:
    case ActionStatus::kDone:
      break;
  }
  if (report.action == ActionKind::kCopy) {
    ++summary_.copied;
    summary_.bytes_copied += report.bytes;
  } else if (report.action == ActionKind::kMetadata) {
    ++summary_.metadata;
  } else if (report.action == ActionKind::kDelete) {
    ++summary_.deleted;
  }
}

void Ledger::MoveDeletesToSkipped() { summary_.skipped += std::exchange(summary_.deleted, 0); }

SyncSummary Ledger::Summary() const {
  SyncSummary summary = summary_;
  for (const int code : exit_codes_) {
    summary.exit_code = StrongerExitCode(summary.exit_code, code);
  }
  return summary;
}

}  // namespace godwit

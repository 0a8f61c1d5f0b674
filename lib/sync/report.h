#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "godwit/status.h"
#include "godwit/store_messages.h"
#include "lib/plan/action.h"

namespace godwit {

// One planned or ended action; one line of output.
struct ActionReport {
  ActionKind action = ActionKind::kCopy;
  std::string key;
  std::uint64_t bytes = 0;
  Reason reason = Reason::kNone;
  ActionStatus status = ActionStatus::kPlanned;
  WriteProof proof = WriteProof::kNone;  // Copies: what proves the replica.
  int attempts = 1;
  std::vector<std::string> dropped = {};  // Attributes that the target cannot hold.
};

// A failure, reported once. An empty key: it concerns the run (a listing).
struct ErrorReport {
  std::string key;
  Status status;
};

// Something people should know that is not a failure.
struct NoticeReport {
  std::string topic;  // Each topic is shown once.
  std::string message;
};

using Report = std::variant<ActionReport, ErrorReport, NoticeReport>;

// What happened, exactly. The fields are those of the JSON summary.
struct SyncSummary {
  int exit_code = 0;
  bool dry_run = false;
  std::uint64_t listed_source = 0;  // Before filters.
  std::uint64_t listed_target = 0;
  std::uint64_t copied = 0;
  std::uint64_t metadata = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t deleted = 0;
  std::uint64_t skipped = 0;
  std::uint64_t failed = 0;
  std::uint64_t denied = 0;
  std::uint64_t bytes_copied = 0;
  std::uint64_t bytes_reused = 0;
  std::array<std::uint64_t, 5> evidence{};  // By Evidence; sums to `unchanged`.
  std::uint64_t retries = 0;
  bool resumed = false;
  bool stopped = false;    // By a signal or by --max-runtime.
  bool resumable = false;  // The next run goes on: stopped, or unfinished uploads were kept.
};

}  // namespace godwit

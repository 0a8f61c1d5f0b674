#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "lib/sync/record.h"
#include "lib/sync/report.h"

// Commands that do not touch a store (command.h has those that do).

namespace godwit {

using CommandId = std::uint64_t;

// ---- Answered by Done (the result named behind the arrow) or Failed ----

// Keeps delete candidates outside memory, in key order. -> Finished
struct SpoolCommand {
  std::vector<SpooledDelete> deletes;
};

// -> SpooledDeletes: up to `rows_max` from row `first`.
struct ReadSpoolCommand {
  std::uint64_t first = 0;
  std::uint32_t rows_max = 1000;
};

// Makes records durable, in order. -> Durable{sequence} once they are, within the group commit
// time; Failed if the journal cannot be written.
struct JournalCommand {
  std::uint64_t sequence = 0;
  std::vector<JournalRecord> records;
};

// rm: asks the user. -> Confirmed
struct ConfirmCommand {
  std::uint64_t object_count = 0;
  std::uint64_t bytes = 0;
};

// ---- Without an answer ----

// A Tick event at `time` or soon after; a later WakeAt replaces an earlier one.
struct WakeAtCommand {
  std::chrono::steady_clock::time_point time;
};

// Stops a command as soon as possible; its terminal event still comes.
struct CancelCommand {
  CommandId target = 0;
};

// For people and for JSON output.
struct ReportCommand {
  Report report;
};

// Nothing follows. Every other command has had its terminal event.
struct EndCommand {
  SyncSummary summary;
};

}  // namespace godwit

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/call_context.h"
#include "godwit/object_meta.h"
#include "godwit/status.h"
#include "lib/run/job_record.h"
#include "lib/sync/report.h"

// Every line of --json output, made in one place. Each function returns one JSON object without
// a line end. Fields may be added, never renamed.

namespace godwit {

// Requests by class.
using RequestCounts = std::array<std::uint64_t, kRequestClassCount>;
RequestCounts CountsOf(const RequestMeter& meter);

// Everything in a summary that is not the engine's.
struct SummaryFrame {
  std::string command;
  std::string run_id;
  std::string source;
  std::string target;
  std::chrono::milliseconds elapsed{0};
  RequestCounts requests{};
  std::uint64_t target_count = 0;  // Of the total over several targets; 0: one target's own.
};

std::string ActionJson(const ActionReport& action, std::string_view target);
std::string ErrorJson(const ErrorReport& error, std::string_view target);
std::string SummaryJson(const SyncSummary& summary, const SummaryFrame& frame);
// The summary with the first errors, for --report.
std::string ReportJson(const SyncSummary& summary, const SummaryFrame& frame,
                       const std::vector<ErrorReport>& errors);

std::string ObjectJson(std::string_view key, const ObjectEntry& entry);
std::string PrefixJson(std::string_view key);
std::string UsageJson(std::uint64_t objects, std::uint64_t bytes);
std::string StatJson(std::string_view key, const ObjectMeta& meta, std::string_view location);
// What a record does not tell of its job.
struct JobView {
  std::string state;
  // Of unfinished objects; none while the job runs.
  std::optional<std::uint64_t> uploads{};
  std::optional<std::uint64_t> bytes_left{};
};
std::string JobJson(const JobRecord& record, const JobView& view);
std::string CleanedJson(const JobRecord& record, std::string_view status,
                        std::uint64_t uploads_ended, std::uint64_t uploads_left);
// Blocks of Azure that were never committed, and cannot be removed.
std::string LeftBlocksJson(const std::string& job_id, std::string_view key, std::uint64_t blocks,
                           std::uint64_t bytes);

std::string VersionJson(std::string_view version);

}  // namespace godwit

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/json_output.h"
#include "cli/settings.h"
#include "lib/base/log.h"
#include "lib/run/job.h"

namespace godwit {

// Writes lines of results to stdout. A closed pipe ends the output and nothing else. Lines are
// buffered; Flush is called about ten times a second and at the end.
class ResultWriter {
 public:
  ~ResultWriter() { Flush(); }
  void Line(std::string_view line);
  void Raw(std::span<const std::byte> bytes);
  void Flush();
  // False once stdout cannot be written.
  bool open() const { return open_; }
  int error() const { return error_; }  // errno of the failed write; EPIPE for a closed pipe.

 private:
  std::string buffer_;
  bool open_ = true;
  int error_ = 0;
};

// Shows what a job reports: JSON lines, or text for people, and one progress line every ten
// seconds. One thread at a time.
class JobOutput final : public JobObserver {
 public:
  // `target` is shown in action lines; empty where there is only one.
  JobOutput(const Settings& settings, ResultWriter& results, Log& log, std::string target);

  void OnReport(const Report& report) override;
  void OnProgress(const Progress& progress) override;
  bool OnConfirm(std::uint64_t object_count, std::uint64_t bytes) override;

  // True if OnConfirm could not ask: stdin is no terminal and --yes was not given.
  bool confirmation_missing() const { return confirmation_missing_; }
  // The first hundred.
  const std::vector<ErrorReport>& errors() const { return errors_; }

 private:
  void ShowAction(const ActionReport& action);

  const Settings& settings_;
  ResultWriter& results_;
  Log& log_;
  const std::string target_;
  std::vector<ErrorReport> errors_;
  bool confirmation_missing_ = false;
  std::chrono::steady_clock::time_point last_line_ = std::chrono::steady_clock::now();
  std::uint64_t last_bytes_ = 0;
};

// "2 copied (2.0 MiB), 8 unchanged (5 by digest, 3 by state), 0 deleted, ..." for people.
std::string SummaryText(const SyncSummary& summary, const SummaryFrame& frame);

}  // namespace godwit

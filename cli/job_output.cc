#include "cli/job_output.h"

#include <unistd.h>

#include <cerrno>
#include <iostream>

#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr std::size_t kErrorsKept = 100;
constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::chrono::seconds kProgressPeriod{10};

void AddCount(std::string& text, std::uint64_t count, std::string_view what) {
  if (count == 0) return;
  text += ", " + std::to_string(count) + " " + std::string(what);
}

std::string EvidenceText(const SyncSummary& summary) {
  std::string text;
  for (std::size_t i = 0; i < summary.evidence.size(); ++i) {
    if (summary.evidence[i] == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(summary.evidence[i]) + " by " +
            std::string(EvidenceName(static_cast<Evidence>(i)));
  }
  return text.empty() ? "" : " (" + text + ")";
}

std::string Seconds(std::chrono::milliseconds elapsed) {
  const auto tenths = (elapsed.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

void ResultWriter::Line(std::string_view line) {
  if (!open_) return;
  buffer_ += line;
  buffer_ += '\n';
  if (buffer_.size() >= kBufferBytes) Flush();
}

void ResultWriter::Raw(std::span<const std::byte> bytes) {
  Flush();
  while (open_ && !bytes.empty()) {
    const ssize_t written = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      open_ = false;
      error_ = errno;
    }
  }
}

void ResultWriter::Flush() {
  const std::string pending = std::move(buffer_);
  buffer_.clear();
  if (!pending.empty()) Raw(std::as_bytes(std::span(pending)));
}

JobOutput::JobOutput(const Settings& settings, ResultWriter& results, Log& log, std::string target)
    : settings_(settings), results_(results), log_(log), target_(std::move(target)) {}

void JobOutput::OnReport(const Report& report) {
  if (const auto* action = std::get_if<ActionReport>(&report)) {
    ShowAction(*action);
  } else if (const auto* error = std::get_if<ErrorReport>(&report)) {
    if (errors_.size() < kErrorsKept) errors_.push_back(*error);
    if (settings_.json) results_.Line(log_.Redacted(ErrorJson(*error, target_)));
    log_.Error(error->status.ToString());
  } else if (const auto* notice = std::get_if<NoticeReport>(&report)) {
    log_.WarnOnce(notice->topic + target_, notice->message);
  }
}

void JobOutput::ShowAction(const ActionReport& action) {
  if (action.action == ActionKind::kUnchanged && settings_.verbosity == 0) return;
  if (settings_.json) {
    results_.Line(ActionJson(action, target_));
    return;
  }
  const bool planned = action.status == ActionStatus::kPlanned;
  // A plan is the result of a dry run; what is done is told to people only.
  if (!planned && (settings_.quiet || settings_.verbosity == 0)) return;
  std::string line(planned ? "would " : "");
  line += std::string(ActionName(action.action)) + " " + EscapeForDisplay(action.key);
  if (action.action == ActionKind::kCopy) line += " (" + FormatByteSize(action.bytes) + ")";
  if (action.reason != Reason::kNone) line += ": " + std::string(ReasonName(action.reason));
  if (!planned) line += ", " + std::string(ActionStatusName(action.status));
  for (const std::string& name : action.dropped) line += ", without " + EscapeForDisplay(name);
  results_.Line(line);
}

void JobOutput::OnProgress(const Progress& progress) {
  results_.Flush();
  const auto now = std::chrono::steady_clock::now();
  if (settings_.progress == ProgressMode::kNone || now - last_line_ < kProgressPeriod) return;
  const double elapsed = std::chrono::duration<double>(now - last_line_).count();
  const auto rate =
      static_cast<std::uint64_t>(static_cast<double>(progress.bytes_done - last_bytes_) / elapsed);
  last_line_ = now;
  last_bytes_ = progress.bytes_done;
  std::string line = "godwit: " + std::to_string(progress.objects_done) + " of " +
                     std::to_string(progress.objects_planned) + (progress.planning ? "+" : "") +
                     " objects, " + FormatByteSize(progress.bytes_done) + " of " +
                     FormatByteSize(progress.bytes_planned) + (progress.planning ? "+" : "") +
                     ", " + FormatByteSize(rate) + "/s, " +
                     std::to_string(progress.listed_source + progress.listed_target) + " listed";
  std::cerr << line << std::endl;
}

bool JobOutput::OnConfirm(std::uint64_t object_count, std::uint64_t bytes) {
  if (settings_.yes || settings_.sync.dry_run) return true;
  const std::string what =
      std::to_string(object_count) + " objects (" + FormatByteSize(bytes) + ")";
  if (isatty(STDIN_FILENO) == 0) {
    confirmation_missing_ = true;
    log_.Error("this would remove " + what + "; add --yes to do it");
    return false;
  }
  std::cerr << "godwit: remove " << what << "? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

std::string SummaryText(const SyncSummary& summary, const SummaryFrame& frame) {
  std::string text = summary.dry_run ? "dry run: " : "";
  text += std::to_string(summary.copied) + " copied (" + FormatByteSize(summary.bytes_copied) + ")";
  AddCount(text, summary.metadata, "metadata updated");
  text += ", " + std::to_string(summary.unchanged) + " unchanged" + EvidenceText(summary);
  text += ", " + std::to_string(summary.deleted) + " deleted";
  AddCount(text, summary.skipped, "skipped");
  AddCount(text, summary.denied, "denied");
  text += ", " + std::to_string(summary.failed) + " failed in " + Seconds(frame.elapsed);
  AddCount(text, summary.retries, "retries");
  if (summary.failed > 0) text += "; failures are listed above";
  if (summary.resumable) text += "; the same command goes on";
  return text;
}

}  // namespace godwit

#include "tests/unit/sync/scripted_runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace godwit {

ScriptedRunner::ScriptedRunner() {
  source.capabilities.service = "source";
  target.capabilities.service = "target";
  target.capabilities.part_bytes_min = 4;
  target.capabilities.digests_stored = {DigestKind::kCrc64Nvme};
  options.part_size_bytes = 8;
  options.retry = RetryPolicy::Immediate(3);
  options.report_unchanged = true;
}

SyncSummary ScriptedRunner::Run() {
  engine_.emplace(options, Endpoints());
  events_.push_back(Start{7, source_exists, unfinished});
  while (!summary && Turn()) {
  }
  EXPECT_TRUE(summary.has_value()) << "the run did not end";
  return summary.value_or(SyncSummary{});
}

std::optional<ActionReport> ScriptedRunner::ActionOf(const std::string& key) const {
  std::optional<ActionReport> found;
  for (const ActionReport& action : actions) {
    if (action.key != key) continue;
    EXPECT_FALSE(found.has_value()) << "two outcomes of " << key;
    found = action;
  }
  return found;
}

JobEndpoints ScriptedRunner::Endpoints() const {
  JobEndpoints endpoints;
  endpoints.source = source.capabilities;
  endpoints.target = target.capabilities;
  endpoints.server_copy_possible = server_copy_possible;
  endpoints.target_name = "mem://target";
  return endpoints;
}

bool ScriptedRunner::Turn() {
  if (events_.empty() && !held_.empty() && !stuck && !wake_) {
    events_.push_back(std::move(held_.front().second));
    held_.pop_front();
    if (released) released();
  }
  if (events_.empty()) {
    if (!wake_) return false;
    now_ = std::max(now_, *wake_);
    wake_.reset();
    events_.push_back(Tick{});
  }
  const Event event = std::move(events_.front());
  events_.pop_front();
  elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now_ - TimePoint{});
  Commands out = engine_->Step(event, now_);
  for (Command& command : out) Carry(command);
  in_flight_max = std::max(in_flight_max, events_.size() + held_.size());
  return true;
}

void ScriptedRunner::Carry(const Command& command) {
  commands.push_back(command);
  if (watch) watch(command);
  if (CarryControl(command)) return;
  EXPECT_FALSE(summary.has_value()) << "a command after End";
  std::optional<Status> fault = before ? before(command) : std::nullopt;
  Event event = fault ? Event(Failed{command.id, *fault, fails_on, {}}) : Execute(command);
  if (!fault && after) {
    if (const std::optional<Status> lost = after(command)) {
      const Done* done = std::get_if<Done>(&event);
      const auto* part = done ? std::get_if<PartTransferred>(&done->result) : nullptr;
      event = Failed{command.id, *lost, fails_on, sent_, part ? part->receipt.running_md5 : ""};
    }
  }
  if (auto* done = std::get_if<Done>(&event); done != nullptr && answer) answer(done->result);
  if (hold && hold(command)) {
    held_.emplace_back(command.id, std::move(event));
  } else {
    events_.push_back(std::move(event));
  }
}

bool ScriptedRunner::CarryControl(const Command& command) {
  if (const auto* wake = std::get_if<WakeAtCommand>(&command.body)) {
    wake_ = wake->time;
  } else if (const auto* report = std::get_if<ReportCommand>(&command.body)) {
    Collect(report->report);
  } else if (const auto* end = std::get_if<EndCommand>(&command.body)) {
    summary = end->summary;
  } else if (const auto* cancel = std::get_if<CancelCommand>(&command.body)) {
    Cancel(cancel->target);
  } else if (const auto* keep = std::get_if<JournalCommand>(&command.body)) {
    if (const auto fault = before ? before(command) : std::nullopt) {
      events_.push_back(Failed{command.id, *fault, Side::kTarget, {}});
      return true;
    }
    journal.insert(journal.end(), keep->records.begin(), keep->records.end());
    events_.push_back(Durable{command.id, keep->sequence});
  } else {
    return false;
  }
  return true;
}

void ScriptedRunner::Cancel(CommandId id) {
  for (auto at = held_.begin(); at != held_.end(); ++at) {
    if (at->first != id) continue;
    held_.erase(at);
    events_.push_back(Failed{id, Status(ErrorKind::kCancelled, "cancelled"), fails_on, {}});
    return;
  }
}

void ScriptedRunner::Collect(const Report& report) {
  if (const auto* action = std::get_if<ActionReport>(&report)) actions.push_back(*action);
  if (const auto* error = std::get_if<ErrorReport>(&report)) errors.push_back(*error);
  if (const auto* notice = std::get_if<NoticeReport>(&report)) notices.push_back(*notice);
}

}  // namespace godwit

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>

#include <malloc.h>

#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/run/command_executor.h"
#include "lib/run/event_queue.h"
#include "lib/run/job.h"
#include "lib/run/job_store_worker.h"
#include "lib/run/progress_tracker.h"
#include "lib/run/worker_pool.h"
#include "lib/sync/engine.h"

namespace godwit {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// Also how soon a signal is noticed.
constexpr std::chrono::milliseconds kProgressInterval{100};

// Every thread beyond the first few would get an arena of its own, each with its own waste. Large
// buffers go back to the system when they are freed, whatever was freed before them.
void TameMalloc() {
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  mallopt(M_ARENA_MAX, std::clamp(cores, 2, 4));
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

JobEndpoints EndpointsOf(const Endpoint& source, const Endpoint& target,
                         bool server_copy_possible) {
  JobEndpoints endpoints;
  if (source.store != nullptr) endpoints.source = source.store->Describe();
  endpoints.target = target.store->Describe();
  endpoints.source_prefix = source.prefix;
  endpoints.target_prefix = target.prefix;
  endpoints.server_copy_possible = server_copy_possible;
  endpoints.target_name = target.url;
  endpoints.target_own_folder = target.own_folder;
  return endpoints;
}

ExecutorSettings SettingsOf(const JobSettings& settings) {
  ExecutorSettings executor;
  executor.stall_timeout = settings.stall_timeout;
  executor.keep_root_marker = settings.options.mode == JobMode::kRemove;
  return executor;
}

// One run: feeds events to the engine and hands out its commands, until it ends. All members but
// the queue belong to the thread that calls Run.
class SyncJob {
 public:
  SyncJob(const Endpoint& source, const Endpoint& target, const JobSettings& settings,
          JobStore& job_store, RequestMeter& meter, JobObserver& observer)
      : settings_(settings),
        observer_(observer),
        job_store_(job_store),
        engine_(settings.options, EndpointsOf(source, target, settings.server_copy_possible)),
        buffers_(settings.options.memory_bytes),
        executor_(source, target, meter, buffers_, clock_, SettingsOf(settings)),
        store_worker_(job_store, events_),
        workers_(
            AffordableWorkers(settings.options.jobs_max),
            [this](Task& task) { return executor_.Execute(task.command, std::move(task.stop)); },
            events_) {}

  SyncSummary Run();

 private:
  std::vector<JournaledUpload> Unfinished();
  void Handle(Event event);
  void Step(Event event);
  void Dispatch(Command command);
  void Control(Command& command);
  void SubmitTasks();
  void PostStop();
  void PostTick();
  void ShowProgress();
  SteadyTime NextWake() const;

  const JobSettings& settings_;
  JobObserver& observer_;
  JobStore& job_store_;
  const SystemClock clock_;
  Engine engine_;
  ProgressTracker progress_;
  EventQueue events_;
  BufferPool buffers_;
  CommandExecutor executor_;

  SteadyTime now_{};
  SteadyTime progress_at_{};
  std::optional<SteadyTime> wake_at_;
  std::unordered_map<CommandId, std::stop_source> in_flight_;  // On the workers.
  std::unordered_set<CommandId> journals_in_flight_;
  std::vector<Task> batch_;
  std::vector<Event> answered_here_;  // Confirmations: the next round's events.
  bool stopped_ = false;
  std::optional<SyncSummary> ended_;

  // Last, so that their threads end before what they use.
  JobStoreWorker store_worker_;
  WorkerPool workers_;
};

SyncSummary SyncJob::Run() {
  now_ = clock_.Now();
  progress_at_ = now_ + kProgressInterval;
  Step(Start{settings_.seed != 0 ? settings_.seed : RandomSeed(), true, Unfinished(),
             settings_.unsettled_since, clock_.WallNow()});
  PostStop();
  std::vector<Event> events;
  for (;;) {
    SubmitTasks();
    if (ended_) break;
    // With nothing under way there is nothing whose records could join the group.
    if (in_flight_.empty() && !journals_in_flight_.empty()) store_worker_.Flush();
    events_.Take(answered_here_.empty() ? NextWake() : now_, events);
    now_ = clock_.Now();
    for (Event& event : events) Handle(std::move(event));
    events.clear();
    for (Event& event : std::exchange(answered_here_, {})) Handle(std::move(event));
    PostStop();
    PostTick();
    ShowProgress();
  }
  observer_.OnProgress(progress_.progress());
  return *ended_;
}

// Without them uploads only begin anew; they stay in the journal.
std::vector<JournaledUpload> SyncJob::Unfinished() {
  if (!settings_.options.journals_uploads()) return {};
  Result<std::vector<JournaledUpload>> uploads = job_store_.ReadUploads();
  return uploads.ok() ? std::move(*uploads) : std::vector<JournaledUpload>();
}

void SyncJob::Handle(Event event) {
  if (const auto* done = std::get_if<Done>(&event)) {
    in_flight_.erase(done->id);
  } else if (const auto* failed = std::get_if<Failed>(&event)) {
    in_flight_.erase(failed->id);
    journals_in_flight_.erase(failed->id);
  } else if (const auto* durable = std::get_if<Durable>(&event)) {
    journals_in_flight_.erase(durable->id);
  }
  progress_.OnEvent(event);
  Step(std::move(event));
}

void SyncJob::Step(Event event) {
  for (Command& command : engine_.Step(std::move(event), now_)) Dispatch(std::move(command));
}

void SyncJob::Dispatch(Command command) {
  const auto& body = command.body;
  if (command.id == 0) {
    Control(command);
  } else if (const auto* confirm = std::get_if<ConfirmCommand>(&body)) {
    const bool yes = observer_.OnConfirm(confirm->object_count, confirm->bytes);
    answered_here_.push_back(Done{command.id, Confirmed{yes}});
  } else if (std::holds_alternative<ReadStateCommand>(body) ||
             std::holds_alternative<SpoolCommand>(body) ||
             std::holds_alternative<ReadSpoolCommand>(body) ||
             std::holds_alternative<JournalCommand>(body)) {
    if (std::holds_alternative<JournalCommand>(body)) journals_in_flight_.insert(command.id);
    store_worker_.Submit(std::move(command));
  } else {
    progress_.OnCommand(command);
    std::stop_source stop;
    std::stop_token token = stop.get_token();
    in_flight_.emplace(command.id, std::move(stop));
    batch_.push_back(Task{std::move(command), std::move(token)});
  }
}

void SyncJob::Control(Command& command) {
  if (const auto* wake = std::get_if<WakeAtCommand>(&command.body)) {
    wake_at_ = wake->time;
  } else if (const auto* cancel = std::get_if<CancelCommand>(&command.body)) {
    const auto found = in_flight_.find(cancel->target);
    if (found != in_flight_.end()) found->second.request_stop();
  } else if (const auto* report = std::get_if<ReportCommand>(&command.body)) {
    progress_.OnReport(report->report);
    observer_.OnReport(report->report);
  } else if (const auto* end = std::get_if<EndCommand>(&command.body)) {
    ended_ = end->summary;
  }
}

// All commands of a round at once: one lock, and no worker woken twice.
void SyncJob::SubmitTasks() { workers_.Submit(batch_); }

void SyncJob::PostStop() {
  if (stopped_ || ended_) return;
  const int exit_code = settings_.stop_signal != nullptr ? *settings_.stop_signal : 0;
  if (exit_code == 0) return;
  stopped_ = true;
  Step(Stop{exit_code});
}

void SyncJob::PostTick() {
  if (ended_ || !wake_at_ || now_ < *wake_at_) return;
  wake_at_.reset();
  Step(Tick{});
}

void SyncJob::ShowProgress() {
  if (now_ < progress_at_) return;
  progress_at_ = now_ + kProgressInterval;
  observer_.OnProgress(progress_.progress());
}

SteadyTime SyncJob::NextWake() const {
  return wake_at_ ? std::min(progress_at_, *wake_at_) : progress_at_;
}

}  // namespace

JobOutcome RunJob(const Endpoint& source, const Endpoint& target, const JobSettings& settings,
                  JobStore& job_store, RequestMeter& meter, JobObserver& observer, Log& log) {
  TameMalloc();
  const auto started = std::chrono::steady_clock::now();
  JobOutcome outcome;
  {
    SyncJob job(source, target, settings, job_store, meter, observer);
    outcome.summary = job.Run();
  }
  outcome.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started);
  log.Debug("job ended with exit code " + std::to_string(outcome.summary.exit_code));
  return outcome;
}

}  // namespace godwit

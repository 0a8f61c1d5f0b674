#include "lib/sync/run_core.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lib/base/text.h"

namespace godwit {
namespace {

// Parts in flight may finish for so long after a stop; then they are cancelled, and so much later
// what cleans up after them.
constexpr std::chrono::milliseconds kStopGrace{5'000};
constexpr std::chrono::milliseconds kCleanupGrace{9'000};
constexpr std::uint64_t kNoEvidenceWarned = 100;

std::shared_ptr<const AttributeRules> RulesFor(AttributeRules rules, const Capabilities& target) {
  rules.limits = AttributeLimits::Of(target);
  return std::make_shared<const AttributeRules>(std::move(rules));
}

}  // namespace

RunCore::RunCore(SyncOptions options, JobEndpoints endpoints)
    : options_(std::move(options)),
      endpoints_(std::move(endpoints)),
      ledger_(options_.dry_run),
      lanes_(options_.memory_bytes),
      limit_(options_.jobs, options_.jobs_max),
      rules_(RulesFor(options_.attributes, endpoints_.target)),
      server_copies_(endpoints_.server_copy_possible && endpoints_.target.server_copy) {}

void RunCore::Begin(const Start& start) {
  random_ = Random(start.seed);
  unsettled_since_ = start.unsettled_since;
  unfinished_uploads_.Load(start.uploads);
  wall_zero_ = start.wall_now - now_.time_since_epoch();
}

CommandId RunCore::Register(const CallOptions& options, RawHandler handler) {
  const CommandId id = ++last_id_;
  pending_.emplace(id, Pending{std::move(handler), options, false, false, now_});
  return id;
}

CommandId RunCore::Enqueue(const CallOptions& options, decltype(Command::body) body,
                           RawHandler handler) {
  const CommandId id = Register(options, std::move(handler));
  pending_.at(id).queued = true;
  lanes_.Push(options.lane, Lanes::Entry{id, kRequestBytes + options.body_bytes, options.starts,
                                         options.cleanup, std::move(body)});
  return id;
}

void RunCore::Cancel(CommandId id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  if (!found->second.queued) {
    Issue(Command{0, CancelCommand{id}});
    return;
  }
  // Its handler hears of it with the next Flush, as if its turn had never come.
  for (Lanes::Entry& entry : lanes_.Drop([id](const Lanes::Entry& e) { return e.id == id; })) {
    entry.starts = true;
    const CommandId dropped = entry.id;
    After(std::chrono::milliseconds(0), [this, dropped] {
      const auto waiting = pending_.find(dropped);
      if (waiting == pending_.end()) return;
      const RawHandler handler = std::move(waiting->second.handler);
      pending_.erase(waiting);
      handler(nullptr, nullptr, true);
    });
  }
}

void RunCore::Settle(CommandId id, CommandResult* result, Failed* failed) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  const Pending pending = std::move(found->second);
  pending_.erase(found);
  if (pending.laned) {
    const CallOptions& options = pending.options;
    lanes_.Release(options.lane, kRequestBytes + options.body_bytes);
    if (failed != nullptr && failed->status.Is(ErrorKind::kThrottled)) {
      // From the second refusal on the pace alone answers: places that are lost again and again
      // would be missed where answers take long.
      if (!pace_.rate()) limit_.OnThrottled(now_);
      pace_.OnThrottled(now_, pending.issued_at);
    } else if (failed == nullptr && options.lane != Lane::kListing) {
      pace_.OnAccepted(now_);
      const bool saturated = lanes_.waiting() && lanes_.in_flight() + 1 >= limit_.limit();
      limit_.OnDone(now_, now_ - pending.issued_at, options.moved_bytes, saturated);
    }
  }
  pending.handler(result, failed, false);
}

void RunCore::Deliver(Event& event) {
  if (woken_at_ && now_ >= *woken_at_) woken_at_.reset();
  if (auto* done = std::get_if<Done>(&event)) {
    Settle(done->id, &done->result, nullptr);
  } else if (auto* failed = std::get_if<Failed>(&event)) {
    Settle(failed->id, nullptr, failed);
  } else if (const auto* durable = std::get_if<Durable>(&event)) {
    OnDurable(durable->sequence, Status::Ok());
  }
  schedule_.RunDue(now_);
}

std::optional<std::chrono::milliseconds> RunCore::RetryDelay(const Status& status, int attempts) {
  if (stopping_) return std::nullopt;
  const auto delay = options_.retry.Next(status, attempts, random_);
  if (delay) ledger_.CountRetry();
  return delay;
}

void RunCore::After(std::chrono::milliseconds delay, std::function<void()> action) {
  schedule_.At(now_ + delay, std::move(action));
}

void RunCore::Keep(JournalRecord record) {
  if (!options_.dry_run) journal_.Keep(std::move(record));
}

void RunCore::FlushJournal() {
  std::optional<JournalCommand> command = journal_.Next();
  if (!command) return;
  const std::uint64_t sequence = command->sequence;
  const CommandId id = Register({}, [this, sequence](CommandResult*, Failed* failed, bool) {
    if (failed != nullptr) OnDurable(sequence, failed->status);
  });
  journal_.Sent(sequence, id);
  Issue(Command{id, *std::move(command)});
}

void RunCore::OnDurable(std::uint64_t sequence, const Status& status) {
  std::vector<JournalWriter::Then> due;
  for (const CommandId id : journal_.Settle(sequence, due)) pending_.erase(id);
  if (!status.ok() && !halted_) {
    ReportError("", status);
    Halt(8);
  }
  for (const JournalWriter::Then& then : due) then(status);
}

void RunCore::Notice(std::string topic, std::string message) {
  Issue(Command{0, ReportCommand{NoticeReport{std::move(topic), std::move(message)}}});
}

void RunCore::ReportError(const std::string& key, const Status& status) {
  Issue(Command{0, ReportCommand{ErrorReport{key, status}}});
}

void RunCore::End(const ActionReport& report) {
  ledger_.Count(report);
  const bool failed =
      report.status == ActionStatus::kFailed && report.reason != Reason::kGoneFromSource;
  if (failed && options_.resume && unfinished_uploads_.KeepBack(report.key)) {
    ledger_.NoteResumable();
  }
  if (!report.dropped.empty()) {
    Notice("metadata-dropped",
           fmt::format("the target cannot hold all metadata: '{}' goes without {}; -v and --json "
                       "name what each object loses",
                       EscapeForDisplay(report.key), fmt::join(report.dropped, ", ")));
  }
  Issue(Command{0, ReportCommand{report}});
}

void RunCore::EndUnchanged(const std::string& key, std::uint64_t bytes, Evidence evidence) {
  ledger_.CountUnchanged(evidence);
  if (!options_.report_unchanged) return;
  ActionReport report;
  report.action = ActionKind::kUnchanged;
  report.key = key;
  report.bytes = bytes;
  report.status = options_.dry_run ? ActionStatus::kPlanned : ActionStatus::kDone;
  report.attempts = 0;
  Issue(Command{0, ReportCommand{report}});
}

void RunCore::CountNoEvidence(std::uint64_t bytes) {
  ++no_evidence_objects_;
  no_evidence_bytes_ += bytes;
  if (no_evidence_objects_ != kNoEvidenceWarned) return;
  Notice("no-evidence",
         fmt::format("{} objects so far ({}) are copied although their sizes agree, for nothing "
                     "proves that they are equal; --compare size-mtime trusts sizes and times, "
                     "godwit verify --level read proves",
                     no_evidence_objects_, FormatByteSize(no_evidence_bytes_)));
}

void RunCore::Halt(int exit_code) {
  ledger_.NoteExit(exit_code);
  halted_ = true;
}

void RunCore::Stop(int exit_code) {
  if (stopping_) return;
  Halt(exit_code);
  if (!options_.dry_run) ledger_.NoteStopped(options_.journals_uploads() && options_.resume);
  stopping_ = true;
  schedule_.RunAll();
  After(kStopGrace, [this] { CancelInFlight(false); });
  After(kCleanupGrace, [this] { CancelInFlight(true); });
}

void RunCore::CancelInFlight(bool cleanup_too) {
  for (const auto& [id, pending] : pending_) {
    if (!pending.laned || (pending.options.cleanup && !cleanup_too)) continue;
    Issue(Command{0, CancelCommand{id}});
  }
}

bool RunCore::Unwanted(bool starts, bool cleanup) const {
  return !cleanup && (stopping_ || (halted_ && starts));
}

void RunCore::IssueWaiting() {
  const auto places = [this] { return pace_.MayBegin(now_) ? limit_.limit() : 0U; };
  while (std::optional<Lanes::Entry> entry = lanes_.Pop(places())) {
    Pending& pending = pending_.at(entry->id);
    pending.queued = false;
    pending.laned = true;
    pending.issued_at = now_;
    if (pending.options.lane != Lane::kListing) pace_.OnBegun();
    Issue(Command{entry->id, std::move(entry->body)});
  }
  if (pace_waits_ || !lanes_.waiting() || pace_.MayBegin(now_)) return;
  pace_waits_ = true;
  schedule_.At(pace_.next(), [this] { pace_waits_ = false; });
}

bool RunCore::Flush() {
  bool ran = schedule_.next() && *schedule_.next() <= now_;
  schedule_.RunDue(now_);
  if (halted_) {
    const auto unwanted = [this](const Lanes::Entry& e) { return Unwanted(e.starts, e.cleanup); };
    for (const Lanes::Entry& entry : lanes_.Drop(unwanted)) {
      const auto found = pending_.find(entry.id);
      const RawHandler handler = std::move(found->second.handler);
      pending_.erase(found);
      handler(nullptr, nullptr, true);
      ran = true;
    }
  }
  ran = upload_places_.Grant(limit_.limit(), halted_) || ran;
  IssueWaiting();
  FlushJournal();
  return ran;
}

bool RunCore::idle() const { return pending_.empty() && journal_.idle() && asks_waiting_ == 0; }

Commands RunCore::Take() {
  const bool ended = !out_.empty() && std::holds_alternative<EndCommand>(out_.back().body);
  const std::optional<TimePoint> next = schedule_.next();
  if (!ended && next && next != woken_at_) Issue(Command{0, WakeAtCommand{*next}});
  woken_at_ = next;
  return std::exchange(out_, {});
}

}  // namespace godwit

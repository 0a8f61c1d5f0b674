#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "lib/sync/engine.h"
#include "tests/unit/sync/fake_side.h"

namespace godwit {

// Drives an Engine by hand: carries out its commands against two FakeSides, one event after the
// other, on virtual time. Faults are scripted: `before` may fail a command without effect,
// `after` may lose the answer of one that took effect.
class ScriptedRunner {
 public:
  using Fault = std::function<std::optional<Status>(const Command&)>;

  FakeSide source;
  FakeSide target;
  SyncOptions options;
  bool server_copy_possible = false;
  bool source_exists = true;
  bool confirms = true;
  std::map<std::string, StateRow> state;
  Fault before;
  Fault after;
  Side fails_on = Side::kTarget;  // Of faults of commands that touch both sides.
  // Sees every command before it is carried out; may change the sides.
  std::function<void(const Command&)> watch;
  // Keeps the answer back until Release, or until nothing else can happen.
  std::function<bool(const Command&)> hold;

  std::vector<Command> commands;
  std::vector<ActionReport> actions;
  std::vector<ErrorReport> errors;
  std::vector<NoticeReport> notices;
  std::vector<JournalRecord> journal;
  std::vector<SpooledDelete> spool;
  std::vector<std::string> pruned;
  std::optional<SyncSummary> summary;
  std::chrono::milliseconds elapsed{0};
  std::size_t in_flight_max = 0;

  ScriptedRunner() {
    source.capabilities.service = "source";
    target.capabilities.service = "target";
    target.capabilities.part_bytes_min = 4;
    target.capabilities.digests_stored = {DigestKind::kCrc64Nvme};
    options.part_size_bytes = 8;
    options.retry = RetryPolicy::Immediate(3);
    options.report_unchanged = true;
  }

  SyncSummary Run() {
    engine_.emplace(options, Endpoints());
    events_.push_back(Start{7, source_exists});
    while (!summary && Turn()) {
    }
    EXPECT_TRUE(summary.has_value()) << "the run did not end";
    return summary.value_or(SyncSummary{});
  }

  void Post(Event event) { events_.push_back(std::move(event)); }

  template <typename T>
  std::vector<T> Sent() const {
    std::vector<T> found;
    for (const Command& command : commands) {
      if (const T* body = std::get_if<T>(&command.body)) found.push_back(*body);
    }
    return found;
  }
  template <typename T>
  std::vector<T> Kept() const {
    std::vector<T> found;
    for (const JournalRecord& record : journal) {
      if (const T* kept = std::get_if<T>(&record)) found.push_back(*kept);
    }
    return found;
  }
  std::optional<ActionReport> ActionOf(const std::string& key) const {
    std::optional<ActionReport> found;
    for (const ActionReport& action : actions) {
      if (action.key != key) continue;
      EXPECT_FALSE(found.has_value()) << "two outcomes of " << key;
      found = action;
    }
    return found;
  }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  JobEndpoints Endpoints() const {
    JobEndpoints endpoints;
    endpoints.source = source.capabilities;
    endpoints.target = target.capabilities;
    endpoints.server_copy_possible = server_copy_possible;
    endpoints.target_name = "mem://target";
    return endpoints;
  }

  // One event; false if nothing can happen any more.
  bool Turn() {
    if (events_.empty() && !held_.empty() && (!wake_ || cancelled_)) {
      events_.push_back(std::move(held_.front().second));
      held_.pop_front();
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

  void Carry(const Command& command) {
    commands.push_back(command);
    if (watch) watch(command);
    if (CarryControl(command)) return;
    EXPECT_FALSE(summary.has_value()) << "a command after End";
    std::optional<Status> fault = before ? before(command) : std::nullopt;
    Event event = fault ? Event(Failed{command.id, *fault, fails_on, {}}) : Execute(command);
    if (!fault && after) {
      if (const std::optional<Status> lost = after(command)) {
        event = Failed{command.id, *lost, fails_on, sent_};
      }
    }
    if (hold && hold(command)) {
      held_.emplace_back(command.id, std::move(event));
    } else {
      events_.push_back(std::move(event));
    }
  }

  bool CarryControl(const Command& command) {
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

  void Cancel(CommandId id) {
    cancelled_ = true;
    for (auto at = held_.begin(); at != held_.end(); ++at) {
      if (at->first != id) continue;
      held_.erase(at);
      events_.push_back(Failed{id, Status(ErrorKind::kCancelled, "cancelled"), fails_on, {}});
      return;
    }
  }

  void Collect(const Report& report) {
    if (const auto* action = std::get_if<ActionReport>(&report)) actions.push_back(*action);
    if (const auto* error = std::get_if<ErrorReport>(&report)) errors.push_back(*error);
    if (const auto* notice = std::get_if<NoticeReport>(&report)) notices.push_back(*notice);
  }

  FakeSide& At(Side side) { return side == Side::kSource ? source : target; }

  template <typename T>
  static Event Answer(const Command& command, Result<T> result, Side side = Side::kTarget) {
    if (!result.ok()) return Failed{command.id, result.status(), side, {}};
    return Done{command.id, CommandResult(std::in_place_type<T>, std::move(*result))};
  }

  Event Execute(const Command& command) {
    sent_ = {};
    return std::visit([&](const auto& body) { return Do(command, body); }, command.body);
  }

  Event Do(const Command& command, const ListCommand& list) {
    return Answer<ListPage>(command, At(list.side).List(list.start_after, list.page_token));
  }
  Event Do(const Command& command, const ReadStateCommand& read) {
    StateRows rows;
    for (auto at = state.upper_bound(read.after); at != state.end(); ++at) {
      if (rows.rows.size() == read.rows_max) return Answer<StateRows>(command, rows);
      rows.rows.push_back(at->second);
    }
    rows.last = true;
    return Answer<StateRows>(command, rows);
  }
  Event Do(const Command& command, const HeadCommand& head) {
    return Answer<ObjectMeta>(command, At(head.side).Head(head.key), head.side);
  }
  Event Do(const Command& command, const HashCommand& hash) {
    const Result<std::string> bytes = At(hash.side).Read(hash.key, hash.version);
    if (!bytes.ok()) return Failed{command.id, bytes.status(), hash.side, {}};
    return Answer<Hashed>(command, Hashed{SumOf(*bytes).digests()});
  }
  Event Do(const Command& command, const TransferWholeCommand& put) {
    const Result<std::string> bytes = source.Read(put.source_key, put.source_version);
    if (!bytes.ok()) return Failed{command.id, bytes.status(), Side::kSource, {}};
    sent_ = SumOf(*bytes).digests();
    if (Status lost = target.Check(put.target_key, put.condition); !lost.ok()) {
      return Failed{command.id, lost, Side::kTarget, sent_};
    }
    Transferred moved;
    moved.source = *source.Head(put.source_key);
    moved.digests = sent_;
    const ObjectAttributes attributes = TargetAttributes(*put.rules, moved.source, put.target_key);
    moved.receipt = target.Put(put.target_key, *bytes, attributes);
    return Answer<Transferred>(command, moved);
  }
  Event Do(const Command& command, const BeginUploadCommand& begin) {
    const std::string id = "u" + std::to_string(++last_upload_);
    FakeUpload upload{begin.target_key, begin.options, {}, {}};
    upload.started.time += std::chrono::duration_cast<std::chrono::nanoseconds>(
        now_ - TimePoint{} + std::chrono::hours(1));
    target.uploads[id] = upload;
    return Answer<UploadBegan>(command, UploadBegan{Secret(id)});
  }
  Event PutRange(const Command& command, const std::string& bytes, const Secret& id,
                 std::uint32_t index, bool summed) {
    const ContentSum sum = SumOf(bytes);
    sent_ = sum.digests();
    if (!target.uploads.contains(id.Reveal())) {
      return Failed{command.id, Status(ErrorKind::kNotFound, "no such upload"), Side::kTarget, {}};
    }
    target.uploads[id.Reveal()].parts[index] = bytes;
    PartTransferred part;
    part.receipt = {index, bytes.size(), "e" + std::to_string(index), sent_};
    part.has_sum = summed;
    part.crc64nvme = sum.crc64nvme;
    part.crc32c = sum.crc32c;
    return Answer<PartTransferred>(command, part);
  }
  Event Do(const Command& command, const TransferPartCommand& part) {
    const Result<std::string> bytes = source.Read(part.source_key, part.source_version);
    if (!bytes.ok()) return Failed{command.id, bytes.status(), Side::kSource, {}};
    return PutRange(command, bytes->substr(part.offset, part.length), part.upload_id, part.index,
                    true);
  }
  Event Do(const Command& command, const ServerCopyPartCommand& part) {
    const Result<std::string> bytes = source.Read(part.source_key, part.source_version);
    if (!bytes.ok()) return Failed{command.id, bytes.status(), Side::kSource, {}};
    return PutRange(command, bytes->substr(part.offset, part.length), part.upload_id, part.index,
                    false);
  }
  Event Do(const Command& command, const ListPartsCommand& list) {
    if (!target.uploads.contains(list.upload_id.Reveal())) {
      return Failed{command.id, Status(ErrorKind::kNotFound, "no such upload"), Side::kTarget, {}};
    }
    UploadedParts kept;
    for (const auto& [index, bytes] : target.uploads[list.upload_id.Reveal()].parts) {
      kept.parts.push_back(
          {index, bytes.size(), "e" + std::to_string(index), SumOf(bytes).digests()});
    }
    return Answer<UploadedParts>(command, kept);
  }
  Event Do(const Command& command, const ListUploadsCommand& list) {
    UploadList found;
    for (const auto& [id, upload] : target.uploads) {
      if (upload.key == list.target_key) {
        found.uploads.push_back({upload.key, Secret(id), upload.started});
      }
    }
    return Answer<UploadList>(command, found);
  }
  Event Do(const Command& command, const FinishUploadCommand& finish) {
    sent_ = finish.options.digests;
    const auto upload = target.uploads.find(finish.upload_id.Reveal());
    if (upload == target.uploads.end()) {
      return Failed{command.id, Status(ErrorKind::kNotFound, "no such upload"), Side::kTarget, {}};
    }
    if (Status lost = target.Check(finish.target_key, finish.options.condition); !lost.ok()) {
      return Failed{command.id, lost, Side::kTarget, sent_};
    }
    std::string bytes;
    for (const PartReceipt& part : finish.parts) bytes += upload->second.parts[part.index];
    const std::optional<DigestKind> common =
        DigestSet::Common(finish.options.digests, SumOf(bytes).digests());
    if (common && *finish.options.digests.Find(*common) != *SumOf(bytes).digests().Find(*common)) {
      return Failed{command.id, Status(ErrorKind::kCorrupted, "bad digest"), Side::kTarget, {}};
    }
    target.uploads.erase(upload);
    return Answer<PutReceipt>(command,
                              target.Put(finish.target_key, bytes, finish.options.attributes));
  }
  Event Do(const Command& command, const AbortUploadCommand& abort) {
    target.uploads.erase(abort.upload_id.Reveal());
    return Answer<Finished>(command, Finished{});
  }
  Event Do(const Command& command, const ServerCopyCommand& copy) {
    const Result<std::string> bytes = source.Read(copy.source_key, copy.source_version);
    if (!bytes.ok()) return Failed{command.id, bytes.status(), Side::kSource, {}};
    if (Status lost = target.Check(copy.target_key, copy.options.condition); !lost.ok()) {
      return Failed{command.id, lost, Side::kTarget, {}};
    }
    PutReceipt receipt = target.Put(copy.target_key, *bytes, copy.options.attributes);
    receipt.proof = WriteProof::kServiceCopy;
    return Answer<PutReceipt>(command, receipt);
  }
  Event Do(const Command& command, const SetMetadataCommand& set) {
    if (Status lost = target.Check(set.target_key, WriteCondition::IfVersion(set.version));
        !lost.ok()) {
      return Failed{command.id, lost, Side::kTarget, {}};
    }
    FakeObject& object = target.objects[set.target_key];
    object.attributes = set.attributes;
    object.version = target.NextVersion();
    return Answer<PutReceipt>(command, PutReceipt{object.version, object.modified, {}, {}});
  }
  Event Do(const Command& command, const DeleteCommand& remove) {
    DeleteStatuses statuses;
    for (const DeleteRequest& request : remove.requests) {
      statuses.statuses.push_back(target.Delete(request));
    }
    return Answer<DeleteStatuses>(command, statuses);
  }
  Event Do(const Command& command, const PruneFoldersCommand& prune) {
    pruned.insert(pruned.end(), prune.folders.begin(), prune.folders.end());
    return Answer<Finished>(command, Finished{});
  }
  Event Do(const Command& command, const SpoolCommand& rows) {
    spool.insert(spool.end(), rows.deletes.begin(), rows.deletes.end());
    return Answer<Finished>(command, Finished{});
  }
  Event Do(const Command& command, const ReadSpoolCommand& read) {
    SpooledDeletes rows;
    for (std::size_t row = read.first; row < spool.size() && rows.deletes.size() < read.rows_max;
         ++row) {
      rows.deletes.push_back(spool[row]);
    }
    return Answer<SpooledDeletes>(command, rows);
  }
  Event Do(const Command& command, const ConfirmCommand&) {
    return Answer<Confirmed>(command, Confirmed{confirms});
  }
  template <typename Other>
  Event Do(const Command& command, const Other&) {
    return Failed{command.id, Status(ErrorKind::kInternal, "not a command"), Side::kTarget, {}};
  }

  std::optional<Engine> engine_;
  std::deque<Event> events_;
  std::deque<std::pair<CommandId, Event>> held_;
  std::optional<TimePoint> wake_;
  TimePoint now_{};
  DigestSet sent_;  // Of the last write.
  bool cancelled_ = false;
  int last_upload_ = 0;
};

// Names of commands' keys and kinds for faults and expectations.
template <typename T>
bool Is(const Command& command) {
  return std::holds_alternative<T>(command.body);
}

}  // namespace godwit

// How the simulated runner carries out commands.

#include <algorithm>
#include <utility>

#include "lib/checksum/content_hasher.h"
#include "lib/crypto/running_md5.h"
#include "lib/run/command_events.h"
#include "tests/sim/sim_runner.h"

namespace godwit {
namespace {

// Makes of a page what a faulty service would send.
void SpoilPage(PageFault fault, const std::string& token, ListPage& page) {
  switch (fault) {
    case PageFault::kNone:
      return;
    case PageFault::kEndsEarly:
      page.entries.resize(page.entries.size() / 2);
      page.next_page_token.clear();
      return;
    case PageFault::kUnordered:
      if (page.entries.size() > 1) std::swap(page.entries.front(), page.entries.back());
      return;
    case PageFault::kRepeatsToken:
      if (!page.next_page_token.empty() && !token.empty()) page.next_page_token = token;
      return;
    case PageFault::kForeignToken:
      if (!page.next_page_token.empty()) page.next_page_token = "nobody's token";
      return;
  }
}

}  // namespace

Event SimRunner::Carry(const Command& command, StoreFault damage) {
  if (!IsStoreCommand(command)) return CarryControl(command);
  if (const auto* remove = std::get_if<DeleteCommand>(&command.body)) {
    return CarryDelete(*remove, command.id, damage);
  }
  // These stores have no folders.
  if (std::holds_alternative<PruneFoldersCommand>(command.body)) {
    return DoneEvent(command.id, Finished{});
  }
  // A streamed body would need a second thread; the engine cannot see the difference.
  Command buffered = command;
  if (auto* whole = std::get_if<TransferWholeCommand>(&buffered.body)) whole->stream = false;
  if (auto* part = std::get_if<TransferPartCommand>(&buffered.body)) part->stream = false;
  (damage == StoreFault::kDamageRead ? world_.source_store() : world_.target_store()).Arm(damage);
  Event event = executor_.Execute(buffered, {});
  world_.source_store().Disarm();
  world_.target_store().Disarm();
  return event;
}

void SimRunner::SpoilPages() {
  for (SimStore* store : {&world_.source_store(), &world_.target_store()}) {
    store->set_page_spoiler([this, store](const ListRequest& request, ListPage& page) {
      // A key that two listings leave out, nobody can know of.
      const bool proves = store == &world_.source_store() && checker_.source_listed() &&
                          request.prefix == source_.endpoint.prefix;
      SpoilPage(dice_.ForPage(!proves), request.page_token, page);
    });
  }
}

Event SimRunner::CarryDelete(const DeleteCommand& command, CommandId id, StoreFault) {
  DeleteCommand carried;
  std::vector<bool> fails;
  for (const DeleteRequest& request : command.requests) {
    fails.push_back(dice_.BatchKeyFails());
    if (!fails.back()) carried.requests.push_back(request);
  }
  DeleteStatuses carried_statuses;
  if (!carried.requests.empty()) {
    Event event = executor_.Execute(Command{id, carried}, {});
    if (std::holds_alternative<Failed>(event)) return event;
    carried_statuses = std::get<DeleteStatuses>(std::get<Done>(event).result);
  }
  DeleteStatuses all;
  std::size_t next = 0;
  for (const bool failed : fails) {
    all.statuses.push_back(failed ? Status(ErrorKind::kUnavailable, "simulated fault of one key")
                                  : carried_statuses.statuses[next++]);
  }
  return DoneEvent(id, std::move(all));
}

Event SimRunner::CarryControl(const Command& command) {
  SimJobStore& jobs = world_.jobs();
  const CommandId id = command.id;
  if (const auto* state = std::get_if<ReadStateCommand>(&command.body)) {
    Result<std::vector<StateRow>> rows = jobs.ReadState(state->after, state->rows_max);
    const bool last = rows->size() < state->rows_max;
    return DoneEvent(id, StateRows{*std::move(rows), last});
  }
  if (const auto* spool = std::get_if<SpoolCommand>(&command.body)) {
    return EventOf(id, Side::kTarget, jobs.Spool(spool->deletes));
  }
  if (const auto* read = std::get_if<ReadSpoolCommand>(&command.body)) {
    return DoneEvent(id, SpooledDeletes{*jobs.ReadSpool(read->first, read->rows_max)});
  }
  if (const auto* journal = std::get_if<JournalCommand>(&command.body)) {
    static_cast<void>(jobs.Append(journal->records).ok());
    return Durable{id, journal->sequence};
  }
  return DoneEvent(id, Confirmed{true});
}

Event SimRunner::CancelledEvent(const Command& command, bool maybe_applied) const {
  Status status = Status(ErrorKind::kCancelled, "cancelled").WithMaybeApplied(maybe_applied);
  return Failed{command.id, std::move(status), Side::kTarget, {}};
}

// The bytes that a transfer was to write; none where it is no transfer, or the source has others.
std::optional<std::string> SimRunner::BodyOf(const Command& command) {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string key;
  Version version;
  if (const auto* whole = std::get_if<TransferWholeCommand>(&command.body)) {
    key = whole->source_key;
    version = whole->source_version;
    length = whole->size_bytes;
  } else if (const auto* part = std::get_if<TransferPartCommand>(&command.body)) {
    key = part->source_key;
    version = part->source_version;
    offset = part->offset;
    length = part->length;
  } else {
    return std::nullopt;
  }
  const std::optional<SimObject> object = world_.source_store().Look(world_.SourceKey(key));
  if (!object || object->version() != version) return std::nullopt;
  return object->content.substr(offset, length);
}

// What a write that failed knows of its bytes, as the real runner would know it.
void SimRunner::TellSent(const Command& command, Failed& failed) {
  if (const auto* finish = std::get_if<FinishUploadCommand>(&command.body)) {
    failed.sent = finish->options.digests;
  } else if (const auto* copy = std::get_if<ServerCopyCommand>(&command.body)) {
    failed.sent = copy->options.digests;
  }
  const std::optional<std::string> body = BodyOf(command);
  if (!body) return;
  const auto bytes = std::as_bytes(std::span(*body));
  ContentHasher hasher;
  hasher.Update(bytes);
  failed.sent = hasher.sum().digests();
  const auto* part = std::get_if<TransferPartCommand>(&command.body);
  if (part == nullptr || !part->md5_before) return;
  RunningMd5 md5 = RunningMd5::After(*part->md5_before).value_or(RunningMd5());
  md5.Update(bytes);
  failed.running_md5 = md5.State();
}

// The answer gets lost on its way. What the sender knows of its bytes it knows all the same.
Event SimRunner::Lose(const Flight& flight) {
  Failed lost{flight.command.id, flight.fate.status, Side::kTarget, {}};
  TellSent(flight.command, lost);
  if (flight.fate.takes_effect) {
    Event event = Carry(flight.command, StoreFault::kNone);
    checker_.OnUnheard(event);
    // A write that the source failed never reached the target.
    if (const auto* failed = std::get_if<Failed>(&event); failed && failed->side == Side::kSource) {
      return event;
    }
  }
  return lost;
}

}  // namespace godwit

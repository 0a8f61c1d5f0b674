#include "tests/sim/run_checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/plan/attributes.h"
#include "lib/plan/key_rules.h"
#include "lib/plan/merge.h"
#include "tests/sim/fault_dice.h"
#include "tests/sim/trace.h"

namespace godwit {
namespace {

std::string Quoted(const std::string& key) { return "'" + EscapeForDisplay(key) + "'"; }

const char* KindOf(const Command& command) {
  static constexpr const char* kNames[] = {
      "list",  "state",   "head",    "hash",    "transfer", "begin",    "part",   "part",
      "parts", "uploads", "finish",  "abort",   "copy",     "metadata", "delete", "prune",
      "spool", "spool",   "journal", "confirm", "wake",     "cancel",   "report", "end"};
  static_assert(sizeof(kNames) / sizeof(kNames[0]) == std::variant_size_v<decltype(Command::body)>);
  return kNames[command.body.index()];
}

// Bytes of the body that the runner must buffer for a command.
std::uint64_t BodyBytes(const Command& command) {
  if (const auto* whole = std::get_if<TransferWholeCommand>(&command.body)) {
    return whole->stream ? 0 : whole->size_bytes;
  }
  if (const auto* part = std::get_if<TransferPartCommand>(&command.body)) {
    return part->stream ? 0 : part->length;
  }
  return 0;
}

}  // namespace

RunChecker::RunChecker(World& world, UploadChecker& uploads)
    : world_(world), uploads_(uploads), scenario_(world.scenario()) {
  uploads_.BeginRun();
  world_.source_store().set_observer(this);
  world_.target_store().set_observer(this);
  world_.jobs().set_row_check([this](const StateRow& row) { CheckRow(row); });
}

RunChecker::~RunChecker() {
  world_.source_store().set_observer(nullptr);
  world_.target_store().set_observer(nullptr);
  world_.jobs().set_row_check(nullptr);
}

void RunChecker::Violate(const std::string& what) {
  if (violation_.empty()) violation_ = what;
}

void RunChecker::NoteOutsideChange() { record_.outside_changes = true; }

void RunChecker::NoteStop() {
  record_.stopped = true;
  stopped_at_ = world_.clock().Now();
}

void RunChecker::OnDeath() { Violate(uploads_.OnDeath(record_.quiet())); }

void RunChecker::OnEnd(const SyncSummary& summary) {
  record_.summary = summary;
  if (record_.stopped) record_.stop_took = world_.clock().Now() - stopped_at_ - journal_took_;
}

void RunChecker::NoteFaults(bool fired, bool lied) {
  record_.faults = fired;
  record_.lies = lied;
}

void RunChecker::OnCommand(const Command& command) {
  ++record_.issued[KindOf(command)];
  if (scenario_.options.dry_run && IsWrite(command)) {
    Violate("a dry run writes: " + Describe(command));
  }
  CheckBudget(command);
  TimeJournal(command);
  Violate(uploads_.OnCommand(command, record_.quiet()));
  if (const auto* remove = std::get_if<DeleteCommand>(&command.body)) CheckDelete(*remove);
}

void RunChecker::TimeJournal(const Command& command) {
  if (!record_.stopped || !std::holds_alternative<JournalCommand>(command.body)) return;
  journal_since_[command.id] = world_.clock().Now();
}

void RunChecker::CheckBudget(const Command& command) {
  if (command.id == 0 || !IsStoreCommand(command)) return;
  body_bytes_[command.id] = BodyBytes(command);
  std::uint64_t bytes = 0;
  for (const auto& [id, body] : body_bytes_) bytes += body;
  if (bytes > scenario_.options.memory_bytes) Violate("more memory than --memory allows");
  // Two listings go beside the lanes.
  if (body_bytes_.size() > std::size_t{scenario_.options.jobs_max} + 2) {
    Violate("more commands at once than there are workers");
  }
}

void RunChecker::OnAnswer(const Command& command, const Event& event) {
  body_bytes_.erase(command.id);
  if (const auto journal = journal_since_.find(command.id); journal != journal_since_.end()) {
    journal_took_ += world_.clock().Now() - journal->second;
  }
  uploads_.OnAnswer(command, event);
  const auto* done = std::get_if<Done>(&event);
  if (const auto* list = std::get_if<ListCommand>(&command.body); list && done) {
    OnPage(*list, std::get<ListPage>(done->result));
  }
  const auto* head = std::get_if<HeadCommand>(&command.body);
  const auto* failed = std::get_if<Failed>(&event);
  const bool not_found = failed && failed->status.Is(ErrorKind::kNotFound);
  if (head && head->side == Side::kSource && not_found && source_complete_ && target_complete_) {
    absent_.insert(head->key);
  }
}

// Pages of the first listings, and of the source's second one, which proves absence.
void RunChecker::OnPage(const ListCommand& list, const ListPage& page) {
  const bool ends = page.next_page_token.empty();
  if (list.side == Side::kTarget) {
    for (const ObjectEntry& entry : page.entries) listed_target_[entry.key] = entry.version;
    target_complete_ = target_complete_ || ends;
    return;
  }
  if (!source_complete_) {
    for (const ObjectEntry& entry : page.entries) listed_source_.insert(entry.key);
    source_complete_ = ends;
    return;
  }
  const std::string from = list.page_token.empty() ? list.start_after : tokens_[list.page_token];
  const std::string to = page.entries.empty() ? from : page.entries.back().key;
  if (!ends) tokens_[page.next_page_token] = to;
  for (const auto& [key, version] : listed_target_) {
    const bool covered = (key > from || from.empty()) && (ends || key <= to);
    const bool shown = std::any_of(page.entries.begin(), page.entries.end(),
                                   [&](const ObjectEntry& entry) { return entry.key == key; });
    if (covered && !shown) listed_again_.insert(key);
  }
}

// A key that the source can never hold needs no look.
bool RunChecker::ProvenAbsent(const std::string& key) const {
  return absent_.contains(key) || listed_again_.contains(key) ||
         KeyProblem(scenario_.source.capabilities, key).has_value();
}

// I1, I3, I5: what a delete rests on.
void RunChecker::CheckDelete(const DeleteCommand& command) {
  const SyncOptions& options = scenario_.options;
  for (const DeleteRequest& request : command.requests) {
    if (record_.damaged.contains(request.if_version)) continue;  // Our own, and wrong.
    const std::string name = Quoted(request.key);
    if (!target_complete_) Violate("delete before the target was listed: " + name);
    if (options.mode == JobMode::kRemove) continue;
    if (!options.delete_extra) Violate("delete without --delete: " + name);
    if (!source_complete_) Violate("delete before the source was listed: " + name);
    const bool excluded = !options.filter.Includes(request.key);
    if (excluded && !options.delete_excluded) Violate("delete of an excluded key: " + name);
    if (!excluded && !ProvenAbsent(request.key)) Violate("delete without a proof: " + name);
    if (IsReservedKey(request.key)) Violate("delete of a key of our own: " + name);
    const bool conditional = scenario_.target.capabilities.condition_on_delete;
    if (conditional && request.if_version.empty()) Violate("unconditional delete: " + name);
  }
}

std::optional<std::string> RunChecker::RelativeTarget(const std::string& key) {
  const std::string& prefix = scenario_.endpoints.target_prefix;
  const bool of_source = world_.one_store() && key.starts_with(scenario_.endpoints.source_prefix);
  if (key.starts_with(prefix) && key.size() > prefix.size() && !of_source) {
    return key.substr(prefix.size());
  }
  Violate("a write outside of the target folder: " + Quoted(key));
  return std::nullopt;
}

void RunChecker::OnPublished(const std::string& full_key, const std::optional<SimObject>& before,
                             const SimObject& after, bool damaged) {
  const std::optional<std::string> key = RelativeTarget(full_key);
  if (!key) return;
  const std::string name = Quoted(*key);
  world_.RememberTarget(after);
  own_versions_.insert(after.version());
  record_.published.insert(*key);
  if (damaged) {
    record_.damaged.insert(after.version());
    record_.damaged_keys.insert(*key);
    return;
  }
  if (IsReservedKey(*key)) Violate("a write of a key of our own: " + name);

  // I9, I11, I12: the whole content of one version of the source, with its attributes.
  bool whole = false;
  bool dressed = false;
  for (const auto& [version, object] : world_.SourceVersions(*key)) {
    if (object.content != after.content) continue;
    whole = true;
    const ObjectAttributes wanted =
        TargetAttributes(scenario_.options.attributes, object.meta, *key);
    const bool local = scenario_.target.capabilities.is_local;
    dressed = dressed || (local ? after.meta.attributes.mtime == wanted.mtime
                                : after.meta.attributes == wanted);
  }
  if (!whole) Violate("wrong content under a final name: " + name);
  if (whole && !dressed) Violate("wrong metadata under a final name: " + name);

  // Nothing is overwritten but what was listed, or is our own.
  const bool looks = scenario_.options.mode != JobMode::kCopy && !late_;
  const bool guarded = scenario_.target_is_conditional() || !record_.outside_changes;
  if (!before || !looks || !guarded || own_versions_.contains(before->version())) return;
  const auto listed = listed_target_.find(*key);
  if (listed == listed_target_.end() || listed->second != before->version()) {
    if (!record_.lies) Violate("another writer's object was overwritten: " + name);
  }
}

void RunChecker::OnDeleted(const std::string& full_key, const SimObject& before) {
  const std::optional<std::string> key = RelativeTarget(full_key);
  if (!key) return;
  if (record_.damaged.contains(before.version())) return;
  record_.deleted.insert(*key);
  if (late_) record_.deleted_late.insert(*key);
  const std::string name = Quoted(*key);
  const auto listed = listed_target_.find(*key);
  // rm takes whatever is there.
  const bool conditional =
      scenario_.target_is_conditional() && scenario_.options.mode != JobMode::kRemove;
  const bool guarded = conditional || !record_.outside_changes;
  const bool known = listed != listed_target_.end() && listed->second == before.version();
  if (guarded && !known && !late_) Violate("another writer's object was deleted: " + name);
  if (scenario_.options.mode == JobMode::kRemove || late_) return;
  const bool excluded = !scenario_.options.filter.Includes(*key);
  const bool at_source = world_.source_store().Look(world_.SourceKey(*key)).has_value();
  if (!excluded && at_source && !record_.outside_changes) {
    Violate("a key that the source has was deleted: " + name);
  }
}

// A row says that two versions are equal; they must be.
void RunChecker::CheckRow(const StateRow& row) {
  if (row.source_version.empty() && row.target_version.empty()) return;  // It proves nothing.
  const std::map<Version, SimObject>& versions = world_.SourceVersions(row.key);
  const auto source = versions.find(row.source_version);
  const std::optional<std::string> target = world_.TargetContent(row.target_version);
  const std::string name = Quoted(row.key);
  if (source == versions.end()) return Violate("the state names a version that never was: " + name);
  if (!target) return Violate("the state names a target version that never was: " + name);
  // Equal times of files that somebody else wrote prove what they prove.
  if (source->second.content != *target) Violate("the state calls equal what is not: " + name);
  if (record_.damaged.contains(row.target_version)) {
    Violate("the state holds a damaged version: " + name);
  }
}

void RunChecker::OnReport(const Report& report) {
  if (const auto* error = std::get_if<ErrorReport>(&report)) record_.errors.push_back(*error);
  const auto* action = std::get_if<ActionReport>(&report);
  if (action == nullptr) return;
  record_.actions.push_back(*action);
  // I10: exactly one outcome a key.
  if (!reported_.insert(action->key).second) {
    Violate("a key was reported twice: " + Quoted(action->key));
  }
}

}  // namespace godwit

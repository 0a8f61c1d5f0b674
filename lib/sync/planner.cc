#include "lib/sync/planner.h"

#include <algorithm>
#include <utility>

namespace godwit {
namespace {

// Copies that wait for the delete phase to make way; more of them fail at once.
constexpr std::size_t kDeferredMax = 10'000;

}  // namespace

Planner::Planner(RunCore& core, DeleteSpool& spool)
    : core_(core),
      spool_(spool),
      judge_(core.options(), core.endpoints()),
      source_pump_(core, Side::kSource),
      target_pump_(core, Side::kTarget),
      state_pump_(core) {}

void Planner::Start() {
  const SyncOptions& options = core_.options();
  const bool has_source = options.mode != JobMode::kRemove;
  // cp overwrites whatever is there; it looks only where that matters.
  const bool looks_at_target =
      options.mode != JobMode::kCopy || options.conflict != ConflictMode::kOverwrite;
  if (has_source) {
    source_pump_.Start({});
  } else {
    source_complete_ = merge_.OfferListing(MergeStream::kSource, {}, true).ok();
  }
  if (looks_at_target) {
    target_pump_.Start({});
  } else {
    target_complete_ = merge_.OfferListing(MergeStream::kTarget, {}, true).ok();
  }
  if (options.mode == JobMode::kSync) {
    state_pump_.Start();
  } else {
    static_cast<void>(merge_.OfferState({}, true).ok());
  }
}

// Many small objects must keep all places busy, each with one command at a time.
bool Planner::HasRoom() const {
  const std::size_t window = std::max<std::size_t>(4 * std::size_t{core_.options().jobs_max}, 32);
  return tasks_.size() < window && !spool_.full();
}

bool Planner::FeedListing(ListingPump& pump, MergeStream stream, bool& complete) {
  if (!merge_.Needs(stream)) return false;
  std::optional<ListingPump::Page> page = pump.Take();
  if (!page) return false;
  const Status offered = merge_.OfferListing(stream, std::move(page->entries), page->last);
  if (!offered.ok()) {
    core_.ReportError("", offered);
    core_.Halt(7);
    return true;
  }
  complete = complete || page->last;
  return true;
}

bool Planner::FeedState() {
  if (!merge_.Needs(MergeStream::kState)) return false;
  std::optional<StateRows> rows = state_pump_.Take();
  if (!rows) return false;
  // Out of order: the pump has checked that already.
  if (!merge_.OfferState(std::move(rows->rows), rows->last).ok()) core_.Halt(7);
  return true;
}

bool Planner::Advance() {
  if (planned_) return false;
  if (source_pump_.failed()) OnListingFailed(source_pump_, Side::kSource);
  if (target_pump_.failed()) OnListingFailed(target_pump_, Side::kTarget);
  if (core_.halted()) {
    Halt();
    return true;
  }
  bool happened = false;
  while (HasRoom() && !core_.halted()) {
    const bool fed_source = FeedListing(source_pump_, MergeStream::kSource, source_complete_);
    const bool fed_target = FeedListing(target_pump_, MergeStream::kTarget, target_complete_);
    const bool fed_state = FeedState();
    const bool judged = JudgeNext();
    if (!fed_source && !fed_target && !fed_state && !judged) break;
    happened = true;
  }
  if (merge_.done() && !core_.halted()) {
    EndPlanning();
    return true;
  }
  return happened;
}

bool Planner::JudgeNext() {
  std::optional<MergeItem> item = merge_.Next();
  if (!item) return false;
  MissRestricted(&*item);
  CountListed(*item);
  Act(*std::move(item));
  return true;
}

void Planner::CountListed(const MergeItem& item) {
  if (item.source && IsListed(*item.source)) core_.ledger().CountListed(Side::kSource);
  if (item.source && item.source->type == EntryType::kObject && !item.key.empty()) {
    ++source_objects_;
  }
  if (item.target && IsListed(*item.target)) core_.ledger().CountListed(Side::kTarget);
}

// Names the keys of --files-from up to `item` (all, if null) that the source does not have.
void Planner::MissRestricted(const MergeItem* item) {
  const std::vector<std::string>* keys = core_.options().filter.restricted_keys();
  if (keys == nullptr || core_.options().mode == JobMode::kRemove) return;
  for (; restricted_next_ < keys->size(); ++restricted_next_) {
    const std::string& key = (*keys)[restricted_next_];
    if (item != nullptr && key > item->key) return;
    if (item != nullptr && key == item->key && item->source) continue;
    KeyVerdict verdict;
    verdict.reason = Reason::kGoneFromSource;
    verdict.status = Status(ErrorKind::kNotFound, "--files-from names it, the source has it not");
    core_.ledger().CountFailedCopy();
    ReportConflict(key, 0, verdict);
  }
}

void Planner::EndPlanning() {
  MissRestricted(nullptr);
  planned_ = true;
  spool_.Close();
}

void Planner::OnListingFailed(const ListingPump& pump, Side side) {
  const Status& failure = pump.failure();
  const bool starts_empty = side == Side::kTarget && core_.endpoints().target.is_local &&
                            core_.options().mode != JobMode::kRemove &&
                            failure.Is(ErrorKind::kContainerNotFound) && !pump.begun() &&
                            !target_complete_;
  // A local target folder that is not there yet is an empty one: the first write makes it. One that
  // goes away while it is listed is not (I1).
  if (starts_empty) {
    target_complete_ = merge_.Needs(MergeStream::kTarget) &&
                       merge_.OfferListing(MergeStream::kTarget, {}, true).ok();
    return;
  }
  if (target_complete_ && side == Side::kTarget) return;
  if (core_.halted()) return;
  core_.ReportError("", failure);
  core_.Halt(failure.Is(ErrorKind::kUnauthenticated) ? 3 : 7);
}

void Planner::Halt() {
  if (planned_) return;
  planned_ = true;
  source_pump_.Cancel();
  target_pump_.Cancel();
  state_pump_.Cancel();
  spool_.Close();
}

void Planner::Stop() {
  Halt();
  const std::map<std::uint64_t, std::shared_ptr<ObjectTask>> tasks = tasks_;
  for (const auto& [number, task] : tasks) task->Stop();
}

void Planner::OpenObject(ObjectSpec spec, bool may_defer) {
  const std::uint64_t number = ++last_task_;
  auto task = std::make_shared<ObjectTask>(core_, std::move(spec), may_defer,
                                           [this, number](ObjectTask::Outcome outcome) {
                                             tasks_.erase(number);
                                             if (outcome.blocked)
                                               Defer(*std::move(outcome.blocked));
                                           });
  tasks_.emplace(number, task);
  task->Start();
}

void Planner::Defer(ObjectSpec spec) {
  if (deferred_.size() < kDeferredMax) return deferred_.push_back(std::move(spec));
  FailBlocked(spec);
}

void Planner::FailBlocked(const ObjectSpec& spec) {
  KeyVerdict verdict;
  verdict.reason = Reason::kKeyNotRepresentable;
  verdict.status = spec.blocked_by;
  ReportConflict(spec.target_key, spec.source.size_bytes, verdict);
}

void Planner::StartDeferred(bool made_way) {
  std::vector<ObjectSpec> blocked = std::exchange(deferred_, {});
  for (ObjectSpec& spec : blocked) {
    if (made_way && !core_.halted()) {
      OpenObject(std::move(spec), false);
    } else {
      FailBlocked(spec);
    }
  }
}

}  // namespace godwit

#include "lib/run/progress_tracker.h"

#include <algorithm>
#include <variant>

namespace godwit {

void ProgressTracker::OnCommand(const Command& command) {
  if (const auto* list = std::get_if<ListCommand>(&command.body)) {
    in_flight_[command.id] = InFlight{list->side, 0};
  } else if (const auto* whole = std::get_if<TransferWholeCommand>(&command.body)) {
    Begin(whole->target_key, whole->size_bytes);
  } else if (const auto* upload = std::get_if<BeginUploadCommand>(&command.body)) {
    Begin(upload->target_key, upload->options.size_bytes);
  } else if (const auto* part = std::get_if<TransferPartCommand>(&command.body)) {
    in_flight_[command.id] = InFlight{Side::kTarget, part->length};
  } else if (const auto* copy_part = std::get_if<ServerCopyPartCommand>(&command.body)) {
    in_flight_[command.id] = InFlight{Side::kTarget, copy_part->length};
  } else if (const auto* copy = std::get_if<ServerCopyCommand>(&command.body)) {
    Begin(copy->target_key, 0);
  }
}

void ProgressTracker::OnEvent(const Event& event) {
  if (const auto* failed = std::get_if<Failed>(&event)) {
    in_flight_.erase(failed->id);
    return;
  }
  const auto* done = std::get_if<Done>(&event);
  if (done == nullptr) return;
  if (const auto* whole = std::get_if<Transferred>(&done->result)) {
    progress_.bytes_done += whole->source.entry.size_bytes;
    return;
  }
  const auto found = in_flight_.find(done->id);
  if (found == in_flight_.end()) return;
  progress_.bytes_done += found->second.bytes;
  if (const auto* page = std::get_if<ListPage>(&done->result)) OnPage(found->second.side, *page);
  in_flight_.erase(found);
}

void ProgressTracker::OnReport(const Report& report) {
  if (const auto* action = std::get_if<ActionReport>(&report)) End(*action);
}

void ProgressTracker::Begin(const std::string& key, std::uint64_t bytes) {
  if (!copies_.emplace(key, bytes).second) return;  // An attempt of what has begun already.
  ++progress_.objects_planned;
  progress_.bytes_planned += bytes;
}

// The delete phase may list again, to prove absence: that is no progress.
void ProgressTracker::OnPage(Side side, const ListPage& page) {
  bool& listed = side == Side::kSource ? source_listed_ : target_listed_;
  if (listed) return;
  (side == Side::kSource ? progress_.listed_source : progress_.listed_target) +=
      page.entries.size();
  listed = page.next_page_token.empty();
  progress_.planning = !(source_listed_ && target_listed_);
}

void ProgressTracker::End(const ActionReport& action) {
  if (action.action != ActionKind::kCopy && action.action != ActionKind::kMetadata &&
      action.action != ActionKind::kDelete) {
    return;
  }
  ++progress_.objects_done;
  const auto begun = copies_.find(action.key);
  if (begun == copies_.end()) {
    ++progress_.objects_planned;
  } else {
    copies_.erase(begun);
  }
  // Bytes that were sent again count once.
  progress_.bytes_planned = std::max(progress_.bytes_planned, progress_.bytes_done);
}

}  // namespace godwit

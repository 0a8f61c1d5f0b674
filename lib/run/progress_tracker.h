#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "lib/run/job.h"
#include "lib/sync/command.h"
#include "lib/sync/event.h"

namespace godwit {

// Follows a job's commands and events to say how far it has come. Planned is what was begun so
// far, so the totals grow while the job runs. One thread at a time.
class ProgressTracker {
 public:
  void OnCommand(const Command& command);
  void OnEvent(const Event& event);
  void OnReport(const Report& report);

  const Progress& progress() const { return progress_; }

 private:
  struct InFlight {
    Side side = Side::kTarget;  // Of a listing.
    std::uint64_t bytes = 0;    // Of a part.
  };
  void Begin(const std::string& key, std::uint64_t bytes);
  void OnPage(Side side, const ListPage& page);
  void End(const ActionReport& action);

  Progress progress_;
  std::unordered_map<CommandId, InFlight> in_flight_;      // Listings and parts.
  std::unordered_map<std::string, std::uint64_t> copies_;  // Begun and not ended: bytes by key.
  bool source_listed_ = false;
  bool target_listed_ = false;
};

}  // namespace godwit

#pragma once

#include <chrono>
#include <set>
#include <string>

#include "lib/base/log.h"
#include "lib/run/job.h"
#include "lib/run/job_store.h"

namespace godwit {

// What tells which temporary files somebody still goes on with.
struct KnownUploads {
  JobStore& jobs;         // The open journal of the target's job.
  std::string folder;     // In which that journal lies.
  std::string state_dir;  // With the journals of all other jobs, cp's too.
};

// Removes the temporary files that runs which died left beneath a local target, but for those of
// uploads that a journal can go on with: of any job whose target is this one, lies in it or has it
// inside. While such a journal cannot be read nothing is removed, and neither is what was changed
// less than `age_min` ago. For whoever holds the target's lock, or with an age for anybody.
// Failures are told to the log and are no reason not to run.
void RemoveLeftovers(const Endpoint& target, const KnownUploads& known, Log& log,
                     std::chrono::seconds age_min = {});
// The same in some folders only ("" is the target itself), and not in those within them.
void RemoveLeftoversIn(const std::set<std::string>& folders, const Endpoint& target,
                       const KnownUploads& known, Log& log, std::chrono::seconds age_min);

// A temporary file that is younger may be one that another process is about to claim.
inline constexpr std::chrono::seconds kAbandonedAfter{5};

}  // namespace godwit

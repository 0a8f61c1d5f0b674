#pragma once

#include <string>

#include "cli/session.h"
#include "lib/run/job_record.h"

namespace godwit {

// Aborts what an interrupted job left unfinished at its target, removes its temporary files, and
// forgets it. Touches nothing that is not in the job's journal, but for godwit's own temporary
// files beneath a local target. A job that runs is left alone. What could not be removed is
// reported, and the record stays. Returns the exit code.
int CleanJob(Session& session, const FoundJob& job);

// Whether the process of the run is known to live.
bool IsRunning(const JobRecord& record);
// "running", "interrupted", "failed", or "unknown" of a run on another machine that told no end.
std::string StateName(const JobRecord& record);

}  // namespace godwit

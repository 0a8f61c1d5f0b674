#pragma once

#include "godwit/result.h"
#include "lib/base/log.h"
#include "lib/run/job.h"
#include "lib/run/job_store.h"

namespace godwit {

// Removes the temporary files that a run which died left beneath a local target, but for those of
// uploads that the journal can go on with. For whoever holds the target's lock. Failures are told
// to the log and are no reason not to run.
void RemoveLeftovers(const Endpoint& target, JobStore& jobs, Log& log);

}  // namespace godwit

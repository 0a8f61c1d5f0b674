#pragma once

#include <chrono>

#include "godwit/call_context.h"
#include "godwit/status.h"

namespace godwit {

// Whether a call may start something new, or go on with a long loop: fails with kCancelled if its
// context is stopped, with kTimeout if its deadline has passed. Cheap.
Status CheckCall(const CallContext& context);
// The same on a clock of the caller's.
Status CheckCall(const CallContext& context, std::chrono::steady_clock::time_point now);

}  // namespace godwit

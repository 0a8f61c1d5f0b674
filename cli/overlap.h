#pragma once

#include <string>

#include "godwit/status.h"
#include "lib/run/job.h"

namespace godwit {

// Fails with kInvalidArgument if the two folders are one place, or one lies inside the other (I8).
Status CheckOverlap(const Endpoint& a, const Endpoint& b);

}  // namespace godwit

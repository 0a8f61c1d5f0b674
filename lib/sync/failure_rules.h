#pragma once

#include <cstdint>

#include "godwit/status.h"
#include "lib/sync/command.h"
#include "lib/sync/options.h"

namespace godwit {

// What a failed transfer command means for the object that it was about.
enum class FailureClass : std::uint8_t {
  kRetry,          // May pass by itself.
  kSourceChanged,  // Another version is there: begin again with that one.
  kSourceGone,
  kArchived,
  kTargetChanged,  // The condition on the target was lost: leave it alone.
  kBlocked,        // Local target: something stands in the way.
  kCancelled,
  kFinal,
};
FailureClass ClassifyFailure(const Status& status, Side side);

// The exit code that a final failure of one object stands for. `of_data`: bytes of the object were
// under way, so that damage means damaged bytes.
int ExitCodeOf(const Status& status, Side side, const JobEndpoints& endpoints, bool of_data);

// True if the same request may succeed in a later run: the service, the network or the credentials
// failed, and neither the data nor the request. What it was part of is worth keeping.
bool MayPassLater(const Status& status);

// True if every further object would fail likewise, so that none should be started.
bool EndsRun(const Status& status);

}  // namespace godwit

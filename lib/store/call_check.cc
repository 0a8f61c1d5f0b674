#include "lib/store/call_check.h"

namespace godwit {

Status CheckCall(const CallContext& context) {
  if (!context.deadline) return CheckCall(context, {});
  return CheckCall(context, std::chrono::steady_clock::now());
}

Status CheckCall(const CallContext& context, std::chrono::steady_clock::time_point now) {
  if (context.stop.stop_requested()) return Status(ErrorKind::kCancelled, "stopped");
  if (context.deadline && now >= *context.deadline) {
    return Status(ErrorKind::kTimeout, "the time for this operation is over");
  }
  return Status::Ok();
}

}  // namespace godwit

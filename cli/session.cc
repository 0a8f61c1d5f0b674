#include "cli/session.h"

#include "cli/exit_code.h"

namespace godwit {

int Session::Fail(const Status& status) const {
  if (settings.json && ExitCodeOf(status) != kExitUsage) {
    results.Line(log.Redacted(ErrorJson({status.object(), status}, "")));
  }
  log.Error(status.ToString());
  return ExitCodeOf(status);
}

}  // namespace godwit

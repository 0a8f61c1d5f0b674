#include "cli/session.h"

#include "cli/exit_code.h"

namespace godwit {

int Session::ExitCode(const Status& status) const {
  const int stopped = stop_exit_code();
  return stopped != 0 && status.Is(ErrorKind::kCancelled) ? stopped : ExitCodeOf(status);
}

StopScope::StopScope(Session& session) : session_(session) {
  if (session.stop_signal != nullptr) return;
  guard_.emplace();
  session.stop_signal = guard_->flag();
  session.stop = guard_->token();
}

StopScope::~StopScope() {
  if (!guard_) return;
  session_.stop_signal = nullptr;
  session_.stop = {};
}

int Session::Fail(const Status& status) const {
  if (settings.json && ExitCodeOf(status) != kExitUsage) {
    results.Line(log.Redacted(ErrorJson({status.object(), status}, "")));
  }
  log.Error(status.ToString());
  return ExitCode(status);
}

int RunCommand(Session& session) {
  switch (session.line.command->bit) {
    case kSyncBit:
      return RunSync(session);
    case kCpBit:
      return RunCp(session);
    case kRmBit:
      return RunRm(session);
    case kLsBit:
      return RunLs(session);
    case kDuBit:
      return RunDu(session);
    case kStatBit:
      return RunStat(session);
    case kCatBit:
      return RunCat(session);
    case kMbBit:
      return RunMb(session);
    case kJobsBit:
      return RunJobs(session);
    case kVersionBit:
      return RunVersion(session);
  }
  return kExitUsage;
}

}  // namespace godwit

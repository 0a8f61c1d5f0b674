#include <memory>

#include "cli/exit_code.h"
#include "cli/job_run.h"
#include "cli/open_store.h"
#include "cli/session.h"
#include "lib/base/text.h"
#include "lib/policy/permit_issuer.h"
#include "lib/run/memory_job_store.h"

namespace godwit {
namespace {

int RemoveFolder(Session& session, const ParsedLocation& location) {
  const JobLabel label{"rm", "", location.text};
  Result<OpenedStore> opened = OpenStore(session, location, RootMode::kMustExist);
  if (!opened.ok()) {
    return ReportNotStarted(session, label, opened.status(), ExitCodeOf(opened.status()));
  }
  const Endpoint target = FolderEndpoint(*opened, location);
  SyncOptions options = session.settings.sync;
  options.mode = JobMode::kRemove;
  MemoryJobStore job_store;
  return RunAndReport(session, target, target, options, job_store, label).exit_code;
}

// Looks before it deletes: deleting what is missing would be a success to the service.
Status RemoveObject(Session& session, ObjectStore& store, const std::string& key,
                    ActionReport& action) {
  const Result<ObjectMeta> meta = store.Head(session.Context(), key);
  if (!meta.ok()) return meta.status();
  action.bytes = meta->entry.size_bytes;
  if (session.settings.sync.dry_run) return Status::Ok();
  const DeleteRequest request{key, ""};
  Result<std::vector<Status>> statuses = store.Delete(session.Context(), PermitIssuer().Judge(key),
                                                      std::span<const DeleteRequest>(&request, 1));
  return statuses.ok() ? statuses->front() : statuses.status();
}

}  // namespace

int RunRm(Session& session) {
  Result<ParsedLocation> location = ParseLocation(session.line.operands[0], session.config);
  if (!location.ok()) return session.Fail(location.status());
  if (location->kind == ParsedLocation::Kind::kStdio) {
    return session.Fail(Status(ErrorKind::kInvalidArgument, "'-' is not a location here"));
  }
  const StopScope stop(session);
  if (session.settings.recursive) return RemoveFolder(session, *location);
  if (location->trailing_slash || location->path.empty()) {
    return session.Fail(Status(
        ErrorKind::kInvalidArgument,
        "'" + EscapeForDisplay(location->text) + "' is a folder; add --recursive to remove it"));
  }
  ParsedLocation container = *location;
  std::string key = location->path;
  if (location->is_local()) {
    const std::size_t slash = key.rfind('/');
    container.path = slash == std::string::npos ? "." : slash == 0 ? "/" : key.substr(0, slash);
    key = key.substr(slash == std::string::npos ? 0 : slash + 1);
  }
  const JobLabel label{"rm", "", location->text};
  Result<OpenedStore> opened = OpenStore(session, container, RootMode::kMustExist);
  if (!opened.ok()) {
    return ReportNotStarted(session, label, opened.status(), ExitCodeOf(opened.status()));
  }
  const std::unique_ptr<ObjectStore> store = MakeRetrying(session, opened->store());
  ActionReport action;
  action.action = ActionKind::kDelete;
  action.key = key;
  action.reason = Reason::kRequested;
  const Status status = RemoveObject(session, *store, key, action);
  if (IsStopExitCode(session.ExitCode(status))) {
    return ReportNotStarted(session, label, status, session.ExitCode(status));
  }
  action.status = !status.ok()                    ? ActionStatus::kFailed
                  : session.settings.sync.dry_run ? ActionStatus::kPlanned
                                                  : ActionStatus::kDone;
  return ReportDirect(session, label, action, status, session.ExitCode(status));
}

}  // namespace godwit

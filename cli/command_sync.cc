#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

#include "cli/exit_code.h"
#include "cli/job_records.h"
#include "cli/job_run.h"
#include "cli/open_store.h"
#include "cli/overlap.h"
#include "cli/session.h"
#include "lib/base/text.h"
#include "lib/policy/permit_issuer.h"
#include "lib/run/leftovers.h"
#include "lib/run/sqlite_job_store.h"
#include "lib/run/state_folder.h"
#include "lib/run/target_lock.h"
#include "lib/run/unsettled_mark.h"

namespace godwit {
namespace {

Status UseCp(const ParsedLocation& source) {
  return Status(ErrorKind::kInvalidArgument,
                "'" + EscapeForDisplay(source.text) +
                    "' is a single object; sync copies folders, use 'godwit cp' for it");
}

// Refuses local sources that are no folder: a file (exit 2), nothing at all (exit 7).
Status CheckLocalSource(const ParsedLocation& source) {
  struct stat found;
  if (stat(source.path.c_str(), &found) != 0) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return Status(missing ? ErrorKind::kContainerNotFound : ErrorKind::kPermissionDenied,
                  missing ? "the source folder does not exist" : "permission denied")
        .WithOperation("list")
        .WithObject(source.text);
  }
  return S_ISDIR(found.st_mode) ? Status::Ok() : UseCp(source);
}

// Refuses an object as a source: a prefix without keys is a folder unless an object has exactly
// its name. The listing also makes the service show itself, as MeetService does.
Status CheckCloudSource(Session& session, const ParsedLocation& source, ObjectStore& store) {
  const std::unique_ptr<ObjectStore> retrying = MakeRetrying(session, store);
  ListRequest request;
  request.prefix = source.FolderPrefix();
  request.keys_max = 1;
  const Result<ListPage> page = retrying->List(session.Context(), request);
  // A listing that fails is the job's to report.
  if (!page.ok() || !page->entries.empty() || !page->next_page_token.empty()) return Status::Ok();
  if (source.path.empty()) return Status::Ok();
  const Result<ObjectMeta> meta = retrying->Head(session.Context(), source.path);
  return meta.ok() ? UseCp(source) : Status::Ok();
}

int SourceExitCode(const Status& status) {
  return status.Is(ErrorKind::kPermissionDenied) ? kExitNotFound : ExitCodeOf(status);
}

// State that lasts, or none for a dry run of a pair that was never synced.
Result<std::unique_ptr<JobStore>> OpenState(Session& session, const Endpoint& source,
                                            const Endpoint& target, const std::string& job_id) {
  const std::string& folder = session.settings.state_dir;
  if (session.settings.sync.dry_run) {
    return OpenSqliteJobStoreReadOnly(folder, source.identity, target.identity, session.log);
  }
  return OpenSqliteJobStore(folder, source.identity, target.identity, session.log, job_id);
}

void Settle(Session& session, const std::string& folder) {
  const Status status = RemoveUnsettledMark(folder);
  if (!status.ok()) session.log.Warn(status.ToString());
}

// State, lock or mark cannot be kept: a full disk, or a folder that cannot be used.
int StateExitCode(const Status& status) {
  if (status.Is(ErrorKind::kConflict)) return kExitHeld;
  return status.Is(ErrorKind::kNoSpace) ? kExitUnable : kExitUsage;
}

SyncSummary Failed(int exit_code) {
  SyncSummary summary;
  summary.exit_code = exit_code;
  return summary;
}

// Local target folders are made before anything else: one that cannot be written shows at once.
Status MakeLocalFolder(Session& session, const ParsedLocation& location, ObjectStore& store) {
  if (!location.is_local() || session.settings.sync.dry_run) return Status::Ok();
  return store.CreateContainer(session.Context(), PermitIssuer().Judge(""), "")
      .WithOperation("make the folder")
      .WithObject(location.path);
}

// One target; the others do not depend on it.
SyncSummary SyncTo(Session& session, const Endpoint& source, const ParsedLocation& target_location,
                   JobLabel label) {
  Result<OpenedStore> opened = OpenStore(session, target_location, RootMode::kCreate);
  if (!opened.ok()) {
    return Failed(ReportNotStarted(session, label, opened.status(), ExitCodeOf(opened.status())));
  }
  const Endpoint target = FolderEndpoint(*opened, target_location);
  const Status as_recorded = CheckRecorded(session, RecordedSide::kTarget, target.identity);
  if (!as_recorded.ok()) return Failed(session.Fail(as_recorded));
  if (const Status fits = CheckPartSizeOption(session, *opened); !fits.ok()) {
    return Failed(session.Fail(fits));
  }
  MeetService(session, *opened, target_location);
  std::optional<TargetLock> lock;
  if (!session.settings.sync.dry_run) {
    Result<TargetLock> taken =
        TargetLock::Take(session.settings.state_dir, target.identity, session.log);
    if (!taken.ok()) {
      return Failed(
          ReportNotStarted(session, label, taken.status(), StateExitCode(taken.status())));
    }
    lock.emplace(std::move(*taken));
  }
  const JobRecord record = MakeJobRecord(session, label, source.identity, target.identity);
  Result<std::unique_ptr<JobStore>> state = OpenState(session, source, target, record.id);
  if (!state.ok()) {
    return Failed(ReportNotStarted(session, label, state.status(), StateExitCode(state.status())));
  }
  const std::string folder =
      JobFolder(session.settings.state_dir, source.identity, target.identity);
  label.unsettled_since = UnsettledSince(folder);
  if (lock) {
    const Status marked = MarkUnsettled(folder, session.clock.WallNow());
    if (!marked.ok()) {
      return Failed(ReportNotStarted(session, label, marked, StateExitCode(marked)));
    }
  }
  if (Status made = MakeLocalFolder(session, target_location, *target.store); !made.ok()) {
    const int code = made.Is(ErrorKind::kInvalidArgument) ? kExitUsage
                     : made.Is(ErrorKind::kCancelled)     ? session.ExitCode(made)
                                                          : kExitUnable;
    return Failed(ReportNotStarted(session, label, made, code));
  }
  const KnownUploads known{**state, folder, session.settings.state_dir};
  if (lock && lock->taken_over()) RemoveLeftovers(target, known, session.log);
  if (lock) OpenRecord(session, folder, record);
  SyncSummary summary =
      RunAndReport(session, source, target, session.settings.sync, **state, label);
  if (lock) CloseRecord(session, folder, record, **state, summary);
  const bool left_behind = opened->local != nullptr && opened->local->own_files_seen();
  if (lock && left_behind && session.stop_exit_code() == 0) {
    RemoveLeftovers(target, known, session.log, kAbandonedAfter);
  }
  const bool recorded = summary.exit_code == 0 && (*state)->complete();
  const bool settled = session.settings.sync.settles() && summary.skipped == 0;
  if (lock && recorded && (settled || !label.unsettled_since)) Settle(session, folder);
  return summary;
}

Result<std::vector<ParsedLocation>> ParseAll(const Session& session) {
  std::vector<ParsedLocation> locations;
  for (const std::string& operand : session.line.operands) {
    Result<ParsedLocation> location = ParseLocation(operand, session.config);
    if (!location.ok()) return location.status();
    if (location->kind == ParsedLocation::Kind::kStdio) {
      return Status(ErrorKind::kInvalidArgument, "sync does not take '-'; use 'godwit cp'");
    }
    locations.push_back(std::move(*location));
  }
  return locations;
}

// Every target against the source and against the others; those of a repeated run against its
// record. Sends nothing.
Status CheckPlaces(Session& session, const Endpoint& source,
                   const std::vector<ParsedLocation>& locations) {
  GODWIT_RETURN_IF_ERROR(CheckRecorded(session, RecordedSide::kSource, source.identity));
  std::vector<Endpoint> places{source};
  for (std::size_t i = 1; i < locations.size(); ++i) {
    Result<OpenedStore> opened = OpenStore(session, locations[i], RootMode::kMustExist);
    if (!opened.ok()) continue;  // Reported when the target is opened for real.
    const Endpoint target = FolderEndpoint(*opened, locations[i]);
    GODWIT_RETURN_IF_ERROR(CheckRecorded(session, RecordedSide::kTarget, target.identity));
    GODWIT_RETURN_IF_ERROR(CheckPartSizeOption(session, *opened));
    for (const Endpoint& place : places) GODWIT_RETURN_IF_ERROR(CheckOverlap(place, target));
    places.push_back(target);
  }
  return Status::Ok();
}

// Opens the source. Sends nothing.
Result<OpenedStore> OpenSource(Session& session, const ParsedLocation& location) {
  if (location.is_local()) GODWIT_RETURN_IF_ERROR(CheckLocalSource(location));
  return OpenStore(session, location, RootMode::kMustExist);
}

}  // namespace

int RunSync(Session& session) {
  Result<std::vector<ParsedLocation>> locations = ParseAll(session);
  if (!locations.ok()) return session.Fail(locations.status());
  JobLabel label{"sync", locations->front().text, (*locations)[1].text, locations->size() > 2};
  Result<OpenedStore> source_store = OpenSource(session, locations->front());
  if (!source_store.ok()) {
    return ReportNotStarted(session, label, source_store.status(),
                            SourceExitCode(source_store.status()));
  }
  const Endpoint source = FolderEndpoint(*source_store, locations->front());
  if (const Status places = CheckPlaces(session, source, *locations); !places.ok()) {
    return session.Fail(places);
  }
  const StopScope stop(session);
  if (!locations->front().is_local()) {
    const Status folder = CheckCloudSource(session, locations->front(), source_store->store());
    if (!folder.ok()) return session.Fail(folder);
  }
  std::vector<SyncSummary> summaries;
  for (std::size_t i = 1; i < locations->size(); ++i) {
    label.target = (*locations)[i].text;
    summaries.push_back(SyncTo(session, source, (*locations)[i], label));
    if (session.stop_exit_code() != 0) break;
  }
  return label.show_target ? ReportTotal(session, label, summaries) : summaries.front().exit_code;
}

}  // namespace godwit

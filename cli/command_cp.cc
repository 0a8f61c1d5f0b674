#include <sys/stat.h>

#include <memory>
#include <optional>

#include "cli/exit_code.h"
#include "cli/job_records.h"
#include "cli/job_run.h"
#include "cli/open_store.h"
#include "cli/overlap.h"
#include "cli/session.h"
#include "cli/stdin_upload.h"
#include "lib/base/text.h"
#include "lib/run/copy_journal.h"
#include "lib/run/leftovers.h"
#include "lib/run/memory_job_store.h"

namespace godwit {
namespace {

enum class FileKind : std::uint8_t { kMissing, kFile, kFolder };

FileKind KindOfPath(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return FileKind::kMissing;
  return S_ISDIR(found.st_mode) ? FileKind::kFolder : FileKind::kFile;
}

std::string LastComponent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// A path or key cut at its last '/': the folder, and the name in it.
struct SplitPath {
  std::string folder;
  std::string name;
};

SplitPath SplitLocal(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

Status Missing(const ParsedLocation& source) {
  return Status(ErrorKind::kNotFound, "it does not exist")
      .WithOperation("read")
      .WithObject(source.text);
}

Status NeedsRecursive(const ParsedLocation& source) {
  return Status(ErrorKind::kInvalidArgument,
                "'" + EscapeForDisplay(source.text) + "' is a folder; add --recursive to copy it");
}

ListRequest FirstKey(const ParsedLocation& source) {
  ListRequest request;
  request.prefix = source.FolderPrefix();
  request.keys_max = 1;
  return request;
}

// Whether no key lies under the prefix, but an object has exactly its name. What cannot be found
// out is the job's to report.
bool IsOnlyObject(Session& session, const ParsedLocation& source, ObjectStore& store) {
  const Result<ListPage> page = store.List(session.Context(), FirstKey(source));
  if (!page.ok() || !page->entries.empty() || !page->next_page_token.empty()) return false;
  return store.Head(session.Context(), source.path).ok();
}

// What SRC means: one object, or a folder.
Result<bool> IsFolder(Session& session, const ParsedLocation& source, ObjectStore* store) {
  if (source.is_local()) {
    const FileKind kind = KindOfPath(source.path);
    if (kind == FileKind::kMissing) return Missing(source);
    return kind == FileKind::kFolder;
  }
  if (source.trailing_slash || source.path.empty()) return true;
  const std::unique_ptr<ObjectStore> retrying = MakeRetrying(session, *store);
  if (session.settings.recursive) return !IsOnlyObject(session, source, *retrying);
  const Result<ObjectMeta> meta = retrying->Head(session.Context(), source.path);
  if (meta.ok()) return false;
  if (!meta.status().Is(ErrorKind::kNotFound)) return meta.status();
  const Result<ListPage> page = retrying->List(session.Context(), FirstKey(source));
  if (!page.ok()) return page.status();
  if (page->entries.empty() && page->next_page_token.empty()) return Missing(source);
  return true;
}

// DST is a folder to put things under: written with a slash, a bare bucket, or an existing folder.
bool IsFolderTarget(const ParsedLocation& target) {
  if (target.trailing_slash) return true;
  return target.is_local() && KindOfPath(target.path) == FileKind::kFolder;
}

// Whether a repeated run had this very folder as its target, which it may have made.
bool IsRecordedTarget(const Session& session, const ParsedLocation& target) {
  if (!session.recorded || !target.is_local()) return false;
  std::string folder = "file://" + CanonicalPath(target.path);
  if (!folder.ends_with('/')) folder += '/';
  return session.recorded->target_identity == folder;
}

// `target` with the source's last component under it, where DST means a folder.
ParsedLocation FinalTarget(const Session& session, const ParsedLocation& source,
                           ParsedLocation target) {
  if (!IsFolderTarget(target) || IsRecordedTarget(session, target)) return target;
  const std::string name = LastComponent(source.path);
  if (name.empty() || name == "." || name == "..") return target;
  target.path = target.path.empty() ? name : target.path + "/" + name;
  target.trailing_slash = false;
  return target;
}

// One side of a job about one object: its container (or local folder), and the key in it.
struct ObjectSide {
  OpenedStore opened;
  Endpoint endpoint;
  std::string key;
};

Result<ObjectSide> OpenObjectSide(Session& session, const ParsedLocation& location, RootMode mode) {
  ParsedLocation container = location;
  std::string key = location.path;
  if (location.is_local()) {
    const SplitPath split = SplitLocal(location.path);
    container.path = split.folder;
    key = split.name;
  } else {
    container.path.clear();
  }
  Result<OpenedStore> opened = OpenStore(session, container, mode);
  if (!opened.ok()) return opened.status();
  const Endpoint endpoint = FolderEndpoint(*opened, container);
  return ObjectSide{std::move(*opened), endpoint, key};
}

// Runs a cp with a journal that lasts, or without one where none can be kept. `to_local`: the
// target's store, if it is local.
int RunCopy(Session& session, const Endpoint& from, const Endpoint& to, SyncOptions options,
            LocalStore* to_local, const JobLabel& label) {
  options.mode = JobMode::kCopy;
  const std::string& state_dir = session.settings.state_dir;
  const std::string source_key = options.single ? options.single->source_key : "";
  const std::string target_key = options.single ? options.single->target_key : "";
  Status as_recorded = CheckRecorded(session, RecordedSide::kSource, from.identity + source_key);
  if (as_recorded.ok()) {
    as_recorded = CheckRecorded(session, RecordedSide::kTarget, to.identity + target_key);
  }
  if (!as_recorded.ok()) return session.Fail(as_recorded);
  std::unique_ptr<CopyJournal> journal;
  if (!options.dry_run && CanKeepJournals(state_dir)) {
    JobRecord record =
        MakeJobRecord(session, label, from.identity + source_key, to.identity + target_key);
    Result<std::unique_ptr<CopyJournal>> opened =
        CopyJournal::Open(state_dir, std::move(record), session.log);
    if (!opened.ok()) {
      session.log.Warn("this run is not journaled: " + opened.status().ToString());
    } else {
      journal = std::move(*opened);
    }
  }
  MemoryJobStore memory;
  // What nobody will remember must not stay behind.
  options.resume = options.resume && journal != nullptr;
  JobStore& store = journal ? static_cast<JobStore&>(*journal) : memory;
  const SyncSummary summary = RunAndReport(session, from, to, options, store, label);
  if (journal) journal->Close(summary.stopped && options.resume);
  if (to_local != nullptr && journal && session.stop_exit_code() == 0) {
    const KnownUploads known{memory, "", state_dir};
    RemoveLeftoversIn(to_local->WrittenFolders(), to, known, session.log, kAbandonedAfter);
  }
  return summary.exit_code;
}

Status UnusableStateDir(const std::string& state_dir) {
  return Status(ErrorKind::kInvalidArgument,
                "--state-dir '" + EscapeForDisplay(state_dir) + "': it cannot be written");
}

int CopyFolder(Session& session, const ParsedLocation& source, const ParsedLocation& target) {
  const JobLabel label{"cp", source.text, target.text};
  Result<OpenedStore> source_store = OpenStore(session, source, RootMode::kMustExist);
  if (!source_store.ok()) return session.Fail(source_store.status());
  Result<OpenedStore> target_store = OpenStore(session, target, RootMode::kCreate);
  if (!target_store.ok()) {
    return ReportNotStarted(session, label, target_store.status(),
                            ExitCodeOf(target_store.status()));
  }
  const Endpoint from = FolderEndpoint(*source_store, source);
  const Endpoint to = FolderEndpoint(*target_store, target);
  Status possible = CheckOverlap(from, to);
  if (possible.ok()) possible = CheckPartSizeOption(session, *target_store);
  if (!possible.ok()) return session.Fail(possible);
  return RunCopy(session, from, to, session.settings.sync, target_store->local, label);
}

int CopyObject(Session& session, const ParsedLocation& source, const ParsedLocation& target) {
  const JobLabel label{"cp", source.text, target.text};
  Result<ObjectSide> from = OpenObjectSide(session, source, RootMode::kMustExist);
  if (!from.ok()) return session.Fail(from.status());
  Result<ObjectSide> to = OpenObjectSide(session, target, RootMode::kCreate);
  if (!to.ok()) return ReportNotStarted(session, label, to.status(), ExitCodeOf(to.status()));
  if (from->endpoint.identity == to->endpoint.identity && from->key == to->key) {
    return session.Fail(
        Status(ErrorKind::kInvalidArgument, "'" + EscapeForDisplay(source.text) + "' and '" +
                                                EscapeForDisplay(target.text) +
                                                "' are the same place; nothing was touched"));
  }
  if (const Status fits = CheckPartSizeOption(session, to->opened); !fits.ok()) {
    return session.Fail(fits);
  }
  SyncOptions options = session.settings.sync;
  options.single = SyncOptions::SingleObject{from->key, to->key};
  return RunCopy(session, from->endpoint, to->endpoint, std::move(options), to->opened.local,
                 label);
}

// `cp - DST`
int CopyFromStdin(Session& session, const ParsedLocation& target) {
  if (IsFolderTarget(target)) {
    return session.Fail(Status(ErrorKind::kInvalidArgument,
                               "'" + EscapeForDisplay(target.text) +
                                   "' is a folder; stdin has no name, so name the object"));
  }
  Result<ObjectSide> to = OpenObjectSide(session, target, RootMode::kCreate);
  if (!to.ok()) {
    return ReportNotStarted(session, {"cp", "-", target.text}, to.status(),
                            ExitCodeOf(to.status()));
  }
  if (const Status fits = CheckPartSizeOption(session, to->opened); !fits.ok()) {
    return session.Fail(fits);
  }
  return UploadStdin(session, to->opened.store(), to->key, target.text);
}

}  // namespace

int RunCp(Session& session) {
  Result<ParsedLocation> source = ParseLocation(session.line.operands[0], session.config);
  if (!source.ok()) return session.Fail(source.status());
  Result<ParsedLocation> target = ParseLocation(session.line.operands[1], session.config);
  if (!target.ok()) return session.Fail(target.status());
  using Kind = ParsedLocation::Kind;
  if (source->kind == Kind::kStdio && target->kind == Kind::kStdio) {
    return session.Fail(Status(ErrorKind::kInvalidArgument, "stdin to stdout is not a copy"));
  }
  if (source->kind == Kind::kStdio) return CopyFromStdin(session, *target);
  if (target->kind == Kind::kStdio) return RunCat(session);
  const StopScope stop(session);
  const std::string& state_dir = session.settings.state_dir;
  if (session.values.WasGiven("state-dir") && !CanKeepJournals(state_dir)) {
    return session.Fail(UnusableStateDir(state_dir));
  }
  std::optional<OpenedStore> opened;
  if (!source->is_local()) {
    Result<OpenedStore> store = OpenStore(session, *source, RootMode::kMustExist);
    if (!store.ok()) return session.Fail(store.status());
    const Status as_recorded =
        CheckRecordedContainer(session, RecordedSide::kSource, store->container_identity);
    if (!as_recorded.ok()) return session.Fail(as_recorded);
    opened.emplace(std::move(*store));
  }
  Result<bool> folder = IsFolder(session, *source, opened ? &opened->store() : nullptr);
  if (!folder.ok()) {
    const JobLabel label{"cp", source->text, target->text};
    return ReportNotStarted(session, label, folder.status(), session.ExitCode(folder.status()));
  }
  if (*folder && !session.settings.recursive) return session.Fail(NeedsRecursive(*source));
  const ParsedLocation final_target = FinalTarget(session, *source, *target);
  return *folder ? CopyFolder(session, *source, final_target)
                 : CopyObject(session, *source, final_target);
}

}  // namespace godwit

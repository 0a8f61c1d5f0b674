#include "cli/job_clean.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/exit_code.h"
#include "cli/job_records.h"
#include "cli/open_store.h"
#include "lib/base/text.h"
#include "lib/policy/permit_issuer.h"
#include "lib/run/copy_journal.h"
#include "lib/run/leftovers.h"
#include "lib/run/sqlite_job_store.h"
#include "lib/run/target_lock.h"
#include "lib/sync/unfinished_uploads.h"

namespace godwit {
namespace {

// What came of one job.
struct Cleaned {
  std::uint64_t aborted = 0;
  std::uint64_t left = 0;
  int exit_code = kExitDone;
};

// One job being cleaned, with all that is needed to reach its target.
class JobCleaner {
 public:
  JobCleaner(Session& outer, Session& session, const FoundJob& job, JobStore& journal)
      : outer_(outer),
        session_(session),
        record_(job.record),
        folder_(job.folder),
        journal_(journal) {}

  Cleaned Run() {
    const Result<std::vector<JournaledUpload>> uploads = journal_.ReadUploads();
    if (!uploads.ok()) {
      Fail(uploads.status());
      return cleaned_;
    }
    std::vector<JournaledUpload> ours;
    for (const JournaledUpload& upload : *uploads) {
      journaled_.insert(upload.upload_id.Reveal());
      if (upload.of_this_job) ours.push_back(upload);
    }
    Result<ParsedLocation> target = ParseLocation(record_.operands[1], session_.config);
    if (!target.ok()) {
      Fail(target.status());
    } else if (!ours.empty() || target->is_local()) {
      CleanTarget(*target, ours);
    }
    return cleaned_;
  }

 private:
  // Journaled keys are relative to the target; of a cp of one object, to its container.
  void CleanTarget(ParsedLocation target, const std::vector<JournaledUpload>& uploads) {
    if (target.is_local()) target.path = LocalRoot();
    Result<OpenedStore> opened = OpenStore(session_, target, RootMode::kMustExist);
    if (!opened.ok()) return Fail(opened.status());
    if (target.is_local()) {
      if (const Status there = CheckFolder(target.path); !there.ok()) return Fail(there);
    }
    const std::string& place = opened->container_identity;
    if (!target.is_local() && !record_.target_identity.starts_with(place)) {
      return Fail(OtherPlace(record_.id, RecordedSide::kTarget, record_.target_identity, place));
    }
    std::string prefix = target.is_local() ? "" : record_.target_identity.substr(place.size());
    if (!prefix.ends_with('/')) prefix.clear();
    const std::unique_ptr<ObjectStore> store = MakeRetrying(session_, opened->store());
    for (const JournaledUpload& upload : uploads) {
      CleanUpload(*store, target.kind, upload, prefix + upload.key);
    }
    if (target.is_local() && record_.command == "sync") {
      const KnownUploads known{journal_, folder_, session_.settings.state_dir};
      RemoveLeftovers(FolderEndpoint(*opened, target), known, session_.log);
    }
  }

  // What a volume that is not mounted holds is not gone.
  static Status CheckFolder(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return Status::Ok();
    return Status(ErrorKind::kContainerNotFound,
                  "the target folder is not there, so its temporary files cannot be removed: mount "
                  "it, or make an empty folder of its name if it is gone for good")
        .WithObject(path);
  }

  // The folder is known by its canonical name: the working folder may be gone. A cp of one file
  // names the file.
  std::string LocalRoot() const {
    std::string path = record_.target_identity.substr(std::string_view("file://").size());
    if (path.ends_with('/')) return path;
    return path.substr(0, path.rfind('/') + 1);
  }

  void CleanUpload(ObjectStore& store, ParsedLocation::Kind kind, const JournaledUpload& upload,
                   const std::string& key) {
    const bool azure = kind == ParsedLocation::Kind::kAzure;
    if (azure && !upload.upload_id.empty()) return LeaveBlocks(store, upload, key);
    // There a begin leaves nothing, and here nothing is known that could be looked for.
    const bool nothing = azure || upload.intended == Timestamp{};
    Status status;
    if (!upload.upload_id.empty()) {
      status = Abort(store, key, upload.upload_id);
    } else if (!nothing) {
      status = AbortUnheard(store, upload, key);
    }
    // Without its folder there is no temporary file.
    if (kind == ParsedLocation::Kind::kLocal && status.Is(ErrorKind::kContainerNotFound)) {
      status = Status::Ok();
    }
    if (!status.ok()) return Fail(std::move(status).WithObject(key));
    Forget(upload);
  }

  Status Abort(ObjectStore& store, const std::string& key, const Secret& upload_id) {
    Status status =
        store.AbortUpload(session_.Context(), PermitIssuer().Judge(key), key, upload_id);
    if (status.ok()) ++cleaned_.aborted;
    return status;
  }

  // A begin was on its way when the run died: what came of it has no part, and is in no journal.
  Status AbortUnheard(ObjectStore& store, const JournaledUpload& intent, const std::string& key) {
    const Result<std::vector<UploadEntry>> open = store.ListUploads(session_.Context(), key);
    // What cannot be listed ends by itself.
    if (open.status().Is(ErrorKind::kUnsupported)) return Status::Ok();
    if (!open.ok()) return open.status();
    for (const UploadEntry& entry : *open) {
      const bool known = journaled_.contains(entry.upload_id.Reveal());
      if (known || entry.key != key || !BegunSince(entry, intent.intended)) continue;
      const Result<UploadedParts> parts = store.ListParts(session_.Context(), key, entry.upload_id);
      if (parts.status().Is(ErrorKind::kNotFound)) continue;
      if (!parts.ok()) return parts.status();
      if (parts->parts.empty()) GODWIT_RETURN_IF_ERROR(Abort(store, key, entry.upload_id));
    }
    return Status::Ok();
  }

  // Blocks that were never committed cannot be removed without rewriting the blob.
  void LeaveBlocks(ObjectStore& store, const JournaledUpload& upload, const std::string& key) {
    const Result<UploadedParts> parts = store.ListParts(session_.Context(), key, upload.upload_id);
    if (!parts.ok() && !parts.status().Is(ErrorKind::kNotFound)) return Fail(parts.status());
    std::uint64_t bytes = 0;
    const std::size_t count = parts.ok() ? parts->parts.size() : 0;
    for (std::size_t i = 0; i < count; ++i) bytes += parts->parts[i].size_bytes;
    if (count > 0) {
      outer_.results.Line(outer_.settings.json
                              ? LeftBlocksJson(record_.id, key, count, bytes)
                              : EscapeForDisplay(key) + ": " + std::to_string(count) +
                                    " uncommitted blocks (" + FormatByteSize(bytes) +
                                    ") expire by themselves within 7 days");
    }
    ++cleaned_.aborted;
    Forget(upload);
  }

  void Forget(const JournaledUpload& upload) {
    JournalRecord ended = UploadEndedRecord{upload.key};
    if (upload.abandoned) ended = AbandonedEndedRecord{upload.key, upload.upload_id};
    const Status status = journal_.Append(std::span(&ended, 1));
    if (!status.ok()) Fail(status);
  }

  void Fail(const Status& status) {
    ++cleaned_.left;
    cleaned_.exit_code = StrongerExitCode(cleaned_.exit_code, outer_.Fail(status));
  }

  Session& outer_;
  Session& session_;
  const JobRecord& record_;
  const std::string& folder_;
  JobStore& journal_;
  std::set<std::string> journaled_;  // Uploads; of all jobs.
  Cleaned cleaned_;
};

void ShowCleaned(Session& session, const JobRecord& record, const Cleaned& cleaned,
                 std::string_view status) {
  if (session.settings.json) {
    session.results.Line(CleanedJson(record, status, cleaned.aborted, cleaned.left));
  } else {
    session.results.Line(record.id + ": " + std::string(status) + ", " +
                         std::to_string(cleaned.aborted) + " uploads ended" +
                         (cleaned.left > 0 ? ", not all could be reached" : ""));
  }
}

int LeaveAlone(Session& session, const JobRecord& record) {
  ShowCleaned(session, record, {}, "running");
  return kExitDone;
}

Status ForgetJob(Session& session, const FoundJob& job) {
  if (job.record.command == "sync") return RemoveJobRecord(job.folder, job.record.id);
  return RemoveCopyJournal(session.settings.state_dir, job);
}

}  // namespace

bool IsRunning(const JobRecord& record) {
  return record.state == JobState::kRunning && LivenessOf(record.process) == Liveness::kAlive;
}

std::string StateName(const JobRecord& record) {
  if (record.state == JobState::kInterrupted) return "interrupted";
  if (record.state == JobState::kFailed) return "failed";
  switch (LivenessOf(record.process)) {
    case Liveness::kAlive:
      return "running";
    case Liveness::kDead:
      return "interrupted";
    case Liveness::kUnknown:
      break;
  }
  return "unknown";
}

int CleanJob(Session& session, const FoundJob& job) {
  const JobRecord& record = job.record;
  if (IsRunning(record)) return LeaveAlone(session, record);
  Result<std::unique_ptr<RecordedCommand>> command =
      RecordedCommand::Make(session, record, RecordedCommand::Options::kNone);
  if (!command.ok()) return session.Fail(command.status());
  std::optional<TargetLock> lock;
  if (record.command == "sync") {
    Result<TargetLock> taken =
        TargetLock::Take(session.settings.state_dir, record.target_identity, session.log);
    if (!taken.ok()) return session.Fail(taken.status());
    lock.emplace(std::move(*taken));
  }
  Cleaned cleaned;
  {
    Result<std::unique_ptr<JobStore>> journal = OpenSqliteJobStoreIn(
        job.folder, record.source_identity, record.target_identity, session.log, OwnerOf(record));
    if (journal.status().Is(ErrorKind::kConflict)) return LeaveAlone(session, record);
    if (!journal.ok()) return session.Fail(journal.status());
    cleaned = JobCleaner(session, (*command)->session(), job, **journal).Run();
  }
  if (cleaned.left == 0) {
    const Status forgotten = ForgetJob(session, job);
    if (!forgotten.ok()) return session.Fail(forgotten);
  }
  ShowCleaned(session, record, cleaned, cleaned.left == 0 ? "done" : "failed");
  return cleaned.exit_code;
}

}  // namespace godwit

#include "lib/run/leftovers.h"

#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "lib/policy/permit_issuer.h"
#include "lib/run/job_record.h"
#include "lib/run/lock_registry.h"
#include "lib/run/sqlite_job_store.h"

namespace godwit {

namespace {

constexpr std::string_view kOwnNames = ".godwit-";

// The folder of a target: uploads of local targets are named by paths beneath it. A cp of one file
// has that file as its target.
std::string FolderOf(const std::string& target_identity) {
  return target_identity.substr(0, target_identity.rfind('/') + 1);
}

// The uploads that some journal knows, by their whole paths.
Result<std::set<std::string>> Wanted(const Endpoint& target, const KnownUploads& known, Log& log) {
  std::set<std::string> wanted;
  const auto add = [&wanted](const std::string& folder, const auto& uploads) {
    for (const JournaledUpload& upload : uploads) {
      const bool goes_on = !upload.upload_id.empty() && !upload.abandoned;
      if (goes_on) wanted.insert(folder + upload.upload_id.Reveal());
    }
  };
  const Result<std::vector<JournaledUpload>> own = known.jobs.ReadUploads();
  if (!own.ok()) return own.status();
  add(target.identity, *own);
  const Result<std::vector<FoundJob>> jobs = FindJobs(known.state_dir, log);
  if (!jobs.ok()) return jobs.status();
  for (const FoundJob& job : *jobs) {
    const JobRecord& record = job.record;
    if (!TargetsOverlap(record.target_identity, target.identity)) continue;
    if (job.folder == known.folder) continue;
    const Result<std::vector<JournaledUpload>> uploads =
        PeekUploads(job.folder, record.source_identity, record.target_identity, OwnerOf(record));
    if (uploads.status().Is(ErrorKind::kNotFound)) continue;
    if (!uploads.ok()) return uploads.status();
    add(FolderOf(record.target_identity), *uploads);
  }
  return wanted;
}

void Remove(const std::vector<UploadEntry>& left, const Endpoint& target, const KnownUploads& known,
            Log& log, std::chrono::seconds age_min) {
  if (left.empty()) return;
  const Result<std::set<std::string>> wanted = Wanted(target, known, log);
  if (!wanted.ok()) {
    log.Info("temporary files of earlier runs stay for now: " + wanted.status().ToString());
    return;
  }
  const PermitIssuer permits;
  const Timestamp now = SystemClock().WallNow();
  for (const UploadEntry& entry : left) {
    if (wanted->contains(target.identity + entry.upload_id.Reveal())) continue;
    if (age_min.count() > 0 && entry.started.time > now - age_min) continue;
    const Status removed =
        target.store->AbortUpload({}, permits.Judge(entry.key), entry.key, entry.upload_id);
    if (!removed.ok()) log.Warn("a temporary file stays behind: " + removed.ToString());
  }
}

}  // namespace

void RemoveLeftovers(const Endpoint& target, const KnownUploads& known, Log& log,
                     std::chrono::seconds age_min) {
  if (!target.store->Describe().is_local) return;
  const Result<std::vector<UploadEntry>> left = target.store->ListUploads({}, target.prefix);
  if (left.ok()) return Remove(*left, target, known, log, age_min);
  log.Warn("temporary files of an earlier run were not looked for: " + left.status().ToString());
}

void RemoveLeftoversIn(const std::set<std::string>& folders, const Endpoint& target,
                       const KnownUploads& known, Log& log, std::chrono::seconds age_min) {
  std::vector<UploadEntry> left;
  for (const std::string& folder : folders) {
    // Only names that begin so are looked at: no folder is entered.
    const std::string prefix = folder + (folder.empty() ? "" : "/") + std::string(kOwnNames);
    Result<std::vector<UploadEntry>> found = target.store->ListUploads({}, prefix);
    if (!found.ok()) continue;
    for (UploadEntry& entry : *found) left.push_back(std::move(entry));
  }
  Remove(left, target, known, log, age_min);
}

}  // namespace godwit

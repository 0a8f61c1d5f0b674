#include "lib/run/copy_journal.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>

#include <unistd.h>

#include "lib/base/errno_status.h"
#include "lib/run/lock_registry.h"
#include "lib/run/sqlite_job_store.h"
#include "lib/run/state_folder.h"

namespace godwit {

namespace {

namespace fs = std::filesystem;

// As many equal runs at once are journaled; others go without.
constexpr int kFoldersMax = 64;

bool IsIntent(const JournalRecord& record) {
  return std::holds_alternative<UploadIntentRecord>(record);
}

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

Status RemoveFolder(const std::string& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  return error ? ErrnoStatus(error.value(), "remove the journal", folder) : Status::Ok();
}

}  // namespace

Status RemoveCopyJournal(const std::string& state_dir, const FoundJob& job) {
  // Nobody opens it while it goes.
  const Result<LockRegistry> claims = LockRegistry::Open(state_dir);
  if (!claims.ok()) return claims.status();
  const JobRecord& record = job.record;
  const Result<std::vector<JournaledUpload>> left =
      PeekUploads(job.folder, record.source_identity, record.target_identity, OwnerOf(record));
  if (left.status().Is(ErrorKind::kConflict) || (left.ok() && !left->empty())) return Status::Ok();
  return RemoveFolder(job.folder);
}

bool CanKeepJournals(const std::string& state_dir) {
  std::string folder = state_dir;
  while (!folder.empty() && access(folder.c_str(), F_OK) != 0 && errno == ENOENT) {
    const std::size_t slash = folder.rfind('/');
    folder = slash == std::string::npos ? "." : slash == 0 ? "/" : folder.substr(0, slash);
  }
  std::error_code error;
  return fs::is_directory(folder, error) && access(folder.c_str(), W_OK | X_OK) == 0;
}

Result<std::unique_ptr<CopyJournal>> CopyJournal::Open(std::string state_dir, JobRecord record,
                                                       Log& log) {
  std::unique_ptr<CopyJournal> journal(
      new CopyJournal(std::move(state_dir), std::move(record), log));
  const std::lock_guard lock(journal->mutex_);
  GODWIT_RETURN_IF_ERROR(journal->Claim(false));
  return journal;
}

std::string CopyJournal::FolderOf(int number) const {
  const std::string first = JobFolder(state_dir_, "cp " + job_id_ + ' ' + record_.source_identity,
                                      record_.target_identity);
  return number == 1 ? first : first + '-' + std::to_string(number);
}

Status CopyJournal::OpenFolder(int number) {
  const std::string folder = FolderOf(number);
  Result<std::unique_ptr<JobStore>> journal =
      OpenSqliteJobStoreIn(folder, record_.source_identity, record_.target_identity, log_, job_id_);
  if (!journal.ok()) return std::move(journal).status();
  folder_ = folder;
  journal_ = std::move(*journal);
  record_.id = number == 1 ? job_id_ : job_id_ + '-' + std::to_string(number);
  return WriteJobRecord(folder_, record_);
}

// The folder of a run that is dead, if there is one; else a new one, if asked.
Status CopyJournal::Claim(bool make) {
  if (!make && !Exists(state_dir_ + "/jobs")) return Status::Ok();
  const Result<LockRegistry> claims = LockRegistry::Open(state_dir_);
  if (!claims.ok()) return claims.status();
  for (const bool may_make : {false, true}) {
    if (may_make && !make) break;
    for (int number = 1; number <= kFoldersMax; ++number) {
      if (Exists(FolderOf(number)) == may_make) continue;
      Status opened = OpenFolder(number);
      if (!opened.Is(ErrorKind::kConflict)) return opened;
    }
  }
  if (!make) return Status::Ok();
  return Status(ErrorKind::kConflict, "too many runs of the same command").WithObject(state_dir_);
}

Result<std::vector<StateRow>> CopyJournal::ReadState(const std::string&, std::uint32_t) {
  return std::vector<StateRow>();
}

Status CopyJournal::Append(std::span<const JournalRecord> records) {
  const std::lock_guard lock(mutex_);
  if (!journal_) {
    if (std::none_of(records.begin(), records.end(), IsIntent)) return Status::Ok();
    GODWIT_RETURN_IF_ERROR(Claim(true));
  }
  std::vector<JournalRecord> uploads;
  for (const JournalRecord& record : records) {
    const bool is_state = std::holds_alternative<KeepStateRecord>(record) ||
                          std::holds_alternative<DropStateRecord>(record);
    if (!is_state) uploads.push_back(record);
  }
  return journal_->Append(uploads);
}

Result<std::vector<JournaledUpload>> CopyJournal::ReadUploads() {
  const std::lock_guard lock(mutex_);
  return journal_ ? journal_->ReadUploads() : std::vector<JournaledUpload>();
}

Status CopyJournal::Spool(std::span<const SpooledDelete> deletes) { return memory_.Spool(deletes); }

Result<std::vector<SpooledDelete>> CopyJournal::ReadSpool(std::uint64_t first,
                                                          std::uint32_t rows_max) {
  return memory_.ReadSpool(first, rows_max);
}

void CopyJournal::Close(bool interrupted) {
  const std::lock_guard lock(mutex_);
  if (!journal_) return;
  const Result<std::vector<JournaledUpload>> left = journal_->ReadUploads();
  Status status;
  if (!interrupted && left.ok() && left->empty()) {
    const Result<LockRegistry> claims = LockRegistry::Open(state_dir_);
    journal_.reset();
    status = claims.ok() ? RemoveFolder(folder_) : claims.status();
  } else {
    record_.state = interrupted ? JobState::kInterrupted : JobState::kFailed;
    status = WriteJobRecord(folder_, record_);
    journal_.reset();
  }
  if (!status.ok()) log_.Warn("the journal was not closed: " + status.ToString());
}

}  // namespace godwit

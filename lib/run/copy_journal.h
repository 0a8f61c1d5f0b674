#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "godwit/result.h"
#include "lib/base/log.h"
#include "lib/run/job_record.h"
#include "lib/run/job_store.h"
#include "lib/run/memory_job_store.h"

namespace godwit {

// The journal of a cp: no state and no lock, but the uploads that are under way, so that a cp that
// was stopped or killed goes on when it is given again. Nothing is made on disk before the first
// upload in parts begins, and nothing is left once none is unfinished.
//
// Several cp may run at once, also the same one: each has a folder STATE_DIR/jobs/<hash>-N of its
// own, claimed by its database's lock, which the kernel gives back when its process dies. Only
// what nobody holds is taken over. The calls of the store are safe from any thread.
class CopyJournal final : public JobStore {
 public:
  // `record` tells of the run; its id gets "-N" from the second folder on. Takes over what an
  // earlier run of the same job left. Fails, as the file system says, if that cannot be used.
  static Result<std::unique_ptr<CopyJournal>> Open(std::string state_dir, JobRecord record,
                                                   Log& log);

  Result<std::vector<StateRow>> ReadState(const std::string& after,
                                          std::uint32_t rows_max) override;
  Status Append(std::span<const JournalRecord> records) override;
  Result<std::vector<JournaledUpload>> ReadUploads() override;
  Status Spool(std::span<const SpooledDelete> deletes) override;
  Result<std::vector<SpooledDelete>> ReadSpool(std::uint64_t first,
                                               std::uint32_t rows_max) override;

  // The run has ended: keeps the journal for the next one if it was interrupted or left uploads
  // behind, and forgets it otherwise. The last call.
  void Close(bool interrupted);

 private:
  CopyJournal(std::string state_dir, JobRecord record, Log& log)
      : state_dir_(std::move(state_dir)),
        job_id_(record.id),
        record_(std::move(record)),
        log_(log) {}

  Status Claim(bool make);
  Status OpenFolder(int number);
  std::string FolderOf(int number) const;

  const std::string state_dir_;
  const std::string job_id_;
  JobRecord record_;
  Log& log_;
  std::mutex mutex_;  // Guards all below.
  std::string folder_;
  std::unique_ptr<JobStore> journal_;  // Null until one is needed.
  MemoryJobStore memory_;
};

// Removes the folder of a cp's journal, unless a run has taken it over or left something in it.
Status RemoveCopyJournal(const std::string& state_dir, const FoundJob& job);

// False if `state_dir`, or what would hold it, cannot be written: nothing can be journaled.
// Makes nothing.
bool CanKeepJournals(const std::string& state_dir);

}  // namespace godwit

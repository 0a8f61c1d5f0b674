#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "lib/run/job_store.h"
#include "lib/run/spool_file.h"

namespace godwit {

// A job store that forgets everything when it dies: for jobs that keep no state (cp, rm), and for
// tests. Its spool may use a file without a name in the folder for temporary files. Safe from any
// thread.
class MemoryJobStore final : public JobStore {
 public:
  MemoryJobStore();

  Result<std::vector<StateRow>> ReadState(const std::string& after,
                                          std::uint32_t rows_max) override;
  Status Append(std::span<const JournalRecord> records) override;
  Result<std::vector<JournaledUpload>> ReadUploads() override;
  Status Spool(std::span<const SpooledDelete> deletes) override;
  Result<std::vector<SpooledDelete>> ReadSpool(std::uint64_t first,
                                               std::uint32_t rows_max) override;

 private:
  struct Upload {
    JournaledUpload row;  // Without parts.
    std::map<std::uint32_t, PartReceipt> parts;
  };

  void Apply(const KeepStateRecord& record);
  void Apply(const DropStateRecord& record);
  void Apply(const UploadIntentRecord& record);
  void Apply(const UploadBegunRecord& record);
  void Apply(const UploadPartRecord& record);
  void Apply(const UploadEndedRecord& record);
  void Apply(const UploadAbandonedRecord& record);
  void Apply(const AbandonedEndedRecord& record);

  std::mutex mutex_;  // Guards all below.
  std::map<std::string, StateRow> state_;
  std::map<std::string, Upload> uploads_;
  std::vector<JournaledUpload> abandoned_;
  SpoolFile spool_;
};

}  // namespace godwit

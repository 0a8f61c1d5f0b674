#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lib/run/job_store.h"

namespace godwit {

// A JobStore in memory that outlives the runs of a simulation. What is appended survives a crash;
// the spool does not. One thread at a time.
class SimJobStore final : public JobStore {
 public:
  // Hears of every row before it is kept.
  void set_row_check(std::function<void(const StateRow&)> check) { check_ = std::move(check); }

  Result<std::vector<StateRow>> ReadState(const std::string& after,
                                          std::uint32_t rows_max) override;
  Status Append(std::span<const JournalRecord> records) override;
  Result<std::vector<JournaledUpload>> ReadUploads() override;
  Status Spool(std::span<const SpooledDelete> deletes) override;
  Result<std::vector<SpooledDelete>> ReadSpool(std::uint64_t first,
                                               std::uint32_t rows_max) override;

  void BeginRun() { spool_.clear(); }
  void ForgetState() { rows_.clear(); }
  const std::map<std::string, StateRow>& rows() const { return rows_; }
  const std::map<std::string, JournaledUpload>& uploads() const { return uploads_; }

 private:
  void Keep(const JournalRecord& record);

  std::function<void(const StateRow&)> check_;
  std::map<std::string, StateRow> rows_;
  std::map<std::string, JournaledUpload> uploads_;
  std::vector<SpooledDelete> spool_;
};

}  // namespace godwit

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/random.h"
#include "lib/run/job_store.h"

namespace godwit {

// A JobStore in memory that outlives the runs of a simulation. What is appended survives the death
// of the process; a power cut takes of what was not yet durable a suffix, whole commits only, or
// tears the journal so that all of it is set aside. The spool does not outlive its run. One thread
// at a time.
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
  void ForgetState() { shown_.rows.clear(); }
  // How many commits there were.
  std::uint64_t commits() const { return commits_; }
  // The first `commits` of them are durable from now on.
  void SyncThrough(std::uint64_t commits);
  // True if the journal is torn.
  bool CutPower(Random& random);

  const std::map<std::string, StateRow>& rows() const { return shown_.rows; }
  const std::map<std::string, JournaledUpload>& uploads() const { return shown_.uploads; }

 private:
  struct Content {
    std::map<std::string, StateRow> rows;
    std::map<std::string, JournaledUpload> uploads;
    std::map<std::pair<std::string, std::string>, JournaledUpload> abandoned;  // By key and id.

    void Apply(const JournalRecord& record);
  };

  std::function<void(const StateRow&)> check_;
  Content shown_;                                    // As a reader finds it.
  Content durable_;                                  // As a power cut leaves it at the worst.
  std::deque<std::vector<JournalRecord>> unsynced_;  // What the first has more, in commits.
  std::uint64_t commits_ = 0;
  std::vector<SpooledDelete> spool_;
};

}  // namespace godwit

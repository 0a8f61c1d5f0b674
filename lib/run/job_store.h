#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "godwit/secret.h"
#include "godwit/store_messages.h"
#include "lib/plan/state_row.h"
#include "lib/sync/record.h"

namespace godwit {

// What outlives a run: the state of one (source, target) pair, its journal, and the spool of the
// current run. Behind this interface so that jobs can later run where no disk lasts.
// One thread at a time, but for Append, which any thread may call.
class JobStore {
 public:
  virtual ~JobStore() = default;

  // Up to `rows_max` state rows with keys after `after`, ascending by bytes.
  virtual Result<std::vector<StateRow>> ReadState(const std::string& after,
                                                  std::uint32_t rows_max) = 0;
  // Applies records in order, in one commit; durable on return.
  virtual Status Append(std::span<const JournalRecord> records) = 0;
  // All uploads that earlier runs, or this one, left unfinished: those that may go on, then those
  // that were abandoned, each ascending by key.
  virtual Result<std::vector<JournaledUpload>> ReadUploads() = 0;

  // False once records were lost, those of this run or older ones.
  virtual bool complete() const { return true; }

  // Delete candidates of this run, kept in the order given; gone when the run ends.
  virtual Status Spool(std::span<const SpooledDelete> deletes) = 0;
  virtual Result<std::vector<SpooledDelete>> ReadSpool(std::uint64_t first,
                                                       std::uint32_t rows_max) = 0;
};

}  // namespace godwit

#pragma once

#include <memory>
#include <string>

#include "godwit/result.h"
#include "lib/base/log.h"
#include "lib/run/job_store.h"

namespace godwit {

// Opens, or makes, the job store of a (source, target) pair in a local state folder: an SQLite
// database STATE_DIR/jobs/<hash>/state.db (mode 0600 in folders of mode 0700).
//
// State that is torn, foreign or newer is set aside with a warning and replaced by an empty one,
// also when that shows only during the run. Uploads that are begun belong to `job_id` (MakeJobId),
// and those that are read say whether they do. Fails if the folder cannot be used, or (kConflict)
// if another process has the state open. The calls of the store are safe from any thread. `log`
// must outlive the store.
Result<std::unique_ptr<JobStore>> OpenSqliteJobStore(const std::string& state_dir,
                                                     const std::string& source_identity,
                                                     const std::string& target_identity, Log& log,
                                                     const std::string& job_id = {});
// The same in a folder of the caller's choice.
Result<std::unique_ptr<JobStore>> OpenSqliteJobStoreIn(const std::string& folder,
                                                       const std::string& source_identity,
                                                       const std::string& target_identity, Log& log,
                                                       const std::string& job_id);

// The unfinished uploads of a job, as far as they are written, without making or changing a file.
// Fails with kConflict while a run has the state open.
Result<std::vector<JournaledUpload>> PeekUploads(const std::string& folder,
                                                 const std::string& source_identity,
                                                 const std::string& target_identity,
                                                 const std::string& job_id);

// For dry runs: reads the state that is there, if any, and writes nothing: no folder, no file, no
// record (Append does nothing and succeeds). State that is damaged or in use is not read, with a
// warning.
Result<std::unique_ptr<JobStore>> OpenSqliteJobStoreReadOnly(const std::string& state_dir,
                                                             const std::string& source_identity,
                                                             const std::string& target_identity,
                                                             Log& log);

}  // namespace godwit

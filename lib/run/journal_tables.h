#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/result.h"
#include "lib/run/sqlite_database.h"
#include "lib/run/state_codec.h"
#include "lib/sync/record.h"

namespace godwit {

// Writes journal records into the tables of a state database, with statements that are prepared
// once; uploads as those of one job. The database must outlive it. One thread at a time.
class JournalTables {
 public:
  static Result<JournalTables> Prepare(SqliteDatabase& database, const std::string& job_id);

  Status Write(const JournalRecord& record);

 private:
  struct Upload {
    UploadRow row;
    Timestamp intended{};
  };

  explicit JournalTables(std::string job_id) : job_id_(std::move(job_id)) {}

  Status Apply(const KeepStateRecord& record);
  Status Apply(const DropStateRecord& record);
  Status Apply(const UploadIntentRecord& record);
  Status Apply(const UploadBegunRecord& record);
  Status Apply(const UploadPartRecord& record);
  Status Apply(const UploadEndedRecord& record);
  Status Apply(const UploadAbandonedRecord& record);
  Status Apply(const AbandonedEndedRecord& record);
  // None: there is no such row, or it is damaged.
  Result<std::optional<Upload>> FindUpload(const std::string& key);
  Status PutUpload(const std::string& key, const Upload& upload);

  std::string job_id_;
  SqliteStatement keep_;
  SqliteStatement drop_;
  SqliteStatement find_upload_;
  SqliteStatement put_upload_;
  SqliteStatement drop_upload_;
  SqliteStatement put_part_;
  SqliteStatement drop_parts_;
  SqliteStatement abandon_;
  SqliteStatement drop_abandoned_;
};

// The unfinished uploads (JobStore::ReadUploads). Damaged rows are left out: the service's own list
// of parts is what counts.
Result<std::vector<JournaledUpload>> SelectUploads(SqliteDatabase& database,
                                                   std::string_view job_id);

}  // namespace godwit

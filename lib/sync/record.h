#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "godwit/object_meta.h"
#include "godwit/secret.h"
#include "godwit/store_messages.h"
#include "lib/plan/state_row.h"

// What the engine wants to be remembered beyond its own life.

namespace godwit {

// Both sides are proven equal in these versions.
struct KeepStateRecord {
  StateRow row;
};

// Nothing is known about the key any more.
struct DropStateRecord {
  std::string key;
};

// An upload is about to be asked for. Durable before the request is sent.
struct UploadIntentRecord {
  std::string key;
  Version source_version;
  std::uint64_t size_bytes = 0;
  std::uint64_t part_size_bytes = 0;
  std::uint64_t form = 0;  // What the object gets at the begin (FormOf).
  Timestamp intended{};    // By the clock of this machine.
};

struct UploadBegunRecord {
  std::string key;
  Secret upload_id;
};

struct UploadPartRecord {
  std::string key;
  PartReceipt part;
};

// Finished or aborted: nothing is left at the service.
struct UploadEndedRecord {
  std::string key;
};

// Nobody goes on with it, and it could not be ended: a later run, or `jobs clean`, is to try again.
// Takes the place of the upload that is under way, if it is that one.
struct UploadAbandonedRecord {
  std::string key;
  Secret upload_id;      // Empty: of a begin whose answer nobody heard.
  Timestamp intended{};  // Of its begin.
};

// Nothing is left at the service of what was abandoned.
struct AbandonedEndedRecord {
  std::string key;
  Secret upload_id;
};

// An upload that the journal remembers as begun, or about to be, and not as ended. Of a key there
// is at most one that is not abandoned.
struct JournaledUpload {
  std::string key;
  Version source_version;
  std::uint64_t size_bytes = 0;
  std::uint64_t part_size_bytes = 0;
  Secret upload_id;                // Empty: the service may or may not have begun it.
  std::vector<PartReceipt> parts;  // Ascending by index.
  std::uint64_t form = 0;
  // False: of another job between the same places, which may come back for it.
  bool of_this_job = true;
  Timestamp intended{};  // The epoch: not known.
  bool abandoned = false;
};

using JournalRecord =
    std::variant<KeepStateRecord, DropStateRecord, UploadIntentRecord, UploadBegunRecord,
                 UploadPartRecord, UploadEndedRecord, UploadAbandonedRecord, AbandonedEndedRecord>;

// A target key that the source does not have, waiting for the delete phase.
struct SpooledDelete {
  std::string key;
  Version version;
  std::uint64_t size_bytes = 0;
  bool excluded = false;   // --delete-excluded: needs no proof.
  bool is_folder = false;  // A local folder or a directory marker.
};

}  // namespace godwit

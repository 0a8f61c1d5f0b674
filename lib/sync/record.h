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

// An upload that the journal remembers as begun, or about to be, and not as ended.
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
};

using JournalRecord = std::variant<KeepStateRecord, DropStateRecord, UploadIntentRecord,
                                   UploadBegunRecord, UploadPartRecord, UploadEndedRecord>;

// A target key that the source does not have, waiting for the delete phase.
struct SpooledDelete {
  std::string key;
  Version version;
  std::uint64_t size_bytes = 0;
  bool excluded = false;   // --delete-excluded: needs no proof.
  bool is_folder = false;  // A local folder or a directory marker.
};

}  // namespace godwit

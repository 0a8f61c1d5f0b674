#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "godwit/object_meta.h"
#include "godwit/secret.h"
#include "godwit/status.h"
#include "godwit/store_messages.h"
#include "lib/plan/state_row.h"
#include "lib/sync/command.h"

// What a runner tells the engine.

namespace godwit {

// A page of the state; `last` says that no row follows.
struct StateRows {
  std::vector<StateRow> rows;
  bool last = false;
};

struct Hashed {
  DigestSet digests;
};

struct Transferred {
  PutReceipt receipt;
  DigestSet digests;            // Of the bytes that passed.
  ObjectMeta source;            // What the read told about the source.
  bool source_checked = false;  // The source's own stored digest agreed.
};

struct UploadBegan {
  Secret upload_id;
};

struct PartTransferred {
  PartReceipt receipt;
  // Sums of the bytes that passed; combine over the parts. Unset for server-side copies.
  bool has_sum = false;
  std::uint64_t crc64nvme = 0;
  std::uint32_t crc32c = 0;
};

struct UploadList {
  std::vector<UploadEntry> uploads;
};

struct DeleteStatuses {
  std::vector<Status> statuses;
};

struct SpooledDeletes {
  std::vector<SpooledDelete> deletes;
};

struct Confirmed {
  bool yes = false;
};

struct Finished {};

using CommandResult = std::variant<ListPage, StateRows, ObjectMeta, Hashed, Transferred,
                                   UploadBegan, PartTransferred, UploadedParts, UploadList,
                                   PutReceipt, DeleteStatuses, SpooledDeletes, Confirmed, Finished>;

// The command ended well.
struct Done {
  CommandId id = 0;
  CommandResult result;
};

// The command failed. `status.maybe_applied()` says that a write may have taken effect.
struct Failed {
  CommandId id = 0;
  Status status;
  Side side = Side::kTarget;     // Of commands that touch both: where it failed.
  DigestSet sent;                // Of the bytes that were to be written, where known.
  std::string running_md5 = {};  // Likewise; see TransferPartCommand.
};

// All records of journal commands up to `sequence` survive a crash.
struct Durable {
  CommandId id = 0;
  std::uint64_t sequence = 0;
};

// The time of a WakeAt has come.
struct Tick {};

// The user, a signal or --max-runtime wants a clean stop. `exit_code` is 129, 130, 143 or 1.
struct Stop {
  int exit_code = 130;
};

// The first event, once.
struct Start {
  std::uint64_t seed = 0;
  bool source_exists = true;  // Local folders: looked at by the runner; others show in the listing.
  // What earlier runs of this job left unfinished at the target.
  std::vector<JournaledUpload> uploads = {};
  // See CompareInput.
  std::optional<Timestamp> unsettled_since = {};
  Timestamp wall_now{};  // By the clock of this machine.
};

using Event = std::variant<Start, Done, Failed, Durable, Tick, Stop>;

}  // namespace godwit

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "godwit/object_meta.h"
#include "godwit/secret.h"
#include "godwit/store_messages.h"
#include "lib/plan/attributes.h"
#include "lib/sync/control_command.h"

// What the engine asks its runner to do. Keys are relative to the job's folder on their side; the
// runner adds the prefix. A command with an id ends in exactly one Done or Failed event, also when
// it was cancelled.

namespace godwit {

enum class Side : std::uint8_t { kSource, kTarget };

// Each is answered by Done (the result named behind the arrow) or Failed.

// One page of a side's listing, from `start_after` (first page) or `page_token`. -> ListPage with
// relative keys.
struct ListCommand {
  Side side = Side::kSource;
  std::string start_after;
  std::string end_before;
  std::string page_token;
  std::uint32_t keys_max = 0;  // 0: the store's page size.
};

// The next rows of the state, in key order. -> StateRows
struct ReadStateCommand {
  std::string after;  // Exclusive; empty: from the beginning.
  std::uint32_t rows_max = 1000;
};

// -> ObjectMeta
struct HeadCommand {
  Side side = Side::kSource;
  std::string key;
};

// Reads an object once and hashes it, pinned to `version`. -> Hashed
struct HashCommand {
  Side side = Side::kSource;
  std::string key;
  Version version;
  std::uint64_t size_bytes = 0;
  bool want_md5 = false;  // Also MD5, where nothing cheaper is common to both sides.
  bool want_sha256 = false;
};

// Reads a whole object, pinned, checks it against the source's own digest and puts it.
// A body over the runner's buffer share (`stream`) passes through a bounded pipe. -> Transferred
struct TransferWholeCommand {
  std::string source_key;
  std::string target_key;
  Version source_version;
  ObjectEntry source;  // As listed.
  std::uint64_t size_bytes = 0;
  WriteCondition condition;
  std::shared_ptr<const AttributeRules> rules;
  bool stream = false;
};

// -> UploadBegan
struct BeginUploadCommand {
  std::string target_key;
  UploadOptions options;
};

// Reads a pinned range and puts it as one part. With `md5_before`, the state of a RunningMd5
// (empty: a new one), it goes on with that and tells the state behind the part. -> PartTransferred
struct TransferPartCommand {
  std::string source_key;
  std::string target_key;
  Version source_version;
  Secret upload_id;
  std::uint32_t index = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool stream = false;
  std::optional<std::string> md5_before = {};
};

// As TransferPart, inside the service. -> PartTransferred
struct ServerCopyPartCommand {
  std::string source_key;
  std::string target_key;
  Version source_version;
  Secret upload_id;
  std::uint32_t index = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// -> UploadedParts
struct ListPartsCommand {
  std::string target_key;
  Secret upload_id;
};

// Unfinished uploads of exactly this key. -> UploadList
struct ListUploadsCommand {
  std::string target_key;
};

// -> PutReceipt
struct FinishUploadCommand {
  std::string target_key;
  Secret upload_id;
  std::vector<PartReceipt> parts;
  FinishOptions options;
};

// -> Finished
struct AbortUploadCommand {
  std::string target_key;
  Secret upload_id;
};

// A whole object inside the service. -> PutReceipt
struct ServerCopyCommand {
  std::string source_key;
  std::string target_key;
  Version source_version;
  PutOptions options;
};

// -> PutReceipt
struct SetMetadataCommand {
  std::string target_key;
  Version version;
  ObjectAttributes attributes;
};

// Keys of the target. -> DeleteStatuses, in the order of the requests
struct DeleteCommand {
  std::vector<DeleteRequest> requests;
};

// Local targets: removes folders that the deletes emptied, deepest first. -> Finished
struct PruneFoldersCommand {
  std::vector<std::string> folders;
};

struct Command {
  CommandId id = 0;  // 0 for commands without an answer.
  std::variant<ListCommand, ReadStateCommand, HeadCommand, HashCommand, TransferWholeCommand,
               BeginUploadCommand, TransferPartCommand, ServerCopyPartCommand, ListPartsCommand,
               ListUploadsCommand, FinishUploadCommand, AbortUploadCommand, ServerCopyCommand,
               SetMetadataCommand, DeleteCommand, PruneFoldersCommand, SpoolCommand,
               ReadSpoolCommand, JournalCommand, ConfirmCommand, WakeAtCommand, CancelCommand,
               ReportCommand, EndCommand>
      body;
};

using Commands = std::vector<Command>;

}  // namespace godwit

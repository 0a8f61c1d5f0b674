#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/object_meta.h"
#include "godwit/secret.h"

// The requests that an ObjectStore takes and the answers it gives, as plain values.

namespace godwit {

// One page of a listing. Keys are full keys of the container.
struct ListRequest {
  std::string prefix;            // A byte prefix, not a folder.
  std::string delimiter;         // Empty, or "/": keys behind it come as one common prefix.
  std::string start_after;       // Exclusive; empty: from the beginning.
  std::string end_before;        // Exclusive; empty: to the end.
  std::string page_token;        // From the previous page; empty: the first page.
  std::uint32_t keys_max = 0;    // 0: the store's page size.
  bool include_folders = false;  // Local only: also kFolder entries.
  bool versions = false;         // Old versions and delete markers too; kUnsupported elsewhere.
};

struct ListPage {
  std::vector<ObjectEntry> entries;          // Strictly ascending in the store's declared order.
  std::vector<std::string> common_prefixes;  // Likewise; each ends with the delimiter.
  // Empty if, and only if, the service itself said that the listing ends here.
  std::string next_page_token;
};

// What a write expects to find under its key.
struct WriteCondition {
  enum class Kind : std::uint8_t { kNone, kCreateOnly, kIfVersion };
  Kind kind = Kind::kNone;
  Version version;  // Only for kIfVersion.

  static WriteCondition None() { return {}; }
  static WriteCondition CreateOnly() { return {Kind::kCreateOnly, {}}; }
  static WriteCondition IfVersion(Version v) { return {Kind::kIfVersion, std::move(v)}; }
};

struct GetOptions {
  // First byte and number of bytes; a length of 0 with offset 0 means the whole object.
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  // The version to read; empty: whatever is there. Another one fails with kPreconditionFailed.
  Version version;
};

struct PutOptions {
  WriteCondition condition;
  ObjectAttributes attributes;
  // Digests of the whole body. The store sends the one that its service checks; a body that does
  // not match is refused with kCorrupted and nothing is stored.
  DigestSet digests;
};

// What proves that a write stored the right bytes; JsonName is the value of the field `verified`.
enum class WriteProof : std::uint8_t {
  kNone,
  kCrc64Nvme,
  kCrc32c,
  kMd5,
  kPartMd5,
  kBlockCrc64,
  kServiceCopy,
  kReadBack,
};
std::string_view WriteProofName(WriteProof proof);

struct PutReceipt {
  Version version;
  PreciseTime modified;  // Zero where the answer does not tell.
  DigestSet digests;     // Those that the service confirmed.
  WriteProof proof = WriteProof::kNone;
};

struct UploadOptions {
  ObjectAttributes attributes;
  WriteCondition condition;           // Where Capabilities says kAtBegin.
  std::uint64_t size_bytes = 0;       // Of the whole object.
  std::uint64_t part_size_bytes = 0;  // Of every part but the last.
  bool by_copy = false;               // Every part will come by CopyPart.
  bool in_order = false;              // Every part will come after the one before it.
};

// One part of an upload that is under way.
struct UploadPart {
  std::uint32_t index = 0;   // From 0.
  std::uint64_t offset = 0;  // index * part_size_bytes.
  DigestSet digests;         // Of the part's bytes; empty if they stream.
};

// What the service said of a part it has kept.
struct PartReceipt {
  std::uint32_t index = 0;
  std::uint64_t size_bytes = 0;
  std::string token;  // The part's ETag, the block id; behind a space a note that no list has.
  DigestSet digests;  // Of the part's bytes, as far as known.
  // Of all bytes to the end of this part, where they are hashed in order; no store sets it.
  std::string running_md5 = {};
};

struct UploadedParts {
  std::vector<PartReceipt> parts;                 // Ascending by index.
  std::optional<std::uint64_t> contiguous_bytes;  // Services that keep one stream of bytes.
};

struct UploadEntry {
  std::string key;
  Secret upload_id;
  PreciseTime started;
};

struct FinishOptions {
  WriteCondition condition;  // Where Capabilities says kAtFinish.
  std::uint64_t size_bytes = 0;
  DigestSet digests;  // Of the whole object; CRC64NVME and CRC32C at least, combined from parts.
  ObjectAttributes attributes;  // As given to BeginUpload.
};

struct DeleteRequest {
  std::string key;
  Version if_version;  // Empty: whatever is there.
};

// An object of the same service and credential set, for server-side copies.
struct CopySource {
  std::string container;
  std::string key;
  Version version;
};

// Where a container's bytes rest, and how sure that is.
struct Location {
  enum class Trust : std::uint8_t { kUnknown, kDeclared, kApi };
  Trust trust = Trust::kUnknown;
  std::string place;  // "aws/eu-central-1"; empty if unknown.
};

}  // namespace godwit

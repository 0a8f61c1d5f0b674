#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "godwit/digest.h"

namespace godwit {

// Wall-clock time in nanoseconds since the Unix epoch; may be negative.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

// A time with the number of fractional digits (0..9) that its source really keeps, so that two
// times can be compared cut to what both have.
struct PreciseTime {
  Timestamp time{};
  int fraction_digits = 9;

  // True if both are equal when cut (not rounded) to the fewer fractional digits.
  static bool Same(const PreciseTime& a, const PreciseTime& b);
  bool operator==(const PreciseTime& other) const = default;
};

// What a listing entry is.
enum class EntryType : std::uint8_t {
  kObject,        // An object or a regular file.
  kFolder,        // Local only: a folder; its key ends in '/'.
  kSymlink,       // Local only, and only if links are not followed.
  kSpecial,       // Local only: socket, pipe, device.
  kDeleteMarker,  // Only in a listing of versions.
};

// Names one stored content of a key: the ETag (S3, Azure), the generation (GCS), the tuple
// "dev:ino:size:mtime_ns:ctime_ns" (local). Opaque above the store that made it: equal tokens mean
// the same content, nothing else follows.
using Version = std::string;

// The metadata that travels with an object's bytes.
struct ObjectAttributes {
  std::string content_type;  // Empty: unknown.
  std::string cache_control;
  std::string content_encoding;
  std::string content_disposition;
  std::string content_language;
  std::string storage_class;  // Empty: the store's default.
  // The source's modification time, kept by cloud stores as user metadata `mtime` and by local
  // stores as the file's own time.
  std::optional<PreciseTime> mtime;
  // User metadata, names in lower case, without `mtime` and `godwit_...`, which stores handle.
  std::map<std::string, std::string> user_metadata;
  std::map<std::string, std::string> tags;
  // godwit's own claim of the content's CRC64NVME, where the service keeps none. Never evidence.
  std::optional<std::uint64_t> claimed_crc64nvme;

  bool operator==(const ObjectAttributes& other) const = default;
};

// One entry of a listing: what is known of an object without asking for it alone.
struct ObjectEntry {
  std::string key;
  EntryType type = EntryType::kObject;
  std::uint64_t size_bytes = 0;
  // When the service, or the file system, says that the bytes were last written.
  PreciseTime modified;
  Version version;
  // Digests of the whole object that the service keeps and the listing tells.
  DigestSet digests;
  std::string storage_class;
  bool archived = false;  // In a tier that cannot be read now.

  bool operator==(const ObjectEntry& other) const = default;
};

// Everything that one request about one object tells (HEAD, or the headers of a GET).
struct ObjectMeta {
  ObjectEntry entry;
  ObjectAttributes attributes;
};

}  // namespace godwit

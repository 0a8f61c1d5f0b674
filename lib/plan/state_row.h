#pragma once

#include <cstdint>
#include <string>

#include "godwit/object_meta.h"
#include "lib/plan/action.h"

namespace godwit {

// What the last run proved about one key: both sides held equal bytes in these versions. Without
// versions it proves nothing, and says that bytes of ours may be there that nobody could prove.
struct StateRow {
  std::string key;  // Relative to the folder.
  std::uint64_t size_bytes = 0;
  Version source_version;
  Version target_version;
  PreciseTime source_modified;  // As the listing, or the object's `mtime` metadata, gave it.
  DigestSet digests;            // Of the content, as far as known.
  Evidence evidence = Evidence::kDigest;

  bool operator==(const StateRow& other) const = default;
};

}  // namespace godwit

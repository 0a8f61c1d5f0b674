#pragma once

#include <cstdint>
#include <optional>

#include "godwit/object_meta.h"
#include "lib/plan/action.h"
#include "lib/plan/state_row.h"

namespace godwit {

enum class CompareMode : std::uint8_t { kAuto, kDigest, kMtime, kSizeMtime, kSize, kAlways };

// One side of a comparison: the listing's entry, and what was asked or read since.
struct SideKnowledge {
  const ObjectEntry* entry = nullptr;         // Never null.
  std::optional<ObjectMeta> head;             // The answer of a HEAD.
  std::optional<DigestSet> hashed;            // Digests of bytes that godwit read itself.
  bool is_local = false;                      // Files: no HEAD needed; may be hashed.
  bool head_useful = true;                    // A HEAD can tell more than the listing did.
};

struct CompareInput {
  SideKnowledge source;
  SideKnowledge target;
  const StateRow* state = nullptr;  // Null: the last run proved nothing about this key.
  CompareMode mode = CompareMode::kAuto;
};

// What follows from what is known: a decision, or what must be found out first.
struct Verdict {
  enum class Next : std::uint8_t {
    kUnchanged,   // `evidence` says how it is known.
    kCopy,        // `reason` says why.
    kMetadata,    // Equal bytes, metadata known to differ; `evidence` and `reason`.
    kAskTarget,   // HEAD the target, then compare again.
    kAskSource,   // HEAD the source, then compare again.
    kHashSource,  // Read the (local, or in mode digest any) source once, then compare again.
    kHashTarget,  // Likewise the target.
  };
  Next next = Next::kCopy;
  Reason reason = Reason::kNone;
  Evidence evidence = Evidence::kDigest;
};

// Decides equality by sync.md section 4. Pure. Asks for each thing at most once: a side whose
// `head` or `hashed` is set is not asked for it again.
Verdict Compare(const CompareInput& input);

}  // namespace godwit

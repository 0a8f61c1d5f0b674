#pragma once

#include <cstdint>
#include <optional>

#include "godwit/object_meta.h"
#include "lib/plan/action.h"
#include "lib/plan/attributes.h"
#include "lib/plan/state_row.h"

namespace godwit {

enum class CompareMode : std::uint8_t { kAuto, kDigest, kMtime, kSizeMtime, kSize, kAlways };

// One side of a comparison: the listing's entry, and what was asked or read since.
struct SideKnowledge {
  const ObjectEntry* entry = nullptr;  // Never null.
  // The answer of a HEAD. One that shows another version than the entry tells nothing of it.
  std::optional<ObjectMeta> head;
  std::optional<DigestSet> hashed;  // Digests of bytes that godwit read itself.
  bool is_local = false;            // Files: no HEAD needed; may be hashed.
  bool head_useful = true;          // A HEAD can tell more than the listing did.
};

struct CompareInput {
  SideKnowledge source;
  SideKnowledge target;
  const StateRow* state = nullptr;  // Null: the last run proved nothing about this key.
  CompareMode mode = CompareMode::kAuto;
  // What decides whether metadata that both sides are known to have differ. Null: the defaults.
  const AttributeRules* rules = nullptr;
  bool check_tags = false;  // --check-tags
  // When the earliest run began whose last writes may be in no record, by the clock of here: what
  // it read may have been replaced since, within the one second that the times of services tell
  // apart. None: all that earlier runs wrote is in the state.
  std::optional<Timestamp> unsettled_since = {};
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
  // Of kHashSource and kHashTarget: what to compute besides both CRCs, since the other side is
  // known by nothing cheaper.
  bool want_md5 = false;
  bool want_sha256 = false;
};

// Decides equality by sync.md section 4. Pure. Asks for each thing at most once: a side whose
// `head` or `hashed` is set is not asked for it again. A HEAD that failed is remembered by the
// caller as `head_useful = false`.
//
// Where a time is known in seconds or thousandths, as services tell when an object was written, two
// writes within one look alike. It is no evidence if it is later than `unsettled_since`, or up to
// 15 minutes earlier: services refuse clients whose clock is further off than that.
//
// A state row counts as proof only if its own evidence was digest, state or mtime, and its digests
// only if that was digest: sizes and times alone never become more by being remembered.
Verdict Compare(const CompareInput& input);

// Digests of the content that a verdict of equality by digest or state rests on, for the next
// state row: those of both sides, and of the row where a side still has the version proven.
DigestSet ProvenDigests(const CompareInput& input);

}  // namespace godwit

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "lib/sync/copy_job.h"
#include "lib/sync/run_core.h"

// Questions about a target object that a copy asks before and after it writes. Each answers its
// callback once, later; all of them repeat by the RetryPolicy.

namespace godwit {

// Whether the target still is what the condition says. For stores that cannot hold a condition:
// looking is the next best. Says once that the store gives no guarantee.
enum class Look : std::uint8_t { kAsExpected, kChanged, kFailed, kDropped };
// `starts`: the copy has not begun, so that the question is dropped once nothing new may start.
void LookBefore(RunCore& core, const CopyJob& job, bool starts,
                std::function<void(Look, Status)> then);

// What is there after a write whose answer was lost (I17).
struct Found {
  enum class What : std::uint8_t {
    kOurs,        // The write took effect; `receipt` is what its answer would have been.
    kNotApplied,  // It did not: repeating it is safe.
    kForeign,     // Somebody else wrote meanwhile.
    kUnclear,     // Nobody can say; `status` tells why.
  };
  What what = What::kUnclear;
  PutReceipt receipt;
  Status status;
};
// `sent`: digests of the bytes that were written, as far as known.
void LookUpWrite(RunCore& core, const CopyJob& job, const DigestSet& sent,
                 std::function<void(Found)> then);

// Whether the target's own check agrees with the bytes that passed (I11, I14).
struct Proven {
  enum class What : std::uint8_t {
    kAgrees,    // `receipt` with its proof.
    kDamaged,   // It does not: our version was deleted, conditionally on being ours. If it could
                // not be, `receipt` has its version.
    kReplaced,  // Somebody else wrote meanwhile.
    kUnclear,   // Could not be read back; `status`.
  };
  What what = What::kUnclear;
  PutReceipt receipt;
  Status status;
};
void ProveWrite(RunCore& core, const CopyJob& job, PutReceipt receipt, const DigestSet& digests,
                std::function<void(Proven)> then);

// The condition under which a write is repeated after `proven` said kDamaged.
WriteCondition AfterDamage(const WriteCondition& condition, const Proven& proven);

// The field `verified` for a digest that agrees.
WriteProof ProofOf(DigestKind kind);

}  // namespace godwit

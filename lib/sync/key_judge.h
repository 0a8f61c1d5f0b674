#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/plan/key_rules.h"
#include "lib/plan/merge.h"
#include "lib/sync/options.h"

namespace godwit {

// What follows from one merged key before anything is compared.
struct KeyVerdict {
  enum class What : std::uint8_t {
    kNothing,    // Left alone: excluded, filtered out, or no object.
    kForgotten,  // Gone on both sides: its state row goes too.
    kExtra,      // Only the target has it: a candidate for deletion.
    kExcluded,   // At the target, excluded, and --delete-excluded: a candidate too.
    kSkipped,    // `reason`; the target's object of this name is left alone.
    kConflict,   // Cannot be at the target (I29): `reason` and `status`.
    kFailed,     // `reason` and `status`: counted as failed, and forbids deletes.
    kEqual,      // A directory marker and a folder of its name.
    kObject,     // To be compared and copied.
  };
  What what = What::kNothing;
  Reason reason = Reason::kNone;
  Status status;
};

// Judges merged keys in ascending order by sync.md section 1. Pure; one thread at a time.
class KeyJudge {
 public:
  // Both must outlive the judge.
  KeyJudge(const SyncOptions& options, const JobEndpoints& endpoints)
      : options_(options), endpoints_(endpoints) {}

  KeyVerdict Judge(const MergeItem& item);

 private:
  KeyVerdict JudgeTargetOnly(const MergeItem& item) const;
  KeyVerdict JudgeSource(const MergeItem& item);
  std::optional<KeyVerdict> JudgeLink(const ObjectEntry& source) const;
  std::optional<std::string> Problem(const MergeItem& item);

  const SyncOptions& options_;
  const JobEndpoints& endpoints_;
  FolderClash clash_;
};

// True if the entry counts as a listed object: all but folders.
bool IsListed(const ObjectEntry& entry);

}  // namespace godwit

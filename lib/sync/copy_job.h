#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "godwit/object_meta.h"
#include "godwit/store_messages.h"
#include "lib/plan/attributes.h"
#include "lib/plan/part_plan.h"
#include "lib/sync/command.h"

namespace godwit {

// One object that is to be copied, in one version, and how.
struct CopyJob {
  std::string source_key;
  std::string target_key;
  ObjectEntry source;                     // Its version is what is read, and nothing else.
  std::optional<ObjectMeta> source_head;  // Where the source was asked; of the same version.
  std::optional<ObjectEntry> target;      // What the target was seen to hold; none: nothing.
  bool target_known = true;               // False: nobody looked (cp).
  WriteCondition condition;
  std::shared_ptr<const AttributeRules> rules;
  PartPlan plan;
  bool server_copy = false;  // Inside the service.
  // MD5 is all that the source tells of its bytes: parts go one by one, hashed in order.
  bool by_md5 = false;
  bool damaged = false;  // A version of ours was damaged and removed, with what it replaced.

  // Digests that the source's own service told.
  DigestSet SourceDigests() const {
    DigestSet digests = source.digests;
    if (source_head) {
      for (const Digest& digest : source_head->entry.digests.all()) digests.Set(digest);
    }
    return digests;
  }
  ObjectMeta SourceMeta() const {
    return source_head ? *source_head : ObjectMeta{source, ObjectAttributes{}};
  }
};

// How a copy ended. Nothing of it is left at the target unless it is kDone, or the status says
// that this could not be found out.
struct CopyEnd {
  enum class Kind : std::uint8_t {
    kDone,           // `receipt` (its proof included) and `digests` are those of the new object.
    kFailed,         // For good; `status` and `side`.
    kSourceChanged,  // Another version is there now.
    kSourceGone,
    kArchived,
    kTargetChanged,  // Somebody else wrote to the target; it was left alone.
    kBlocked,        // Something stands in the way at a local target.
    kCopyRefused,    // The service refuses to copy inside; nothing else is wrong.
    kCancelled,      // The run was stopped while the copy was under way.
    kDropped,        // It had not begun when the run stopped.
  };
  Kind kind = Kind::kFailed;
  Status status;
  Side side = Side::kTarget;
  PutReceipt receipt;
  DigestSet digests;
  std::optional<PreciseTime> source_mtime;  // As the object's own metadata gave it.
  int attempts = 1;
  std::vector<std::string> dropped;  // Attributes that the target cannot hold.
  // Not kDone, and bytes of ours that nothing proved may be at the target.
  bool unproven = false;
  // The condition of the next try, where what the target held is gone with our damaged version.
  std::optional<WriteCondition> after_damage;
};

// Called once.
using CopyDone = std::function<void(CopyEnd)>;

}  // namespace godwit

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace godwit {

// What is to be done with one key.
enum class ActionKind : std::uint8_t { kCopy, kMetadata, kDelete, kSkip, kUnchanged, kDeny };
std::string_view ActionName(ActionKind action);  // "copy", "metadata", ...

// How an action ended.
enum class ActionStatus : std::uint8_t { kPlanned, kDone, kFailed, kSkipped, kDenied };
std::string_view ActionStatusName(ActionStatus status);

// Why. A closed list, documented in the manual; names as in JSON output.
enum class Reason : std::uint8_t {
  kNone,
  kMissingAtTarget,
  kSizeDiffers,
  kDigestDiffers,
  kMtimeDiffers,
  kVersionChanged,
  kNoEvidence,
  kMetadataDiffers,
  kNotInSource,
  kExcluded,
  kAlways,
  kExistsAtTarget,
  kKeyNotRepresentable,
  kGoneFromSource,
  kSpecialFile,
  kSymlink,
  kArchived,
  kTargetChanged,
  kDeleteBlocked,
  kDeniedByPolicy,
  kRequested,  // cp and rm: the user named it.
};
std::string_view ReasonName(Reason reason);  // "missing-at-target", ...

// Which proof of equality made an object `unchanged`, strongest first.
enum class Evidence : std::uint8_t { kDigest, kState, kMtime, kSizeMtime, kSize };
std::string_view EvidenceName(Evidence evidence);  // "digest", ..., "size-mtime", "size"

}  // namespace godwit

#include "lib/plan/action.h"

namespace godwit {

std::string_view ActionName(ActionKind action) {
  switch (action) {
    case ActionKind::kCopy:
      return "copy";
    case ActionKind::kMetadata:
      return "metadata";
    case ActionKind::kDelete:
      return "delete";
    case ActionKind::kSkip:
      return "skip";
    case ActionKind::kUnchanged:
      return "unchanged";
    case ActionKind::kDeny:
      return "deny";
  }
  return "copy";
}

std::string_view ActionStatusName(ActionStatus status) {
  switch (status) {
    case ActionStatus::kPlanned:
      return "planned";
    case ActionStatus::kDone:
      return "done";
    case ActionStatus::kFailed:
      return "failed";
    case ActionStatus::kSkipped:
      return "skipped";
    case ActionStatus::kDenied:
      return "denied";
  }
  return "planned";
}

std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "";
    case Reason::kMissingAtTarget:
      return "missing-at-target";
    case Reason::kSizeDiffers:
      return "size-differs";
    case Reason::kDigestDiffers:
      return "digest-differs";
    case Reason::kMtimeDiffers:
      return "mtime-differs";
    case Reason::kVersionChanged:
      return "version-changed";
    case Reason::kNoEvidence:
      return "no-evidence";
    case Reason::kMetadataDiffers:
      return "metadata-differs";
    case Reason::kNotInSource:
      return "not-in-source";
    case Reason::kExcluded:
      return "excluded";
    case Reason::kAlways:
      return "always";
    case Reason::kExistsAtTarget:
      return "exists-at-target";
    case Reason::kKeyNotRepresentable:
      return "key-not-representable";
    case Reason::kGoneFromSource:
      return "gone-from-source";
    case Reason::kSpecialFile:
      return "special-file";
    case Reason::kSymlink:
      return "symlink";
    case Reason::kArchived:
      return "archived";
    case Reason::kTargetChanged:
      return "target-changed";
    case Reason::kDeleteBlocked:
      return "delete-blocked";
    case Reason::kDeniedByPolicy:
      return "denied-by-policy";
    case Reason::kRequested:
      return "requested";
  }
  return "";
}

std::string_view EvidenceName(Evidence evidence) {
  switch (evidence) {
    case Evidence::kDigest:
      return "digest";
    case Evidence::kState:
      return "state";
    case Evidence::kMtime:
      return "mtime";
    case Evidence::kSizeMtime:
      return "size-mtime";
    case Evidence::kSize:
      return "size";
  }
  return "digest";
}

}  // namespace godwit

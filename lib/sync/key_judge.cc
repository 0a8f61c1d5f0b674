#include "lib/sync/key_judge.h"

#include <utility>

#include "lib/base/text.h"

namespace godwit {
namespace {

using What = KeyVerdict::What;

KeyVerdict Plain(What what) { return KeyVerdict{what, Reason::kNone, Status::Ok()}; }

KeyVerdict Skipped(Reason reason) { return KeyVerdict{What::kSkipped, reason, Status::Ok()}; }

bool IsObject(const std::optional<ObjectEntry>& entry) {
  return entry && entry->type == EntryType::kObject;
}

bool IsFolder(const std::optional<ObjectEntry>& entry) {
  return entry && entry->type == EntryType::kFolder;
}

}  // namespace

bool IsListed(const ObjectEntry& entry) { return entry.type != EntryType::kFolder; }

KeyVerdict KeyJudge::Judge(const MergeItem& item) {
  // The folder itself, where a store lists it; rm removes its marker too.
  if (item.key.empty() && options_.mode != JobMode::kRemove) return Plain(What::kNothing);
  if (!options_.filter.Includes(item.key)) {
    const bool goes = options_.delete_extra && options_.delete_excluded && IsObject(item.target);
    return Plain(goes ? What::kExcluded : What::kNothing);
  }
  if (!item.source) return JudgeTargetOnly(item);
  return JudgeSource(item);
}

KeyVerdict KeyJudge::JudgeTargetOnly(const MergeItem& item) const {
  if (!item.target) return Plain(What::kForgotten);
  if (options_.mode == JobMode::kRemove) {
    if (item.target->type == EntryType::kSymlink) return Skipped(Reason::kSymlink);
    if (item.target->type == EntryType::kSpecial) return Skipped(Reason::kSpecialFile);
  }
  // Links and special files at the target are nobody's replica.
  if (!IsObject(item.target)) return Plain(What::kNothing);
  return Plain(options_.delete_extra || options_.mode == JobMode::kRemove ? What::kExtra
                                                                          : What::kNothing);
}

std::optional<KeyVerdict> KeyJudge::JudgeLink(const ObjectEntry& source) const {
  if (source.type == EntryType::kSpecial) return Skipped(Reason::kSpecialFile);
  if (source.type != EntryType::kSymlink) return std::nullopt;
  if (options_.symlinks != SymlinkMode::kFail) return Skipped(Reason::kSymlink);
  return KeyVerdict{What::kFailed, Reason::kSymlink,
                    Status(ErrorKind::kUnsupported,
                           "it is a symbolic link; --symlinks follow copies what it leads to")};
}

// Why the object cannot be at the target, as a phrase.
std::optional<std::string> KeyJudge::Problem(const MergeItem& item) {
  const Capabilities& target = endpoints_.target;
  if (auto problem = KeyProblem(target, endpoints_.target_prefix + item.key)) return problem;
  if (!target.is_local) {
    if (endpoints_.source.is_local && !IsValidUtf8(item.key)) return "it is not valid UTF-8";
    return std::nullopt;
  }
  if (const std::string& own = endpoints_.target_own_folder;
      !own.empty() && (item.key + '/').starts_with(own)) {
    return "it would lie in '" + EscapeForDisplay(own) + "', the folder of godwit's own state";
  }
  if (item.key.ends_with('/') && item.source->size_bytes > 0) {
    return "it holds data under the name of a folder";
  }
  if (const auto file = clash_.Check(item.key)) {
    return "'" + EscapeForDisplay(*file) + "' is an object too, and cannot be file and folder";
  }
  if (item.target && item.target->type == EntryType::kSymlink) {
    return "a symbolic link stands in its place";
  }
  if (item.target && item.target->type == EntryType::kSpecial) {
    return "a special file stands in its place";
  }
  return std::nullopt;
}

KeyVerdict KeyJudge::JudgeSource(const MergeItem& item) {
  const ObjectEntry& source = *item.source;
  // Folders are never copied; one protects the marker of its name.
  if (IsFolder(item.source)) return Plain(What::kNothing);
  if (auto verdict = JudgeLink(source)) return *std::move(verdict);
  if (!options_.limits.Allows(source)) return Plain(What::kNothing);
  if (auto problem = Problem(item)) {
    return KeyVerdict{What::kConflict, Reason::kKeyNotRepresentable,
                      Status(ErrorKind::kInvalidArgument,
                             "the target cannot hold this key: " + *std::move(problem))};
  }
  if (IsFolder(item.target)) return Plain(What::kEqual);
  return Plain(What::kObject);
}

}  // namespace godwit

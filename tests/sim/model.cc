#include "tests/sim/model.h"

#include <algorithm>
#include <vector>

#include "lib/base/text.h"

namespace godwit {
namespace {

bool Reserved(const std::string& key) {
  const std::string path = "/" + key + "/";
  return path.find("/.godwit/") != std::string::npos || path.find("/.godwit-") != std::string::npos;
}

bool IsUnder(const std::string& key, const std::string& folder) {
  return key.starts_with(folder + "/");
}

// A key that a file system has no name for; components are tested one by one.
bool BadPath(const std::string& key) {
  if (key.starts_with("/")) return true;
  std::string rest = key;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string name = rest.substr(0, slash);
    if (name.empty() || name == "." || name == ".." || name.size() > 255) return true;
    rest.erase(0, slash + 1);
  }
  return key.find('\0') != std::string::npos;
}

class Model {
 public:
  Model(const Scenario& scenario, const Tree& source, const Tree& target)
      : scenario_(scenario), options_(scenario.options), source_(source), target_(target) {}

  Expected Run() {
    for (const auto& [key, object] : target_) Allow(key, object.content);
    if (!scenario_.source_exists && options_.mode != JobMode::kRemove) {
      expected_.exit_codes = {7};
      expected_.exact = false;
      expected_.converges = false;
      return expected_;
    }
    if (options_.mode == JobMode::kRemove) return RunRemove();
    FindConflicts();
    FindCandidates();
    JudgeGuards();
    for (const auto& [key, object] : source_) {
      if (TakesPart(key, object)) Copy(key, object);
    }
    Delete();
    CopyDeferred();
    SettleExit();
    return expected_;
  }

 private:
  void Allow(const std::string& key, std::optional<std::string> content) {
    expected_.contents[key].insert(std::move(content));
  }
  void Only(const std::string& key, std::optional<std::string> content) {
    expected_.contents[key] = {std::move(content)};
  }

  bool Included(const std::string& key) const {
    return !Reserved(key) && options_.filter.Includes(key);
  }
  bool TakesPart(const std::string& key, const SimObject& object) const {
    return Included(key) && options_.limits.Allows(object.meta.entry);
  }
  bool local_target() const { return scenario_.target.capabilities.is_local; }

  // I29, and `a` with `a/b`: in byte order the first is copied.
  void FindConflicts() {
    if (!local_target()) return;
    std::set<std::string> files;
    for (const auto& [key, object] : source_) {
      if (!TakesPart(key, object)) continue;
      const bool marker = key.ends_with('/');
      bool bad = BadPath(key) || (marker && !object.content.empty());
      bad = bad || std::any_of(files.begin(), files.end(),
                               [&](const std::string& file) { return IsUnder(key, file); });
      if (bad) {
        conflicts_.insert(key);
      } else if (!marker) {
        files.insert(key);
      }
    }
  }

  void FindCandidates() {
    if (!options_.delete_extra) return;
    for (const auto& [key, object] : target_) {
      if (Reserved(key)) continue;
      const bool excluded = !options_.filter.Includes(key);
      const bool goes = excluded ? options_.delete_excluded : !source_.contains(key);
      if (goes) candidates_.insert(key);
    }
  }

  std::uint64_t Listed(const Tree& tree) const {
    return static_cast<std::uint64_t>(std::count_if(
        tree.begin(), tree.end(), [](const auto& entry) { return !Reserved(entry.first); }));
  }

  void JudgeGuards() {
    if (!options_.delete_extra) return;
    const std::uint64_t keys = Listed(target_);
    std::uint64_t limit = ~0ULL;
    if (options_.max_delete.kind == DeleteLimit::Kind::kDefault) limit = std::max(keys / 4, 20UL);
    if (options_.max_delete.kind == DeleteLimit::Kind::kCount) limit = options_.max_delete.value;
    const bool empty = Listed(source_) == 0 && !options_.allow_empty_source;
    guarded_ = empty || candidates_.size() > limit;
    if (guarded_) expected_.exit_codes.insert(6);
  }

  // Something at the target that stays, and is a folder where a file must go, or the reverse.
  bool Blocked(const std::string& key) const {
    if (!local_target()) return false;
    return std::any_of(target_.begin(), target_.end(), [&](const auto& entry) {
      const std::string& other = entry.first;
      return IsUnder(key, other) || IsUnder(other, key);
    });
  }
  bool BlockedForGood(const std::string& key) const {
    return std::any_of(target_.begin(), target_.end(), [&](const auto& entry) {
      const std::string& other = entry.first;
      const bool goes = candidates_.contains(other) && !guarded_;
      return !goes && (IsUnder(key, other) || IsUnder(other, key));
    });
  }

  void Fail(const std::string& key) {
    expected_.failed.insert(key);
    expected_.converges = false;
    expected_.exit_codes.insert(1);
  }

  bool LooksEqual(const SimObject& source, const SimObject& target) const {
    if (source.content == target.content) return true;
    if (source.content.size() != target.content.size()) return false;
    if (options_.mode != JobMode::kSync) return false;
    if (options_.compare == CompareMode::kSize) return true;
    return options_.compare == CompareMode::kSizeMtime &&
           target.meta.entry.modified.time >= source.meta.entry.modified.time;
  }

  void Copy(const std::string& key, const SimObject& object) {
    const auto there = target_.find(key);
    if (conflicts_.contains(key)) return Fail(key);
    if (Blocked(key)) {
      // A plan cannot know of everything that a write would run into.
      if (options_.dry_run) return static_cast<void>(unsure_failures_ = true);
      if (BlockedForGood(key)) return Fail(key);
      deferred_.push_back(key);
    }
    if (there != target_.end() && options_.conflict != ConflictMode::kOverwrite) {
      return Keep(key, object, there->second);
    }
    if (there != target_.end() && LooksEqual(object, there->second)) {
      if (there->second.content != object.content) expected_.converges = false;
      return;
    }
    Only(key, options_.dry_run ? Current(key) : object.content);
  }

  // --conflict skip and fail: an equal object is fine, another one stays.
  void Keep(const std::string& key, const SimObject& object, const SimObject& there) {
    expected_.converges = false;
    if (LooksEqual(object, there) && object.content != there.content) return;
    if (options_.conflict != ConflictMode::kFail) return;
    // Equal bytes that nobody can prove equal count as different.
    if (object.content == there.content) {
      unsure_failures_ = true;
    } else {
      Fail(key);
      copies_failed_ = true;
    }
  }

  std::optional<std::string> Current(const std::string& key) const {
    const auto there = target_.find(key);
    if (there == target_.end()) return std::nullopt;
    return there->second.content;
  }

  void Delete() {
    if (guarded_ || candidates_.empty()) return;
    const bool maybe_blocked = copies_failed_ || unsure_failures_;
    for (const std::string& key : candidates_) {
      if (options_.dry_run) continue;
      Only(key, std::nullopt);
      if (maybe_blocked) Allow(key, Current(key));
    }
    expected_.deleted = copies_failed_ ? 0 : candidates_.size();
  }

  // Copies that wait for the deletes fail where there are none.
  void CopyDeferred() {
    if (!copies_failed_ && !unsure_failures_) return;
    for (const std::string& key : deferred_) {
      Allow(key, Current(key));
      expected_.converges = false;
      copies_failed_ ? Fail(key) : static_cast<void>(0);
    }
  }

  void SettleExit() {
    expected_.exact = !unsure_failures_;
    if (unsure_failures_) expected_.exit_codes.insert({0, 1});
    if (expected_.exit_codes.empty()) expected_.exit_codes = {0};
    if (expected_.exit_codes.contains(6)) expected_.exit_codes = {6};
    if (options_.dry_run) expected_.converges = false;
  }

  Expected RunRemove() {
    expected_.converges = false;
    std::uint64_t count = 0;
    for (const auto& [key, object] : target_) count += Included(key) ? 1 : 0;
    const bool capped = options_.max_delete.kind == DeleteLimit::Kind::kCount;
    if (capped && count > options_.max_delete.value) {
      expected_.exit_codes = {6};
      return expected_;
    }
    expected_.exit_codes = {0};
    expected_.deleted = count;
    for (const auto& [key, object] : target_) {
      if (Included(key) && !options_.dry_run) Only(key, std::nullopt);
    }
    return expected_;
  }

  const Scenario& scenario_;
  const SyncOptions& options_;
  const Tree& source_;
  const Tree& target_;
  Expected expected_;
  std::set<std::string> conflicts_;
  std::set<std::string> candidates_;
  bool guarded_ = false;
  bool copies_failed_ = false;
  bool unsure_failures_ = false;
  std::vector<std::string> deferred_;
};

}  // namespace

Expected Predict(const Scenario& scenario, const Tree& source, const Tree& target) {
  return Model(scenario, source, target).Run();
}

}  // namespace godwit

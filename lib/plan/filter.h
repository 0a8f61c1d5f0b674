#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "lib/plan/glob.h"

namespace godwit {

// Include and exclude globs over relative keys, by the rules of the manual: `*` and `?` stop at
// '/', `**` crosses it, `**/` also matches no folder, `[a-z]`, `\` escapes; a pattern without '/'
// matches the last component, others the whole key; a leading '/' anchors, a trailing '/' means
// "/**". The last match wins; unmatched keys are included unless only includes were given. The last
// component of a directory marker is its name without the slash.
// A pure function of the key, applied alike to both sides (I7). Immutable once built.
class KeyFilter {
 public:
  // Fails with kInvalidArgument on a pattern that cannot be right ("[a-").
  Status Add(bool include, std::string_view pattern);
  // Lines "+ G", "- G", "# ..."; the Status names the line.
  Status AddFile(std::string_view text);
  // Restricts to these relative keys, sorted or not (--files-from).
  void RestrictTo(std::vector<std::string> keys);

  bool Includes(std::string_view key) const;
  // True if every key is included.
  bool empty() const { return rules_.empty() && keys_ == nullptr; }
  // The keys of RestrictTo, sorted and without repetitions; null if it was not called.
  const std::vector<std::string>* restricted_keys() const;

 private:
  struct Rule {
    bool include;
    bool last_component_only;
    Glob glob;
  };
  std::vector<Rule> rules_;
  bool any_exclude_ = false;
  std::shared_ptr<const std::vector<std::string>> keys_;  // Shared: copies of a filter are cheap.
};

// Limits on source objects; all inclusive.
struct SourceLimits {
  std::optional<std::uint64_t> size_min;
  std::optional<std::uint64_t> size_max;
  std::optional<Timestamp> newer_than;
  std::optional<Timestamp> older_than;

  bool Allows(const ObjectEntry& entry) const;
  bool any() const { return size_min || size_max || newer_than || older_than; }
};

}  // namespace godwit

#include "lib/plan/filter.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"

namespace godwit {
namespace {

std::string_view LastComponent(std::string_view key) {
  if (key.ends_with('/')) key.remove_suffix(1);
  return key.substr(key.rfind('/') + 1);
}

Status LineProblem(std::size_t number, const std::string& what) {
  return Status(ErrorKind::kInvalidArgument,
                "filter file, line " + std::to_string(number) + ": " + what);
}

}  // namespace

Status KeyFilter::Add(bool include, std::string_view pattern) {
  const bool last_component_only = pattern.find('/') == std::string_view::npos;
  std::string whole(pattern);
  if (whole.ends_with('/')) whole += "**";
  if (whole.starts_with('/')) whole.erase(0, 1);
  Result<Glob> glob = Glob::Compile(whole);
  if (!glob.ok()) return glob.status();
  rules_.push_back({include, last_component_only, *std::move(glob)});
  any_exclude_ = any_exclude_ || !include;
  return Status::Ok();
}

Status KeyFilter::AddFile(std::string_view text) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const bool include = line.starts_with("+ ");
    if (!include && !line.starts_with("- ")) {
      return LineProblem(number, "expected '+ PATTERN', '- PATTERN' or '# comment', not '" +
                                     EscapeForDisplay(line) + "'");
    }
    const Status added = Add(include, line.substr(2));
    if (!added.ok()) return LineProblem(number, added.message());
  }
  return Status::Ok();
}

void KeyFilter::RestrictTo(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  keys_ = std::make_shared<const std::vector<std::string>>(std::move(keys));
}

bool KeyFilter::Includes(std::string_view key) const {
  if (keys_ != nullptr && !std::binary_search(keys_->begin(), keys_->end(), key, std::less<>())) {
    return false;
  }
  const std::string_view last = LastComponent(key);
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->glob.Matches(rule->last_component_only ? last : key)) return rule->include;
  }
  return rules_.empty() || any_exclude_;
}

const std::vector<std::string>* KeyFilter::restricted_keys() const { return keys_.get(); }

bool SourceLimits::Allows(const ObjectEntry& entry) const {
  if (size_min && entry.size_bytes < *size_min) return false;
  if (size_max && entry.size_bytes > *size_max) return false;
  if (newer_than && entry.modified.time < *newer_than) return false;
  return !older_than || entry.modified.time <= *older_than;
}

}  // namespace godwit

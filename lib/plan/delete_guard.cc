#include "lib/plan/delete_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lib/base/text.h"

namespace godwit {
namespace {

constexpr std::uint64_t kDefaultPercent = 25;
constexpr std::uint64_t kDefaultFloor = 20;

// Rounded down, and free of overflow for any number of keys.
std::uint64_t Percent(std::uint64_t keys, std::uint64_t percent) {
  return keys / 100 * percent + keys % 100 * percent / 100;
}

std::string LimitText(const DeleteLimit& limit, std::uint64_t target_keys, std::uint64_t allowed) {
  switch (limit.kind) {
    case DeleteLimit::Kind::kDefault:
      return Percent(target_keys, kDefaultPercent) == allowed
                 ? fmt::format("{} ({})", limit.ToString(), allowed)
                 : fmt::format("{} ({} at least)", limit.ToString(), allowed);
    case DeleteLimit::Kind::kPercent:
      return fmt::format("{} ({})", limit.ToString(), allowed);
    case DeleteLimit::Kind::kCount:
    case DeleteLimit::Kind::kAll:
      break;
  }
  return limit.ToString();
}

DeletePermission Refuse(int exit_code, std::string message) {
  return {false, exit_code, std::move(message)};
}

std::string ListingMessage(const DeleteFacts& facts) {
  const char* which = facts.source_complete   ? "target"
                      : facts.target_complete ? "source"
                                              : "source and target";
  return fmt::format("deleting nothing: the listing of the {} is not complete; run again", which);
}

std::string OverLimitMessage(const DeleteFacts& facts, std::uint64_t allowed) {
  return fmt::format(
      "refusing to delete {} of {} objects in {}: more than --max-delete {}; raise it with "
      "--max-delete {} or --max-delete all",
      facts.candidates, facts.target_keys, facts.target.empty() ? "the target" : facts.target,
      LimitText(facts.limit, facts.target_keys, allowed), facts.candidates);
}

}  // namespace

std::optional<DeleteLimit> DeleteLimit::Parse(std::string_view text) {
  if (text == "all") return DeleteLimit{Kind::kAll, 0};
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  const std::optional<std::uint64_t> value = ParseUint64(text);
  if (!value || (percent && *value > 100)) return std::nullopt;
  return DeleteLimit{percent ? Kind::kPercent : Kind::kCount, *value};
}

std::optional<std::uint64_t> DeleteLimit::Allowed(std::uint64_t target_keys) const {
  switch (kind) {
    case Kind::kDefault:
      return std::max(Percent(target_keys, kDefaultPercent), kDefaultFloor);
    case Kind::kCount:
      return value;
    case Kind::kPercent:
      return Percent(target_keys, value);
    case Kind::kAll:
      break;
  }
  return std::nullopt;
}

std::string DeleteLimit::ToString() const {
  switch (kind) {
    case Kind::kDefault:
      return fmt::format("{}%", kDefaultPercent);
    case Kind::kCount:
      return fmt::format("{}", value);
    case Kind::kPercent:
      return fmt::format("{}%", value);
    case Kind::kAll:
      break;
  }
  return "all";
}

DeletePermission JudgeDeletes(const DeleteFacts& facts) {
  if (facts.interrupted) return Refuse(0, "deleting nothing: the run was stopped");
  if (!facts.source_exists) {
    return Refuse(7,
                  "deleting nothing: the source does not exist; check that it is mounted and "
                  "spelled right");
  }
  if (!facts.source_complete || !facts.target_complete) return Refuse(7, ListingMessage(facts));
  if (facts.source_keys == 0 && !facts.allow_empty_source) {
    return Refuse(6, fmt::format("refusing to delete {} objects: the source is empty; if that is "
                                 "meant, add --allow-empty-source",
                                 facts.candidates));
  }
  const std::optional<std::uint64_t> allowed = facts.limit.Allowed(facts.target_keys);
  if (allowed && facts.candidates > *allowed) {
    return Refuse(6, OverLimitMessage(facts, *allowed));
  }
  if (facts.failed_copies > 0 && facts.candidates > 0) {
    return Refuse(
        1, fmt::format("deleting nothing: {} could not be copied; run again",
                       facts.failed_copies == 1 ? "1 object"
                                                : fmt::format("{} objects", facts.failed_copies)));
  }
  return {true, 0, ""};
}

}  // namespace godwit

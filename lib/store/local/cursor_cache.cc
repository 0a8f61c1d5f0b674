#include "lib/store/local/cursor_cache.h"

#include <algorithm>
#include <utility>

#include "lib/base/text.h"

namespace godwit {
namespace {

// Where a walk ends is what makes it the same, not where it began.
bool SameEnd(const WalkRange& a, const WalkRange& b) {
  return a.prefix == b.prefix && a.end_before == b.end_before &&
         a.folders_as_prefixes == b.folders_as_prefixes && a.include_folders == b.include_folders;
}

}  // namespace

std::string ListToken::Text() const {
  return std::to_string(cursor) + (past_folder ? "/" : ":") + last_key;
}

Result<ListToken> ListToken::Parse(std::string_view text) {
  const std::size_t at = text.find_first_of(":/");
  const std::optional<std::uint64_t> cursor = ParseUint64(text.substr(0, at));
  if (at == std::string_view::npos || !cursor) {
    return Status(ErrorKind::kInvalidArgument, "not a page token of this store");
  }
  return ListToken{*cursor, text[at] == '/', std::string(text.substr(at + 1))};
}

std::uint64_t CursorCache::Keep(ListCursor cursor) {
  std::list<Kept> dropped;  // Destroyed after the lock.
  const std::lock_guard lock(mutex_);
  kept_.push_back(Kept{++last_number_, std::move(cursor)});
  if (kept_.size() > cursors_max_) dropped.splice(dropped.end(), kept_, kept_.begin());
  return last_number_;
}

std::optional<ListCursor> CursorCache::Take(std::uint64_t number, const WalkRange& range) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(kept_, number, &Kept::number);
  if (found == kept_.end() || !SameEnd(found->cursor.walker->range(), range)) return std::nullopt;
  ListCursor cursor = std::move(found->cursor);
  kept_.erase(found);
  return cursor;
}

}  // namespace godwit

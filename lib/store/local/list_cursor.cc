#include "lib/store/local/list_cursor.h"

#include "lib/base/text.h"

namespace godwit {

bool SameEnd(const WalkRange& a, const WalkRange& b) {
  return a.prefix == b.prefix && a.end_before == b.end_before &&
         a.folders_as_prefixes == b.folders_as_prefixes && a.include_folders == b.include_folders;
}

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

}  // namespace godwit

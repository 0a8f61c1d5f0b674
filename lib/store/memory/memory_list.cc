#include <algorithm>
#include <optional>

#include "lib/store/call_check.h"
#include "lib/store/memory/memory_store.h"

namespace godwit {
namespace {

// Tokens: where the next page begins, and whether a whole common prefix was passed.
constexpr std::string_view kAfterKey = "key:";
constexpr std::string_view kAfterPrefix = "prefix:";

std::optional<std::string> CommonPrefix(std::string_view key, const ListRequest& request) {
  if (request.delimiter.empty()) return std::nullopt;
  const std::size_t at = key.find(request.delimiter, request.prefix.size());
  if (at == std::string_view::npos) return std::nullopt;
  return std::string(key.substr(0, at + request.delimiter.size()));
}

// The first string in byte order after all that begin with `prefix`; empty if there is none.
std::string PastPrefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

struct Start {
  std::string key;
  bool inclusive = false;
  bool at_end = false;
};

Result<Start> StartOf(const ListRequest& request) {
  const std::string& token = request.page_token;
  if (token.empty()) return Start{request.start_after, false};
  if (token.starts_with(kAfterKey)) return Start{token.substr(kAfterKey.size()), false};
  if (!token.starts_with(kAfterPrefix)) {
    return Status(ErrorKind::kInvalidArgument, "not a page token of this store");
  }
  std::string key = PastPrefix(token.substr(kAfterPrefix.size()));
  const bool at_end = key.empty();
  return Start{std::move(key), true, at_end};
}

}  // namespace

Result<ListPage> MemoryStore::List(const CallContext& context, const ListRequest& request) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  if (request.versions) return Status(ErrorKind::kUnsupported, "old versions are not kept");
  const Result<Start> start = StartOf(request);
  if (!start.ok()) return start.status();
  context.Count(RequestClass::kList);
  const std::uint32_t page_max = options_.capabilities.page_keys_max;
  const std::uint32_t limit =
      request.keys_max == 0 ? page_max : std::min(request.keys_max, page_max);

  ListPage page;
  const std::lock_guard lock(mutex_);
  auto at = start->at_end      ? objects_.end()
            : start->inclusive ? objects_.lower_bound(start->key)
                               : objects_.upper_bound(start->key);
  if (at != objects_.end() && at->first < request.prefix) at = objects_.lower_bound(request.prefix);
  std::string token;
  while (at != objects_.end() && at->first.starts_with(request.prefix) &&
         (request.end_before.empty() || at->first < request.end_before)) {
    if (page.entries.size() + page.common_prefixes.size() == limit) {
      page.next_page_token = token;
      return page;
    }
    if (std::optional<std::string> folder = CommonPrefix(at->first, request)) {
      const std::string past = PastPrefix(*folder);
      at = past.empty() ? objects_.end() : objects_.lower_bound(past);
      token = std::string(kAfterPrefix) + *folder;
      page.common_prefixes.push_back(std::move(*folder));
      continue;
    }
    page.entries.push_back(at->second.meta.entry);
    if (!options_.digests_in_listing) page.entries.back().digests = {};
    token = std::string(kAfterKey) + at->first;
    ++at;
  }
  return page;
}

}  // namespace godwit

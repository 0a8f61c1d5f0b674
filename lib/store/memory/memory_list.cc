#include <algorithm>
#include <optional>

#include "lib/store/call_check.h"
#include "lib/store/listing_order.h"
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

}  // namespace

// A store without an order lists backwards, so that nobody takes it for one.
bool MemoryStore::KeyOrder::operator()(std::string_view a, std::string_view b) const {
  return order == ListingOrder::kNone ? b < a : ListedBefore(order, a, b);
}

MemoryStore::Objects::const_iterator MemoryStore::PastPrefix(Objects::const_iterator at,
                                                             std::string_view prefix) const {
  while (at != objects_.end() && at->first.starts_with(prefix)) ++at;
  return at;
}

Result<MemoryStore::Objects::const_iterator> MemoryStore::FirstOfPage(
    const ListRequest& request) const {
  const std::string_view token = request.page_token;
  if (token.starts_with(kAfterKey)) return objects_.upper_bound(token.substr(kAfterKey.size()));
  if (token.starts_with(kAfterPrefix)) {
    const std::string_view prefix = token.substr(kAfterPrefix.size());
    return PastPrefix(objects_.lower_bound(prefix), prefix);
  }
  if (!token.empty()) {
    return Status(ErrorKind::kInvalidArgument, "not a page token of this store");
  }
  return request.start_after.empty() ? objects_.begin() : objects_.upper_bound(request.start_after);
}

Result<ListPage> MemoryStore::List(const CallContext& context, const ListRequest& request) {
  GODWIT_RETURN_IF_ERROR(Admit(context));
  if (request.versions) return Status(ErrorKind::kUnsupported, "old versions are not kept");
  context.Count(RequestClass::kList);
  const std::uint32_t page_max = options_.capabilities.page_keys_max;
  const std::uint32_t limit =
      request.keys_max == 0 ? page_max : std::min(request.keys_max, page_max);

  ListPage page;
  const std::lock_guard lock(mutex_);
  const KeyOrder order = objects_.key_comp();
  Result<Objects::const_iterator> first = FirstOfPage(request);
  if (!first.ok()) return first.status();
  auto at = *first;
  if (order.order != ListingOrder::kNone) {
    if (at != objects_.end() && order(at->first, request.prefix)) {
      at = objects_.lower_bound(request.prefix);
    }
  } else {
    while (at != objects_.end() && !at->first.starts_with(request.prefix)) ++at;
  }
  std::string token;
  while (at != objects_.end() && at->first.starts_with(request.prefix) &&
         (request.end_before.empty() || order(at->first, request.end_before))) {
    if (page.entries.size() + page.common_prefixes.size() == limit) {
      page.next_page_token = token;
      return page;
    }
    if (std::optional<std::string> folder = CommonPrefix(at->first, request)) {
      at = PastPrefix(at, *folder);
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

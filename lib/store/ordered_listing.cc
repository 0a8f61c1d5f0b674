// Listing in byte order.

#include <algorithm>
#include <limits>
#include <utility>

#include "lib/base/text.h"
#include "lib/store/listing_order.h"
#include "lib/store/ordered_store.h"

namespace godwit {
namespace {

// Cycles of tokens up to this length are found at once; longer ones break the order.
constexpr std::size_t kTokensKept = 8;
// What one page may cost where the caller wants few keys, to see whether there are any.
constexpr std::uint32_t kPagesOfSmallPage = 4;
constexpr std::uint32_t kSmallPage = 10;
// A listing that begins anew must get further than where it was.
constexpr std::uint32_t kAllPages = std::numeric_limits<std::uint32_t>::max();

// Tokens: the number of a kept cursor, and the last key given.
std::string TokenText(std::uint64_t number, const std::string& last_key) {
  return std::to_string(number) + ":" + last_key;
}

bool SameListing(const ListRequest& a, const ListRequest& b) {
  return a.prefix == b.prefix && a.delimiter == b.delimiter && a.end_before == b.end_before &&
         a.include_folders == b.include_folders && a.versions == b.versions;
}

}  // namespace

std::uint32_t OrderedStore::PagesMax(const ListRequest& request) const {
  const bool small = request.keys_max != 0 && request.keys_max <= kSmallPage;
  return small ? kPagesOfSmallPage : options_.pages_max;
}

Status OrderedStore::Broken(std::string_view what, std::string_view key) const {
  return Status(ErrorKind::kCorrupted, std::string(what))
      .WithOperation("list")
      .WithObject(key.empty() ? store_.Name() : store_.Name() + "/" + std::string(key));
}

OrderedStore::Cursor OrderedStore::NewCursor(const ListRequest& request, ListingOrder order,
                                             std::string floor) const {
  Cursor cursor;
  cursor.asked = request;
  cursor.inner = request;
  cursor.inner.page_token.clear();
  // Displaced keys may lie before or behind the end: only byte order tells.
  cursor.inner.end_before.clear();
  cursor.inner.start_after = ScanStart(order, floor);
  cursor.order = order;
  cursor.floor = std::move(floor);
  const bool whole = !request.delimiter.empty();
  cursor.restorer = std::make_unique<ListingRestorer>(
      ListingRestorer::Settings{whole ? ListingOrder::kNone : order, request.prefix.size(),
                                options_.held_max, options_.spill_folder});
  return cursor;
}

Result<OrderedStore::Place> OrderedStore::CursorFor(const ListRequest& request,
                                                    ListingOrder order) {
  if (request.page_token.empty()) return Place{0, NewCursor(request, order, request.start_after)};
  const std::size_t colon = request.page_token.find(':');
  const auto number = ParseUint64(std::string_view(request.page_token).substr(0, colon));
  if (colon == std::string::npos || !number) {
    return Status(ErrorKind::kInvalidArgument, "not a page token of this store");
  }
  const auto fits = [&](const Cursor& kept) {
    return kept.order == order && SameListing(kept.asked, request);
  };
  if (std::optional<Cursor> kept = cursors_.Take(*number, fits)) {
    return Place{*number, *std::move(kept)};
  }
  return Place{0, NewCursor(request, order, request.page_token.substr(colon + 1))};
}

Result<ListPage> OrderedStore::List(const CallContext& context, const ListRequest& request) {
  const Capabilities& inner = store_.Describe();
  if (inner.order == ListingOrder::kUtf8Bytes) return store_.List(context, request);
  Result<Place> place = CursorFor(request, inner.order);
  if (!place.ok()) return place.status();
  Cursor& cursor = place->cursor;
  const bool anew = place->number == 0 && !request.page_token.empty();
  const std::uint32_t pages_max = anew ? kAllPages : PagesMax(request);
  cursor.inner.keys_max = request.keys_max;
  if (Status status = Advance(context, cursor, pages_max); !status.ok()) {
    // What came before goes on from here when the page is asked for again.
    if (place->number != 0 && !status.Is(ErrorKind::kCorrupted)) {
      cursors_.Restore(place->number, std::move(cursor));
    }
    return status;
  }
  const std::uint32_t page_max = std::max<std::uint32_t>(inner.page_keys_max, 1);
  Result<ListPage> page =
      MakePage(cursor, request.keys_max == 0 ? page_max : std::min(request.keys_max, page_max));
  if (!page.ok()) return page;
  if (cursor.next || !(cursor.past_end || cursor.restorer->done())) {
    const std::string last_key = cursor.given.value_or(cursor.floor);
    page->next_page_token = TokenText(cursors_.Keep(std::move(cursor)), last_key);
  }
  return page;
}

// Asks for pages until something can be given, the listing ends or `pages_max` have come.
Status OrderedStore::Advance(const CallContext& context, Cursor& cursor, std::uint32_t pages_max) {
  GODWIT_RETURN_IF_ERROR(Peek(cursor));
  for (std::uint32_t asked = 0; asked < pages_max; ++asked) {
    if (cursor.next || cursor.past_end || cursor.ended) break;
    Result<ListPage> page = store_.List(context, cursor.inner);
    if (!page.ok()) {
      // What has come is not asked for again: the next page meets the failure, should it last.
      return asked == 0 ? page.status() : Status::Ok();
    }
    GODWIT_RETURN_IF_ERROR(TakePage(cursor, *std::move(page)));
    GODWIT_RETURN_IF_ERROR(Peek(cursor));
  }
  return Status::Ok();
}

Status OrderedStore::TakePage(Cursor& cursor, ListPage page) {
  GODWIT_RETURN_IF_ERROR(CheckToken(cursor, page.next_page_token));
  for (ObjectEntry& entry : page.entries) {
    GODWIT_RETURN_IF_ERROR(
        TakeItem(cursor, ListedItem{std::move(entry), false}, cursor.last_entry));
  }
  for (std::string& prefix : page.common_prefixes) {
    ListedItem item;
    item.entry.key = std::move(prefix);
    item.is_prefix = true;
    GODWIT_RETURN_IF_ERROR(TakeItem(cursor, std::move(item), cursor.last_prefix));
  }
  cursor.inner.page_token = std::move(page.next_page_token);
  cursor.ended = cursor.inner.page_token.empty();
  if (cursor.ended) cursor.restorer->Close();
  return Status::Ok();
}

Status OrderedStore::CheckToken(Cursor& cursor, const std::string& token) const {
  if (token.empty()) return Status::Ok();
  if (std::ranges::find(cursor.tokens, token) != cursor.tokens.end()) {
    return Broken("the service repeated a continuation token", "");
  }
  cursor.tokens.push_back(token);
  if (cursor.tokens.size() > kTokensKept) cursor.tokens.pop_front();
  return Status::Ok();
}

Status OrderedStore::TakeItem(Cursor& cursor, ListedItem item, std::optional<std::string>& last) {
  const std::string& key = item.entry.key;
  if (!key.starts_with(cursor.asked.prefix)) {
    return Broken("the listing contains a key that was not asked for", key);
  }
  const bool again = cursor.asked.versions && last && *last == key;
  if (last && !again && !ListedBefore(cursor.order, *last, key)) {
    return Broken("the service listed its keys out of the order that it is known for", key);
  }
  last = key;
  // The scan began early, so as to miss nothing. A folder in which it is to begin is not behind.
  const bool entered =
      item.is_prefix && cursor.asked.page_token.empty() && cursor.floor.starts_with(key);
  if (key > cursor.floor || entered) cursor.restorer->Push(std::move(item));
  return Status::Ok();
}

Status OrderedStore::Peek(Cursor& cursor) const {
  if (cursor.next || cursor.past_end) return Status::Ok();
  Result<std::optional<ListedItem>> item = cursor.restorer->Next();
  if (!item.ok()) return item.status();
  cursor.next = *std::move(item);
  if (!cursor.next) return Status::Ok();
  const std::string& key = cursor.next->entry.key;
  const bool same_key = cursor.given == key;
  if (cursor.given && (key < *cursor.given || (same_key && !cursor.asked.versions))) {
    return Broken("the service listed a key twice", key);
  }
  cursor.past_end = !cursor.asked.end_before.empty() && key >= cursor.asked.end_before;
  if (cursor.past_end) cursor.next.reset();
  return Status::Ok();
}

Result<ListPage> OrderedStore::MakePage(Cursor& cursor, std::uint32_t limit) const {
  ListPage page;
  for (std::uint32_t count = 0; cursor.next; ++count) {
    // A token names a key, not one of its versions.
    const bool same_key = cursor.given == cursor.next->entry.key;
    if (count >= limit && !same_key) break;
    ListedItem item = *std::exchange(cursor.next, std::nullopt);
    cursor.given = item.entry.key;
    if (item.is_prefix) {
      page.common_prefixes.push_back(std::move(item.entry.key));
    } else {
      page.entries.push_back(std::move(item.entry));
    }
    GODWIT_RETURN_IF_ERROR(Peek(cursor));
  }
  return page;
}

}  // namespace godwit

#include "lib/store/listing_order.h"

#include <algorithm>

namespace godwit {
namespace {

// The first bytes of U+E000..U+FFFF, and of what follows U+FFFF, in UTF-8.
constexpr unsigned char kUpperBmp = 0xEE;
constexpr unsigned char kAboveBmp = 0xF0;

unsigned char Byte(char c) { return static_cast<unsigned char>(c); }

bool IsDisplaced(ListingOrder order, unsigned char byte) {
  return order == ListingOrder::kUtf16Units ? byte >= kAboveBmp : byte == '/';
}

// A byte that byte order has before displaced ones, and `order` behind them.
bool IsOvertaken(ListingOrder order, unsigned char byte) {
  return order == ListingOrder::kUtf16Units ? byte >= kUpperBmp && byte < kAboveBmp : byte < '/';
}

// The place of a byte in `order`.
int Rank(ListingOrder order, char c) {
  const unsigned char byte = Byte(c);
  if (IsOvertaken(order, byte)) return byte + 0x100 * (order == ListingOrder::kUtf16Units) + 1;
  if (IsDisplaced(order, byte)) return order == ListingOrder::kUtf16Units ? byte : 0;
  return byte + (order == ListingOrder::kSlashFirst);
}

bool IsMoved(ListingOrder order) {
  return order == ListingOrder::kUtf16Units || order == ListingOrder::kSlashFirst;
}

}  // namespace

bool ListedBefore(ListingOrder order, std::string_view a, std::string_view b) {
  if (order == ListingOrder::kNone) return true;
  if (!IsMoved(order)) return a < b;
  const std::size_t shared = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  if (shared == b.size()) return false;
  return shared == a.size() || Rank(order, a[shared]) < Rank(order, b[shared]);
}

std::optional<std::size_t> DisplacedAt(ListingOrder order, std::string_view key,
                                       std::size_t first) {
  if (order == ListingOrder::kNone) return first;
  if (!IsMoved(order)) return std::nullopt;
  for (std::size_t at = first; at < key.size(); ++at) {
    if (IsDisplaced(order, Byte(key[at]))) return at;
  }
  return std::nullopt;
}

bool HoldsBack(ListingOrder order, std::string_view before, std::string_view key) {
  if (order == ListingOrder::kNone) return true;
  if (key.size() <= before.size() || !key.starts_with(before)) return false;
  const unsigned char next = Byte(key[before.size()]);
  return IsDisplaced(order, next) || IsOvertaken(order, next);
}

std::string ScanStart(ListingOrder order, std::string_view start_after) {
  if (order == ListingOrder::kNone) return {};
  if (!IsMoved(order)) return std::string(start_after);
  // A displaced key that byte order has behind `start_after` may be listed before it, but not
  // before what both share.
  const auto overtaken =
      std::ranges::find_if(start_after, [order](char c) { return IsOvertaken(order, Byte(c)); });
  return {start_after.begin(), overtaken};
}

}  // namespace godwit

#include "lib/store/key_order.h"

#include <algorithm>

namespace godwit {
namespace {

// The weight of a byte where two keys first differ. Only the first byte of a character can be so
// large that the orders disagree.
int WeightOf(ListingOrder order, unsigned char byte) {
  // 0xF0 begins characters above U+FFFF, 0xEE and 0xEF those from U+E000 to U+FFFF.
  if (order == ListingOrder::kUtf16Units) return byte >= 0xEE && byte < 0xF0 ? byte + 0x100 : byte;
  if (order == ListingOrder::kSlashFirst) return byte == '/' ? -1 : byte;
  return byte;
}

}  // namespace

int CompareKeys(ListingOrder order, std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  const auto [x, y] =
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(common), b.begin());
  const auto at = static_cast<std::size_t>(x - a.begin());
  if (at < common) {
    return WeightOf(order, static_cast<unsigned char>(*x)) -
           WeightOf(order, static_cast<unsigned char>(*y));
  }
  if (a.size() == b.size()) return 0;
  return a.size() < b.size() ? -1 : 1;
}

}  // namespace godwit

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/capabilities.h"

namespace godwit {

// The orders in which services list, seen as byte order with some bytes displaced: UTF-16 order
// puts what begins U+10000 and above before what begins U+E000..U+FFFF, slash-first order puts '/'
// before all other bytes. A key is moved by its first displaced byte, and only past keys that
// share what stands before it. Pure.

// True if a store of `order` lists `a` before `b`. Of kNone nothing is known: always true.
bool ListedBefore(ListingOrder order, std::string_view a, std::string_view b);

// Where, from `first` on, the byte stands by which `key` may come too early in `order`; none if it
// comes where byte order has it. Of kNone every key, from `first` on.
std::optional<std::size_t> DisplacedAt(ListingOrder order, std::string_view key, std::size_t first);

// True if a displaced key of which `before` stands before the displaced byte may still have to
// wait for keys that are listed after `key`.
bool HoldsBack(ListingOrder order, std::string_view before, std::string_view key);

// From where a store of `order` must be listed (exclusive; empty: from the beginning) so that no
// key after `start_after` in byte order is missed. Keys before that one may come too.
std::string ScanStart(ListingOrder order, std::string_view start_after);

}  // namespace godwit

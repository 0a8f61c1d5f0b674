#pragma once

#include <string_view>

#include "godwit/capabilities.h"

namespace godwit {

// Compares two keys in the order in which a store lists them: negative, zero or positive. Keys are
// UTF-8. kUtf16Units: by UTF-16 code units, so that characters above U+FFFF stand before those
// from U+E000 to U+FFFF. kSlashFirst: by bytes, but '/' before all others. kNone: as kUtf8Bytes.
// Pure.
int CompareKeys(ListingOrder order, std::string_view a, std::string_view b);

}  // namespace godwit

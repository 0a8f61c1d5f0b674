#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "lib/plan/state_row.h"

namespace godwit {

enum class MergeStream : std::uint8_t { kSource, kTarget, kState };

// One key with everything that the three streams say of it.
struct MergeItem {
  std::string key;
  std::optional<ObjectEntry> source;
  std::optional<ObjectEntry> target;
  std::optional<StateRow> state;
};

// Merges source listing, target listing and state, all ascending in byte order of the relative
// key (I6), into one ascending stream of keys. Memory is what was offered and not yet taken.
// Pure; one thread at a time.
class ThreeWayMerge {
 public:
  // Appends a page. `last` says that the stream ends with it. Fails with kCorrupted, and takes
  // nothing, if the keys do not strictly increase (I24). Entries of godwit's own (reserved names,
  // see IsReservedKey) are dropped here.
  Status OfferListing(MergeStream stream, std::vector<ObjectEntry> entries, bool last);
  Status OfferState(std::vector<StateRow> rows, bool last);

  // True if Next() cannot answer before this stream gets its next page.
  bool Needs(MergeStream stream) const;
  // The next key; none if a stream needs a page, or at the end.
  std::optional<MergeItem> Next();
  // True when all streams have ended and are empty.
  bool done() const;

 private:
  struct Listing {
    std::deque<ObjectEntry> entries;
    std::string last_key;
    bool any = false;
    bool ended = false;
  };
  std::array<Listing, 2> listings_;
  std::deque<StateRow> rows_;
  std::string last_row_key_;
  bool any_row_ = false;
  bool rows_ended_ = false;
};

// True for `.godwit-*` files and keys with a component `.godwit` or beginning with `.godwit-`:
// godwit's own, never listed, copied or deleted as data.
bool IsReservedKey(std::string_view key);

}  // namespace godwit

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "godwit/capabilities.h"
#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "lib/store/name_sorter.h"

namespace godwit {

// One line of a listing: an object, or a common prefix of which only the key counts.
struct ListedItem {
  ObjectEntry entry;
  bool is_prefix = false;
};

// Turns a listing in another order into byte order as it passes. Holds back only displaced keys
// (listing_order.h), in the order of their groups a stack: many go to a temporary file. Items of
// one key keep their order. One thread at a time.
class ListingRestorer {
 public:
  struct Settings {
    ListingOrder order = ListingOrder::kUtf16Units;
    std::size_t shared_bytes = 0;  // What all keys begin with; displaces nothing.
    std::size_t held_max = 8192;   // Of a group, in memory.
    std::string spill_folder = "/tmp";
  };

  explicit ListingRestorer(Settings settings) : settings_(std::move(settings)) {}

  // Appends the next items of the listing, in its own order.
  void Push(ListedItem item) { input_.push_back(std::move(item)); }
  // The listing has ended.
  void Close() { closed_ = true; }

  // The next item in byte order; none if more must be pushed first, or at the end. Fails if a
  // temporary file cannot be used; for good.
  Result<std::optional<ListedItem>> Next();
  // True if everything was pushed and given out.
  bool done() const { return closed_ && input_.empty() && groups_.empty(); }

 private:
  // Displaced keys that differ only behind `before`.
  struct Group {
    std::string before;
    std::unique_ptr<NameSorter> items;
  };

  bool TopIsComplete() const;
  Status Hold(std::size_t displaced_at);
  Result<std::optional<ListedItem>> TakeHeld();

  const Settings settings_;
  std::deque<ListedItem> input_;
  std::vector<Group> groups_;  // Each lies behind the next one in byte order.
  bool draining_ = false;      // The last group.
  bool closed_ = false;
  std::uint64_t sequence_ = 0;
};

// An item as a row of bytes; rows are ordered as their keys are, then by `sequence`.
std::string EncodeListedItem(const ListedItem& item, std::uint64_t sequence);
// Fails with kLocalIo on anything but such a row.
Result<ListedItem> DecodeListedItem(std::string_view row);

}  // namespace godwit

#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/result.h"
#include "lib/store/local/tree_walker.h"

namespace godwit {

// A listing that is under way between two pages.
struct ListCursor {
  std::unique_ptr<TreeWalker> walker;
  std::optional<TreeWalker::Item> pending;  // Already walked to, first of the next page.
  // Keeps the root open that the walker walks.
  std::shared_ptr<const FileDescriptor> root;
};

// What a page token says: which cursor goes on, and where a new one would begin without it.
struct ListToken {
  std::uint64_t cursor = 0;
  bool past_folder = false;
  std::string last_key;

  std::string Text() const;
  // Fails with kInvalidArgument if `text` was not made by Text().
  static Result<ListToken> Parse(std::string_view text);
};

// Keeps the cursors of the listings that went on last; an older one is dropped, and its listing
// begins anew at its last key. Each pause of a listing has its own number, so that a page asked
// for again never meets a cursor that has moved on. Safe from any thread.
class CursorCache {
 public:
  explicit CursorCache(std::size_t cursors_max) : cursors_max_(cursors_max) {}

  // Keeps `cursor` and returns its number.
  std::uint64_t Keep(ListCursor cursor);
  // Takes a cursor out; none if it was dropped, taken before, or walks another range.
  std::optional<ListCursor> Take(std::uint64_t number, const WalkRange& range);

 private:
  struct Kept {
    std::uint64_t number;
    ListCursor cursor;
  };

  const std::size_t cursors_max_;
  std::mutex mutex_;      // Guards all below.
  std::list<Kept> kept_;  // The oldest first.
  std::uint64_t last_number_ = 0;
};

}  // namespace godwit

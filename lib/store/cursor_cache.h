#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

namespace godwit {

// Keeps the cursors of the listings that went on last; an older one is dropped, and its listing
// begins anew at its last key. Each pause of a listing has its own number, so that a page asked
// for again never meets a cursor that has moved on. Safe from any thread.
template <typename Cursor>
class CursorCache {
 public:
  explicit CursorCache(std::size_t cursors_max) : cursors_max_(cursors_max) {}

  // Keeps `cursor` and returns its number.
  std::uint64_t Keep(Cursor cursor) {
    std::list<Kept> dropped;  // Destroyed after the lock.
    const std::lock_guard lock(mutex_);
    Insert(++last_number_, std::move(cursor), dropped);
    return last_number_;
  }
  // Keeps a cursor that was taken out and has not moved under its old number.
  void Restore(std::uint64_t number, Cursor cursor) {
    std::list<Kept> dropped;
    const std::lock_guard lock(mutex_);
    Insert(number, std::move(cursor), dropped);
  }
  // Takes a cursor out; none if it was dropped, taken before, or `fits` denies it.
  template <typename Fits>
  std::optional<Cursor> Take(std::uint64_t number, Fits fits) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(kept_, number, &Kept::number);
    if (found == kept_.end() || !fits(found->cursor)) return std::nullopt;
    std::optional<Cursor> cursor(std::move(found->cursor));
    kept_.erase(found);
    return cursor;
  }

 private:
  struct Kept {
    std::uint64_t number;
    Cursor cursor;
  };

  void Insert(std::uint64_t number, Cursor cursor, std::list<Kept>& dropped) {
    kept_.push_back(Kept{number, std::move(cursor)});
    if (kept_.size() > cursors_max_) dropped.splice(dropped.end(), kept_, kept_.begin());
  }

  const std::size_t cursors_max_;
  std::mutex mutex_;      // Guards all below.
  std::list<Kept> kept_;  // The oldest first.
  std::uint64_t last_number_ = 0;
};

}  // namespace godwit

#pragma once

#include <cstdint>
#include <deque>
#include <functional>

namespace godwit {

// Bounds the uploads that are open at once, and the parts that they remember together, so that
// many large objects cost no more memory than a few. First come, first served. One thread at a
// time.
class UploadPlaces {
 public:
  // Hears true when its turn has come, false if nothing new may start any more.
  using Turn = std::function<void(bool granted)>;

  void Ask(std::uint32_t parts, Turn turn) { waiting_.push_back({parts, std::move(turn)}); }
  // Gives back a granted place.
  void Give(std::uint32_t parts);
  // Grants what is free while at most `limit` commands go side by side; refuses all if `halted`.
  // True if somebody heard.
  bool Grant(std::uint32_t limit, bool halted);

 private:
  struct Waiting {
    std::uint32_t parts;
    Turn turn;
  };

  std::deque<Waiting> waiting_;
  std::uint32_t open_ = 0;
  std::uint64_t parts_ = 0;
};

}  // namespace godwit

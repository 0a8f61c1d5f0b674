#pragma once

#include <cstdint>

namespace godwit {

// A share of memory, counted in bytes. A transfer takes its whole need before it starts and gives
// it back when it ends; nobody waits for more while holding some. One thread at a time.
class ByteBudget {
 public:
  explicit ByteBudget(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // Takes `bytes` if they are free. A request over the whole limit succeeds only when nothing is
  // taken, so that it cannot starve.
  bool TryTake(std::uint64_t bytes);
  void Give(std::uint64_t bytes);

  std::uint64_t taken_bytes() const { return taken_bytes_; }
  std::uint64_t limit_bytes() const { return limit_bytes_; }

 private:
  std::uint64_t limit_bytes_;
  std::uint64_t taken_bytes_ = 0;
};

}  // namespace godwit

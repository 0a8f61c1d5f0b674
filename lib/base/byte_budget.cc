#include "lib/base/byte_budget.h"

#include <cassert>

namespace godwit {

bool ByteBudget::TryTake(std::uint64_t bytes) {
  const bool fits = taken_bytes_ <= limit_bytes_ && bytes <= limit_bytes_ - taken_bytes_;
  if (!fits && taken_bytes_ != 0) return false;
  taken_bytes_ += bytes;
  return true;
}

void ByteBudget::Give(std::uint64_t bytes) {
  assert(bytes <= taken_bytes_);
  taken_bytes_ -= bytes;
}

}  // namespace godwit

#include "lib/sync/upload_places.h"

#include <algorithm>
#include <utility>

namespace godwit {
namespace {

// Remembered parts cost a few hundred bytes each.
constexpr std::uint64_t kPartsMax = 40'000;
// With fewer uploads open the end of one would leave places empty.
constexpr std::uint32_t kOpenMin = 4;

}  // namespace

void UploadPlaces::Give(std::uint32_t parts) {
  --open_;
  parts_ -= parts;
}

bool UploadPlaces::Grant(std::uint32_t limit, bool halted) {
  bool heard = false;
  while (!waiting_.empty()) {
    const std::uint32_t parts = waiting_.front().parts;
    const bool free =
        open_ == 0 || (open_ < std::max(limit, kOpenMin) && parts_ + parts <= kPartsMax);
    if (!free && !halted) break;
    const Turn turn = std::move(waiting_.front().turn);
    waiting_.pop_front();
    if (!halted) {
      ++open_;
      parts_ += parts;
    }
    turn(!halted);
    heard = true;
  }
  return heard;
}

}  // namespace godwit

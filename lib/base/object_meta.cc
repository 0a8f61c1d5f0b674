#include "godwit/object_meta.h"

#include <algorithm>

#include "godwit/store_messages.h"

namespace godwit {
namespace {

// Rounds toward minus infinity, so that times before the epoch cut like those after it.
std::int64_t CutTo(Timestamp time, int digits) {
  std::int64_t unit = 1;
  for (int i = digits; i < 9; ++i) unit *= 10;
  const std::int64_t count = time.time_since_epoch().count();
  return count / unit - (count % unit < 0 ? 1 : 0);
}

}  // namespace

bool PreciseTime::Same(const PreciseTime& a, const PreciseTime& b) {
  const int digits = std::clamp(std::min(a.fraction_digits, b.fraction_digits), 0, 9);
  return CutTo(a.time, digits) == CutTo(b.time, digits);
}

std::string_view WriteProofName(WriteProof proof) {
  switch (proof) {
    case WriteProof::kNone:
      return "none";
    case WriteProof::kCrc64Nvme:
      return "crc64nvme";
    case WriteProof::kCrc32c:
      return "crc32c";
    case WriteProof::kMd5:
      return "md5";
    case WriteProof::kPartMd5:
      return "part-md5";
    case WriteProof::kBlockCrc64:
      return "block-crc64";
    case WriteProof::kServiceCopy:
      return "service-copy";
    case WriteProof::kReadBack:
      return "read-back";
  }
  return "none";
}

}  // namespace godwit

#include "lib/store/part_check.h"

#include <string>

namespace godwit {

Status CheckParts(std::span<const PartReceipt> parts, std::uint64_t size_bytes) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].index != i) {
      return Status(ErrorKind::kInvalidArgument,
                    "part " + std::to_string(i + 1) + " of the upload is missing");
    }
    total += parts[i].size_bytes;
  }
  if (total == size_bytes && !parts.empty()) return Status::Ok();
  return Status(ErrorKind::kInvalidArgument, "the parts have " + std::to_string(total) + " of " +
                                                 std::to_string(size_bytes) + " bytes");
}

}  // namespace godwit

#if defined(__x86_64__)

#include "lib/checksum/crc_fold.h"
#include "lib/checksum/crc_kernels.h"

namespace godwit::internal {

std::uint64_t Crc64NvmeSse(std::uint64_t crc, const std::byte* bytes, std::size_t size) {
  return FoldedCrc64Nvme<Vector128>(crc, bytes, size);
}

std::uint32_t Crc32cSse(std::uint32_t crc, const std::byte* bytes, std::size_t size) {
  return FoldedCrc32c<Vector128>(crc, bytes, size);
}

}  // namespace godwit::internal

#endif

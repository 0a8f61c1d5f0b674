#if defined(__x86_64__)

#include "lib/checksum/crc_fold.h"
#include "lib/checksum/crc_kernels.h"

namespace godwit::internal {
namespace {

struct Vector256 {
  using Register = __m256i;
  static Register Load(const std::byte* bytes) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
  }
  static void Store(std::byte* bytes, Register a) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(bytes), a);
  }
  static Register Pair(long long low, long long high) {
    return _mm256_set_epi64x(high, low, high, low);
  }
  static Register First(long long low) { return _mm256_set_epi64x(0, 0, 0, low); }
  static Register Xor(Register a, Register b) { return _mm256_xor_si256(a, b); }
  static Register Fold(Register a, Register k, Register next) {
    const Register low = _mm256_clmulepi64_epi128(a, k, 0x00);
    const Register high = _mm256_clmulepi64_epi128(a, k, 0x11);
    return Xor(Xor(low, high), next);
  }
};

}  // namespace

std::uint64_t Crc64NvmeAvx2(std::uint64_t crc, const std::byte* bytes, std::size_t size) {
  return FoldedCrc64Nvme<Vector256>(crc, bytes, size);
}

std::uint32_t Crc32cAvx2(std::uint32_t crc, const std::byte* bytes, std::size_t size) {
  return FoldedCrc32c<Vector256>(crc, bytes, size);
}

}  // namespace godwit::internal

#endif

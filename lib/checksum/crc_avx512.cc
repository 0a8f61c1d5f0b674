#if defined(__x86_64__)

#include "lib/checksum/crc_fold.h"
#include "lib/checksum/crc_kernels.h"

namespace godwit::internal {
namespace {

struct Vector512 {
  using Register = __m512i;
  static Register Load(const std::byte* bytes) { return _mm512_loadu_si512(bytes); }
  static void Store(std::byte* bytes, Register a) { _mm512_storeu_si512(bytes, a); }
  static Register Pair(long long low, long long high) {
    return _mm512_set_epi64(high, low, high, low, high, low, high, low);
  }
  static Register First(long long low) { return _mm512_set_epi64(0, 0, 0, 0, 0, 0, 0, low); }
  static Register Xor(Register a, Register b) { return _mm512_xor_si512(a, b); }
  static Register Fold(Register a, Register k, Register next) {
    constexpr int kXorOfAllThree = 0x96;
    const Register low = _mm512_clmulepi64_epi128(a, k, 0x00);
    const Register high = _mm512_clmulepi64_epi128(a, k, 0x11);
    return _mm512_ternarylogic_epi64(low, high, next, kXorOfAllThree);
  }
};

}  // namespace

std::uint64_t Crc64NvmeAvx512(std::uint64_t crc, const std::byte* bytes, std::size_t size) {
  return FoldedCrc64Nvme<Vector512>(crc, bytes, size);
}

std::uint32_t Crc32cAvx512(std::uint32_t crc, const std::byte* bytes, std::size_t size) {
  return FoldedCrc32c<Vector512>(crc, bytes, size);
}

}  // namespace godwit::internal

#endif

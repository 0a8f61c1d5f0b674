#if defined(__x86_64__)

#include "lib/checksum/xxh3_inline.h"
#include "lib/checksum/xxh3_kernels.h"

namespace godwit::internal {

void Xxh3Avx512(const std::byte* bytes, std::size_t size, std::uint8_t* out) {
  HashXxh3(bytes, size, out);
}

}  // namespace godwit::internal

#endif

#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>
#include <cstdint>

// XXH3 for the files that compile it for one instruction set each. Internal linkage, so that the
// linker cannot put one file's form in the place of another's.

namespace godwit::internal {
namespace {

inline void HashXxh3(const std::byte* bytes, std::size_t size, std::uint8_t* out) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, size));
  for (std::size_t i = 0; i < sizeof(canonical.digest); ++i) out[i] = canonical.digest[i];
}

}  // namespace
}  // namespace godwit::internal

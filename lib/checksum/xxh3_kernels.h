#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace godwit::internal {

// One way to compute XXH3-128: writes the 16 bytes of the canonical (big-endian) form to `out`.
struct Xxh3Kernel {
  const char* name;
  void (*hash)(const std::byte* bytes, std::size_t size, std::uint8_t* out);
};

// Those that this processor can run, the best one first; the baseline is always last.
std::vector<Xxh3Kernel> UsableXxh3Kernels();

// The same code, compiled for the instruction set that the name says (see CMakeLists.txt); to be
// called only where UsableXxh3Kernels lists it. All but the baseline exist on x86-64 only.
void Xxh3Baseline(const std::byte* bytes, std::size_t size, std::uint8_t* out);
void Xxh3Avx2(const std::byte* bytes, std::size_t size, std::uint8_t* out);
void Xxh3Avx512(const std::byte* bytes, std::size_t size, std::uint8_t* out);

}  // namespace godwit::internal

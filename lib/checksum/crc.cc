#include "lib/checksum/crc.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lib/checksum/crc_kernels.h"
#include "lib/checksum/crc_polynomial.h"

namespace godwit {
namespace internal {

std::vector<CrcKernels> UsableCrcKernels() {
  std::vector<CrcKernels> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) {
    const bool wide = __builtin_cpu_supports("vpclmulqdq");
    if (wide && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) {
      kernels.push_back({"avx512", Crc64NvmeAvx512, Crc32cAvx512});
    }
    if (wide && __builtin_cpu_supports("avx2")) {
      kernels.push_back({"avx2", Crc64NvmeAvx2, Crc32cAvx2});
    }
    kernels.push_back({"sse", Crc64NvmeSse, Crc32cSse});
  }
#endif
  kernels.push_back({"portable",
                     [](std::uint64_t crc, const std::byte* bytes, std::size_t size) {
                       return Crc64NvmePortable(crc, {bytes, size});
                     },
                     [](std::uint32_t crc, const std::byte* bytes, std::size_t size) {
                       return Crc32cPortable(crc, {bytes, size});
                     }});
  return kernels;
}

namespace {

const CrcKernels& BestKernels() {
  static const CrcKernels best = UsableCrcKernels().front();
  return best;
}

// x^(8 * 2^k) mod P: the effect of 2^k bytes of zeros.
template <typename Word, typename Field>
constexpr std::array<Word, 64> MakeByteShifts() {
  std::array<Word, 64> shifts{};
  shifts[0] = Field::PowerOfX(8);
  for (std::size_t k = 1; k < 64; ++k) shifts[k] = Field::Multiply(shifts[k - 1], shifts[k - 1]);
  return shifts;
}

template <typename Word, typename Field>
Word Combine(Word crc_a, Word crc_b, std::uint64_t size_b) {
  static constexpr std::array<Word, 64> kByteShifts = MakeByteShifts<Word, Field>();
  for (; size_b != 0; size_b &= size_b - 1) {
    crc_a = Field::Multiply(kByteShifts[static_cast<std::size_t>(std::countr_zero(size_b))], crc_a);
  }
  return crc_a ^ crc_b;
}

}  // namespace
}  // namespace internal

std::uint64_t Crc64Nvme(std::uint64_t crc, std::span<const std::byte> bytes) {
  if (bytes.size() < internal::kCrcKernelBytesMin) return internal::Crc64NvmePortable(crc, bytes);
  return internal::BestKernels().crc64nvme(crc, bytes.data(), bytes.size());
}

std::uint32_t Crc32c(std::uint32_t crc, std::span<const std::byte> bytes) {
  if (bytes.size() < internal::kCrcKernelBytesMin) return internal::Crc32cPortable(crc, bytes);
  return internal::BestKernels().crc32c(crc, bytes.data(), bytes.size());
}

std::uint64_t CombineCrc64Nvme(std::uint64_t crc_a, std::uint64_t crc_b, std::uint64_t size_b) {
  return internal::Combine<std::uint64_t, internal::Crc64NvmeField>(crc_a, crc_b, size_b);
}

std::uint32_t CombineCrc32c(std::uint32_t crc_a, std::uint32_t crc_b, std::uint64_t size_b) {
  return internal::Combine<std::uint32_t, internal::Crc32cField>(crc_a, crc_b, size_b);
}

}  // namespace godwit

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace godwit::internal {

// One way to compute both CRCs. Each function continues from the CRC of the bytes before and needs
// at least kCrcKernelBytesMin bytes.
struct CrcKernels {
  const char* name;
  std::uint64_t (*crc64nvme)(std::uint64_t crc, const std::byte* bytes, std::size_t size);
  std::uint32_t (*crc32c)(std::uint32_t crc, const std::byte* bytes, std::size_t size);
};
inline constexpr std::size_t kCrcKernelBytesMin = 16;

// Those that this processor can run, the best one first; the portable one is always last.
std::vector<CrcKernels> UsableCrcKernels();

// Each is compiled for the instruction set that its name says (see CMakeLists.txt), so it may only
// be called where UsableCrcKernels lists it. Exist on x86-64 only.
std::uint64_t Crc64NvmeSse(std::uint64_t crc, const std::byte* bytes, std::size_t size);
std::uint32_t Crc32cSse(std::uint32_t crc, const std::byte* bytes, std::size_t size);
std::uint64_t Crc64NvmeAvx2(std::uint64_t crc, const std::byte* bytes, std::size_t size);
std::uint32_t Crc32cAvx2(std::uint32_t crc, const std::byte* bytes, std::size_t size);
std::uint64_t Crc64NvmeAvx512(std::uint64_t crc, const std::byte* bytes, std::size_t size);
std::uint32_t Crc32cAvx512(std::uint32_t crc, const std::byte* bytes, std::size_t size);

}  // namespace godwit::internal

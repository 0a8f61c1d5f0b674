#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace godwit {

// CRC64NVME (reflected polynomial 0x9A6C9329AC4BC9B5) and CRC32C (0x82F63B78), both with initial
// value and final xor of all ones. Computed by carry-less multiply where the processor has it
// (chosen at run time, VPCLMULQDQ, PCLMULQDQ/SSE4.2, or a portable table); all agree.
//
// Each function continues from `crc`, the value of the bytes before (0 for none). Pure.
std::uint64_t Crc64Nvme(std::uint64_t crc, std::span<const std::byte> bytes);
std::uint32_t Crc32c(std::uint32_t crc, std::span<const std::byte> bytes);

// The CRC of A followed by B from crc(A), crc(B) and the size of B.
std::uint64_t CombineCrc64Nvme(std::uint64_t crc_a, std::uint64_t crc_b, std::uint64_t size_b);
std::uint32_t CombineCrc32c(std::uint32_t crc_a, std::uint32_t crc_b, std::uint64_t size_b);

namespace internal {
// The portable forms, for tests and for processors without carry-less multiply.
std::uint64_t Crc64NvmePortable(std::uint64_t crc, std::span<const std::byte> bytes);
std::uint32_t Crc32cPortable(std::uint32_t crc, std::span<const std::byte> bytes);
}  // namespace internal

}  // namespace godwit

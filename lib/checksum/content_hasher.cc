#include "lib/checksum/content_hasher.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lib/checksum/crc.h"
#include "lib/checksum/xxh3_kernels.h"

namespace godwit {
namespace internal {

std::vector<Xxh3Kernel> UsableXxh3Kernels() {
  std::vector<Xxh3Kernel> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) kernels.push_back({"avx512", Xxh3Avx512});
  if (__builtin_cpu_supports("avx2")) kernels.push_back({"avx2", Xxh3Avx2});
#endif
  kernels.push_back({"baseline", Xxh3Baseline});
  return kernels;
}

}  // namespace internal

ContentSum ContentSum::Then(const ContentSum& next) const {
  return {size_bytes + next.size_bytes,
          CombineCrc64Nvme(crc64nvme, next.crc64nvme, next.size_bytes),
          CombineCrc32c(crc32c, next.crc32c, next.size_bytes)};
}

DigestSet ContentSum::digests() const {
  return {Digest::Crc64Nvme(crc64nvme), Digest::Crc32c(crc32c)};
}

void ContentHasher::Update(std::span<const std::byte> bytes) {
  // The second CRC finds the block still in the first cache.
  constexpr std::size_t kBlockBytes = std::size_t{16} << 10;
  sum_.size_bytes += bytes.size();
  while (!bytes.empty()) {
    const std::span<const std::byte> block = bytes.first(std::min(bytes.size(), kBlockBytes));
    sum_.crc64nvme = Crc64Nvme(sum_.crc64nvme, block);
    sum_.crc32c = Crc32c(sum_.crc32c, block);
    bytes = bytes.subspan(block.size());
  }
}

Digest Xxh3(std::span<const std::byte> bytes) {
  static const internal::Xxh3Kernel best = internal::UsableXxh3Kernels().front();
  std::array<std::uint8_t, 16> hash{};
  best.hash(bytes.data(), bytes.size(), hash.data());
  return Digest(DigestKind::kXxh3, hash);
}

}  // namespace godwit

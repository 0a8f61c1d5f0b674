// Bytes per second of every checksum and kernel, over sizes from a small object to a part.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "lib/base/random.h"
#include "lib/checksum/content_hasher.h"
#include "lib/checksum/crc.h"
#include "lib/checksum/crc_kernels.h"
#include "lib/checksum/xxh3_kernels.h"
#include "lib/crypto/hmac.h"
#include "lib/crypto/md5.h"
#include "lib/crypto/sha256.h"

namespace godwit {
namespace {

constexpr std::int64_t kSmallObject = std::int64_t{4} << 10;
constexpr std::int64_t kPart = std::int64_t{16} << 20;

std::vector<std::byte> RandomBytes(std::size_t size) {
  Random random(1);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.Next());
  return bytes;
}

// Runs `hash` on one buffer of the benchmark's size again and again.
template <typename Hash>
void HashBuffer(benchmark::State& state, Hash hash) {
  const std::vector<std::byte> bytes = RandomBytes(static_cast<std::size_t>(state.range(0)));
  while (state.KeepRunning()) benchmark::DoNotOptimize(hash(std::span<const std::byte>(bytes)));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

template <typename Hash>
void AddHash(const std::string& name, Hash hash) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [hash](benchmark::State& state) { HashBuffer(state, hash); })
      ->Arg(64)
      ->Arg(kSmallObject)
      ->Arg(std::int64_t{1} << 20)
      ->Arg(kPart);
}

void AddKernels() {
  for (const internal::CrcKernels& kernels : internal::UsableCrcKernels()) {
    AddHash(std::string("crc64nvme/") + kernels.name, [kernels](std::span<const std::byte> bytes) {
      return kernels.crc64nvme(0, bytes.data(), bytes.size());
    });
    AddHash(std::string("crc32c/") + kernels.name, [kernels](std::span<const std::byte> bytes) {
      return kernels.crc32c(0, bytes.data(), bytes.size());
    });
  }
  for (const internal::Xxh3Kernel& kernel : internal::UsableXxh3Kernels()) {
    AddHash(std::string("xxh3/") + kernel.name, [kernel](std::span<const std::byte> bytes) {
      std::array<std::uint8_t, 16> hash{};
      kernel.hash(bytes.data(), bytes.size(), hash.data());
      return hash;
    });
  }
}

void AddPublicFunctions() {
  AddHash("content_hasher", [](std::span<const std::byte> bytes) {
    ContentHasher hasher;
    hasher.Update(bytes);
    return hasher.sum();
  });
  AddHash("sha256", [](std::span<const std::byte> bytes) { return Sha256(bytes); });
  AddHash("md5", [](std::span<const std::byte> bytes) { return Md5(bytes); });
}

void CombineParts(benchmark::State& state) {
  ContentSum whole{1, 2, 3};
  const ContentSum part{static_cast<std::uint64_t>(state.range(0)), 4, 5};
  while (state.KeepRunning()) benchmark::DoNotOptimize(whole = whole.Then(part));
}

void HmacOfARequest(benchmark::State& state) {
  const std::string key(32, 'k');
  const std::string text(static_cast<std::size_t>(state.range(0)), 't');
  while (state.KeepRunning()) benchmark::DoNotOptimize(HmacSha256(key, text));
}

void AddSmallWork() {
  // A part of a power of two, and the worst size: all bits set.
  benchmark::RegisterBenchmark("combine", CombineParts)->Arg(kPart)->Arg(kPart - 1);
  benchmark::RegisterBenchmark("hmac_sha256", HmacOfARequest)->Arg(64)->Arg(400);
}

}  // namespace
}  // namespace godwit

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  godwit::AddKernels();
  godwit::AddPublicFunctions();
  godwit::AddSmallWork();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

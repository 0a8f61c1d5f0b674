#include "lib/checksum/crc.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/checksum/crc_kernels.h"

namespace godwit {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// Of exactly `size` on the heap, so that a sanitizer sees each byte read outside.
std::vector<std::byte> RandomBytes(Random& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.Next());
  return bytes;
}

std::string Counting(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i);
  return text;
}

struct Golden {
  std::string input;
  std::uint64_t crc64nvme;
  std::uint32_t crc32c;
};

// Check values of the CRC catalogue, RFC 3720 B.4 (32 bytes, CRC32C), the NVM Command Set
// specification (4 KiB, CRC64NVME) and S3 ("hello"); the rest bit by bit in another language.
const std::array<Golden, 9> kGolden{{
    {"", 0, 0},
    {"123456789", 0xAE8B14860A799888, 0xE3069283},
    {"hello", 0x3377857006524257, 0x9A71BB4C},
    {std::string(32, '\0'), 0xCF3473434D4ECF3B, 0x8A9136AA},
    {std::string(32, '\xff'), 0xA0A06974C34D63C4, 0x62A8AB43},
    {Counting(32), 0xB9D9D4A8492CBD7F, 0x46DD794E},
    {std::string(4096, '\0'), 0x6482D367EB22B64E, 0x98F94189},
    {std::string(4096, '\xff'), 0xC0DDBA7302ECA3AC, 0x25C1FE13},
    {Counting(4096), 0x3E729F5F6750449C, 0x9C71FE32},
}};

TEST(Crc, AgreesWithPublishedVectors) {
  for (const Golden& golden : kGolden) {
    EXPECT_EQ(Crc64Nvme(0, Bytes(golden.input)), golden.crc64nvme) << golden.input.size();
    EXPECT_EQ(Crc32c(0, Bytes(golden.input)), golden.crc32c) << golden.input.size();
  }
}

TEST(Crc, PortableFormAgreesWithPublishedVectors) {
  for (const Golden& golden : kGolden) {
    EXPECT_EQ(internal::Crc64NvmePortable(0, Bytes(golden.input)), golden.crc64nvme);
    EXPECT_EQ(internal::Crc32cPortable(0, Bytes(golden.input)), golden.crc32c);
  }
}

TEST(Crc, EveryKernelAgreesWithPublishedVectors) {
  for (const internal::CrcKernels& kernels : internal::UsableCrcKernels()) {
    for (const Golden& golden : kGolden) {
      const auto bytes = Bytes(golden.input);
      if (bytes.size() < internal::kCrcKernelBytesMin) continue;
      EXPECT_EQ(kernels.crc64nvme(0, bytes.data(), bytes.size()), golden.crc64nvme) << kernels.name;
      EXPECT_EQ(kernels.crc32c(0, bytes.data(), bytes.size()), golden.crc32c) << kernels.name;
    }
  }
}

void ExpectAllKernelsAgree(std::uint64_t crc, std::span<const std::byte> bytes) {
  const auto crc32 = static_cast<std::uint32_t>(crc);
  const std::uint64_t expected64 = internal::Crc64NvmePortable(crc, bytes);
  const std::uint32_t expected32 = internal::Crc32cPortable(crc32, bytes);
  for (const internal::CrcKernels& kernels : internal::UsableCrcKernels()) {
    ASSERT_EQ(kernels.crc64nvme(crc, bytes.data(), bytes.size()), expected64)
        << kernels.name << ", " << bytes.size() << " bytes";
    ASSERT_EQ(kernels.crc32c(crc32, bytes.data(), bytes.size()), expected32)
        << kernels.name << ", " << bytes.size() << " bytes";
  }
}

TEST(Crc, KernelsAgreeForEverySmallSize) {
  Random random(1);
  for (std::size_t size = internal::kCrcKernelBytesMin; size <= 800; ++size) {
    const std::vector<std::byte> bytes = RandomBytes(random, size);
    ExpectAllKernelsAgree(random.Next(), bytes);
    if (HasFatalFailure()) return;
  }
}

TEST(Crc, KernelsAgreeForRandomSizesAndAlignments) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 200; ++round) {
    const std::size_t offset = random.Below(64);
    const std::size_t size = internal::kCrcKernelBytesMin + random.Below(40'000);
    const std::vector<std::byte> bytes = RandomBytes(random, offset + size);
    ExpectAllKernelsAgree(random.Next(), std::span(bytes).subspan(offset));
    if (HasFatalFailure()) return;
  }
}

TEST(Crc, PublicFunctionsAgreeWithPortableOnesForTheSmallestSizes) {
  Random random(2);
  for (std::size_t size = 0; size <= 40; ++size) {
    const std::vector<std::byte> bytes = RandomBytes(random, size);
    EXPECT_EQ(Crc64Nvme(7, bytes), internal::Crc64NvmePortable(7, bytes)) << size;
    EXPECT_EQ(Crc32c(7, bytes), internal::Crc32cPortable(7, bytes)) << size;
  }
}

TEST(Crc, ContinuesOverAnySplit) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 100; ++round) {
    const std::vector<std::byte> bytes = RandomBytes(random, random.Below(5000));
    std::uint64_t crc64 = 0;
    std::uint32_t crc32 = 0;
    for (std::span<const std::byte> rest(bytes); !rest.empty();) {
      const auto piece = rest.first(std::min<std::size_t>(rest.size(), 1 + random.Below(600)));
      crc64 = Crc64Nvme(crc64, piece);
      crc32 = Crc32c(crc32, piece);
      rest = rest.subspan(piece.size());
    }
    ASSERT_EQ(crc64, Crc64Nvme(0, bytes));
    ASSERT_EQ(crc32, Crc32c(0, bytes));
  }
}

TEST(CrcCombine, EqualsTheCrcOfTheWhole) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 200; ++round) {
    const std::vector<std::byte> bytes = RandomBytes(random, random.Below(20'000));
    const std::size_t split = random.Below(bytes.size() + 1);
    const auto a = std::span(bytes).first(split);
    const auto b = std::span(bytes).subspan(split);
    ASSERT_EQ(CombineCrc64Nvme(Crc64Nvme(0, a), Crc64Nvme(0, b), b.size()), Crc64Nvme(0, bytes))
        << split << " + " << b.size();
    ASSERT_EQ(CombineCrc32c(Crc32c(0, a), Crc32c(0, b), b.size()), Crc32c(0, bytes))
        << split << " + " << b.size();
  }
}

TEST(CrcCombine, AnEmptyRunChangesNothing) {
  EXPECT_EQ(CombineCrc64Nvme(0xAE8B14860A799888, 0, 0), 0xAE8B14860A799888);
  EXPECT_EQ(CombineCrc64Nvme(0, 0xAE8B14860A799888, 9), 0xAE8B14860A799888);
  EXPECT_EQ(CombineCrc32c(0xE3069283, 0, 0), 0xE3069283);
  EXPECT_EQ(CombineCrc32c(0, 0xE3069283, 9), 0xE3069283);
}

// Sizes of 5 TiB and more cannot be hashed here; that the grouping does not matter is a law that a
// wrong power of x breaks.
TEST(CrcCombine, GroupingDoesNotMatterForHugeSizes) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t a = random.Next(), b = random.Next(), c = random.Next();
    const std::uint64_t size_b = random.Next() >> (1 + random.Below(40));
    const std::uint64_t size_c = random.Next() >> (1 + random.Below(40));
    ASSERT_EQ(CombineCrc64Nvme(CombineCrc64Nvme(a, b, size_b), c, size_c),
              CombineCrc64Nvme(a, CombineCrc64Nvme(b, c, size_c), size_b + size_c));
    const auto a32 = static_cast<std::uint32_t>(a), b32 = static_cast<std::uint32_t>(b),
               c32 = static_cast<std::uint32_t>(c);
    ASSERT_EQ(CombineCrc32c(CombineCrc32c(a32, b32, size_b), c32, size_c),
              CombineCrc32c(a32, CombineCrc32c(b32, c32, size_c), size_b + size_c));
  }
}

// The last form in the list is the one for processors without carry-less multiply.
TEST(CrcKernels, ThePortableOneIsAlwaysThere) {
  EXPECT_STREQ(internal::UsableCrcKernels().back().name, "portable");
}

}  // namespace
}  // namespace godwit

#include "lib/checksum/content_hasher.h"

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
#include "lib/checksum/crc.h"
#include "lib/checksum/xxh3_kernels.h"

namespace godwit {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::vector<std::byte> RandomBytes(Random& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.Next());
  return bytes;
}

ContentSum SumOf(std::span<const std::byte> bytes) {
  ContentHasher hasher;
  hasher.Update(bytes);
  return hasher.sum();
}

TEST(ContentHasher, KnowsSizeAndBothCrcs) {
  const ContentSum sum = SumOf(Bytes("123456789"));
  EXPECT_EQ(sum.size_bytes, 9u);
  EXPECT_EQ(sum.crc64nvme, 0xAE8B14860A799888);
  EXPECT_EQ(sum.crc32c, 0xE3069283);
}

TEST(ContentHasher, BeginsWithTheSumOfNothing) {
  EXPECT_EQ(ContentHasher().sum(), ContentSum());
  EXPECT_EQ(SumOf({}), ContentSum());
}

// Sizes around those of the blocks in which it hashes.
TEST(ContentHasher, BlocksDoNotShowInTheSum) {
  Random random(1);
  for (const std::size_t size : {16383, 16384, 16385, 32768, 65535, 65537, 200'000}) {
    const std::vector<std::byte> bytes = RandomBytes(random, size);
    const ContentSum sum = SumOf(bytes);
    EXPECT_EQ(sum.size_bytes, size);
    EXPECT_EQ(sum.crc64nvme, internal::Crc64NvmePortable(0, bytes)) << size;
    EXPECT_EQ(sum.crc32c, internal::Crc32cPortable(0, bytes)) << size;
  }
}

TEST(ContentHasher, PiecesOfAnySizeGiveTheSumOfTheWhole) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 30; ++round) {
    const std::vector<std::byte> bytes = RandomBytes(random, random.Below(100'000));
    ContentHasher hasher;
    for (std::span<const std::byte> rest(bytes); !rest.empty();) {
      const auto piece = rest.first(std::min<std::size_t>(rest.size(), 1 + random.Below(30'000)));
      hasher.Update(piece);
      rest = rest.subspan(piece.size());
    }
    ASSERT_EQ(hasher.sum(), SumOf(bytes));
  }
}

// As the parts of an upload combine to the checksum of the object.
TEST(ContentSum, PartsInOrderGiveTheSumOfTheWhole) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 50; ++round) {
    const std::vector<std::byte> bytes = RandomBytes(random, 1 + random.Below(50'000));
    const std::size_t part_size = 1 + random.Below(bytes.size());
    ContentSum whole;
    for (std::span<const std::byte> rest(bytes); !rest.empty();) {
      const auto part = rest.first(std::min(rest.size(), part_size));
      whole = whole.Then(SumOf(part));
      rest = rest.subspan(part.size());
    }
    ASSERT_EQ(whole, SumOf(bytes)) << "parts of " << part_size;
  }
}

TEST(ContentSum, OrderOfPartsMatters) {
  const ContentSum a = SumOf(Bytes("first")), b = SumOf(Bytes("second"));
  EXPECT_NE(a.Then(b), b.Then(a));
}

TEST(ContentSum, DigestsAreBothCrcsInBigEndianBytes) {
  const DigestSet digests = SumOf(Bytes("123456789")).digests();
  ASSERT_EQ(digests.all().size(), 2u);
  ASSERT_NE(digests.Find(DigestKind::kCrc64Nvme), nullptr);
  ASSERT_NE(digests.Find(DigestKind::kCrc32c), nullptr);
  EXPECT_EQ(digests.Find(DigestKind::kCrc64Nvme)->hex(), "ae8b14860a799888");
  EXPECT_EQ(digests.Find(DigestKind::kCrc32c)->hex(), "e3069283");
}

struct Golden {
  std::size_t size;
  std::string_view hash;
};

// xxHash's own sanity check, seed 0, in canonical (high word first) form.
constexpr std::array<Golden, 13> kXxh3Golden{{
    {0, "99aa06d3014798d86001c324468d497f"},
    {1, "a6cd5e9392000f6ac44bdff4074eecdb"},
    {6, "082afe0b8162d12a3e7039bdda43cfc6"},
    {12, "6e3efd8fc7802b18061a192713f69ad9"},
    {24, "0ce966e4678d37611e7044d28b1b901d"},
    {48, "a002ac4e5478227ef942219aed80f67b"},
    {81, "4952f58181ab00425e8bafb9f95fb803"},
    {222, "337e09641b948717f1aebd597cec6b3a"},
    {403, "1b6de21e332dd73dcdeb804d65c6dea4"},
    {512, "18d2d110dcc9bca1617e49599013cb6b"},
    {2048, "f736557fd47073a5dd59e2c3a5f038e0"},
    {2240, "ccb134fbfa7ce49d6e73a90539cf2948"},
    {2367, "e89c0f6ff369b427cb37aeb9e5d361ed"},
}};

// The input of that check.
std::vector<std::byte> SanityBytes(std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::uint64_t generator = 2654435761U;
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(generator >> 56);
    generator *= 11400714785074694797U;
  }
  return bytes;
}

TEST(Xxh3, AgreesWithPublishedVectors) {
  for (const Golden& golden : kXxh3Golden) {
    const Digest digest = Xxh3(SanityBytes(golden.size));
    EXPECT_EQ(digest.kind(), DigestKind::kXxh3);
    EXPECT_EQ(digest.hex(), golden.hash) << golden.size;
  }
}

TEST(Xxh3, EveryKernelAgreesWithPublishedVectors) {
  for (const internal::Xxh3Kernel& kernel : internal::UsableXxh3Kernels()) {
    for (const Golden& golden : kXxh3Golden) {
      const std::vector<std::byte> bytes = SanityBytes(golden.size);
      std::array<std::uint8_t, 16> hash{};
      kernel.hash(bytes.data(), bytes.size(), hash.data());
      EXPECT_EQ(Digest(DigestKind::kXxh3, hash).hex(), golden.hash)
          << kernel.name << ", " << golden.size;
    }
  }
}

TEST(Xxh3, KernelsAgreeForRandomSizesAndAlignments) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 200; ++round) {
    const std::size_t offset = random.Below(64);
    const std::vector<std::byte> bytes = RandomBytes(random, offset + random.Below(20'000));
    const auto input = std::span(bytes).subspan(offset);
    std::array<std::uint8_t, 16> expected{};
    internal::Xxh3Baseline(input.data(), input.size(), expected.data());
    for (const internal::Xxh3Kernel& kernel : internal::UsableXxh3Kernels()) {
      std::array<std::uint8_t, 16> hash{};
      kernel.hash(input.data(), input.size(), hash.data());
      ASSERT_EQ(hash, expected) << kernel.name << ", " << input.size() << " bytes";
    }
  }
}

}  // namespace
}  // namespace godwit

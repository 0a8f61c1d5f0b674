#include "godwit/digest.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace godwit {
namespace {

constexpr std::array<DigestKind, 5> kAllKinds{DigestKind::kCrc64Nvme, DigestKind::kCrc32c,
                                              DigestKind::kMd5, DigestKind::kSha256,
                                              DigestKind::kXxh3};

// A digest whose bytes are all `fill`.
Digest Filled(DigestKind kind, std::uint8_t fill) {
  return Digest(kind, std::vector<std::uint8_t>(DigestSize(kind), fill));
}

TEST(Digest, SizesAndNamesAreThoseOfTheAlgorithms) {
  const std::array<std::size_t, 5> sizes{8, 4, 16, 32, 16};
  const std::array<std::string_view, 5> names{"crc64nvme", "crc32c", "md5", "sha256", "xxh3"};
  for (std::size_t i = 0; i < kAllKinds.size(); ++i) {
    EXPECT_EQ(DigestSize(kAllKinds[i]), sizes[i]);
    EXPECT_EQ(DigestName(kAllKinds[i]), names[i]);
    EXPECT_EQ(DigestKindFromName(names[i]), kAllKinds[i]);
  }
  EXPECT_EQ(DigestKindFromName("MD5"), std::nullopt);
  EXPECT_EQ(DigestKindFromName(""), std::nullopt);
  EXPECT_EQ(DigestKindFromName("crc32"), std::nullopt);
}

TEST(Digest, CrcsAreBigEndian) {
  const Digest crc64 = Digest::Crc64Nvme(0xAE8B14860A799888);
  EXPECT_EQ(crc64.kind(), DigestKind::kCrc64Nvme);
  EXPECT_EQ(crc64.hex(), "ae8b14860a799888");
  EXPECT_EQ(crc64.crc64nvme(), 0xAE8B14860A799888);
  const Digest crc32 = Digest::Crc32c(0xE3069283);
  EXPECT_EQ(crc32.kind(), DigestKind::kCrc32c);
  EXPECT_EQ(crc32.hex(), "e3069283");
  EXPECT_EQ(crc32.crc32c(), 0xE3069283);
  EXPECT_EQ(Digest::Crc64Nvme(1).hex(), "0000000000000001");
}

TEST(Digest, ComparesKindAndBytes) {
  EXPECT_EQ(Digest::Crc32c(7), Digest::Crc32c(7));
  EXPECT_NE(Digest::Crc32c(7), Digest::Crc32c(8));
  EXPECT_NE(Filled(DigestKind::kMd5, 1), Filled(DigestKind::kXxh3, 1));
  EXPECT_EQ(Filled(DigestKind::kSha256, 0xAB).bytes().size(), 32u);
}

TEST(DigestSet, KeepsOneOfEachKindSorted) {
  DigestSet set{Filled(DigestKind::kXxh3, 1), Digest::Crc64Nvme(5), Filled(DigestKind::kMd5, 2)};
  set.Set(Digest::Crc64Nvme(6));
  set.Set(Digest::Crc32c(9));
  ASSERT_EQ(set.all().size(), 4u);
  EXPECT_EQ(set.all()[0], Digest::Crc64Nvme(6));
  EXPECT_EQ(set.all()[1], Digest::Crc32c(9));
  EXPECT_EQ(set.all()[2], Filled(DigestKind::kMd5, 2));
  EXPECT_EQ(set.all()[3], Filled(DigestKind::kXxh3, 1));
}

TEST(DigestSet, FindsByKind) {
  const DigestSet set{Digest::Crc32c(9)};
  ASSERT_NE(set.Find(DigestKind::kCrc32c), nullptr);
  EXPECT_EQ(set.Find(DigestKind::kCrc32c)->crc32c(), 9u);
  EXPECT_EQ(set.Find(DigestKind::kMd5), nullptr);
  EXPECT_FALSE(set.empty());
  EXPECT_TRUE(DigestSet().empty());
}

TEST(DigestSet, OrderOfInsertionDoesNotMatter) {
  EXPECT_EQ((DigestSet{Digest::Crc32c(9), Digest::Crc64Nvme(5)}),
            (DigestSet{Digest::Crc64Nvme(5), Digest::Crc32c(9)}));
}

TEST(DigestSet, CommonIsTheStrongestSharedKind) {
  DigestSet all;
  for (const DigestKind kind : kAllKinds) all.Set(Filled(kind, 1));
  DigestSet other;
  EXPECT_EQ(DigestSet::Common(all, other), std::nullopt);
  for (const DigestKind kind : {DigestKind::kCrc32c, DigestKind::kMd5, DigestKind::kXxh3,
                                DigestKind::kCrc64Nvme, DigestKind::kSha256}) {
    other.Set(Filled(kind, 2));
    EXPECT_EQ(DigestSet::Common(all, other), kind) << DigestName(kind);
    EXPECT_EQ(DigestSet::Common(other, all), kind) << DigestName(kind);
  }
  EXPECT_EQ(DigestSet::Common({Digest::Crc32c(1)}, {Digest::Crc64Nvme(1)}), std::nullopt);
}

}  // namespace
}  // namespace godwit

#include "lib/run/state_codec.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/checksum/byte_codec.h"

namespace godwit {
namespace {

std::string RandomBytes(Random& random, std::size_t size_max) {
  std::string bytes(random.Below(size_max + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Below(256));
  return bytes;
}

DigestSet RandomDigests(Random& random) {
  DigestSet digests;
  for (const DigestKind kind : {DigestKind::kCrc64Nvme, DigestKind::kCrc32c, DigestKind::kMd5,
                                DigestKind::kSha256, DigestKind::kXxh3}) {
    if (random.Chance(0.5)) continue;
    std::vector<std::uint8_t> bytes(DigestSize(kind));
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.Below(256));
    digests.Set(Digest(kind, bytes));
  }
  return digests;
}

PreciseTime RandomTime(Random& random) {
  const int digits = static_cast<int>(random.Below(10));
  auto nanoseconds = static_cast<std::int64_t>(random.Next());
  if (random.Chance(0.5)) nanoseconds = nanoseconds / 1'000'000'000 * 1'000'000'000;
  return PreciseTime{Timestamp(std::chrono::nanoseconds(nanoseconds)), digits};
}

StateRow RandomRow(Random& random) {
  StateRow row;
  row.key = RandomBytes(random, 40);
  row.size_bytes = random.Next() >> random.Below(64);
  row.source_version = RandomBytes(random, 70);
  row.target_version = RandomBytes(random, 70);
  row.source_modified = RandomTime(random);
  row.digests = RandomDigests(random);
  row.evidence = static_cast<Evidence>(random.Below(5));
  return row;
}

StateRow TypicalRow() {
  StateRow row;
  row.key = "models/a.bin";
  row.size_bytes = 123'456'789;
  row.source_version = "\"d41d8cd98f00b204e9800998ecf8427e\"";
  row.target_version = "\"d41d8cd98f00b204e9800998ecf8427e\"";
  row.source_modified = {Timestamp(std::chrono::seconds(1'700'000'000)), 0};
  row.digests = {Digest::Crc64Nvme(0x1122334455667788), Digest::Crc32c(0x11223344)};
  return row;
}

TEST(StateCodec, AnyRowComesBackAsItWas) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const StateRow row = RandomRow(random);
    EXPECT_EQ(DecodeStateRow(row.key, EncodeStateRow(row)), row);
  }
}

TEST(StateCodec, ExtremeTimesComeBackAsTheyWere) {
  for (const std::int64_t nanoseconds :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
        std::int64_t{-1}, std::int64_t{0}}) {
    for (int digits = 0; digits <= 9; ++digits) {
      StateRow row = TypicalRow();
      row.source_modified = {Timestamp(std::chrono::nanoseconds(nanoseconds)), digits};
      EXPECT_EQ(DecodeStateRow(row.key, EncodeStateRow(row)), row);
    }
  }
}

TEST(StateCodec, ATypicalRowIsSmall) { EXPECT_LE(EncodeStateRow(TypicalRow()).size(), 105u); }

TEST(StateCodec, EveryChangedBitIsNoticed) {
  const StateRow row = TypicalRow();
  const std::string bytes = EncodeStateRow(row);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeStateRow(row.key, damaged)) << "bit " << bit;
  }
}

TEST(StateCodec, EveryCutIsNoticed) {
  const StateRow row = TypicalRow();
  const std::string bytes = EncodeStateRow(row);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeStateRow(row.key, bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(DecodeStateRow(row.key, bytes + '\0'));
}

TEST(StateCodec, ARowUnderAnotherKeyIsNoRow) {
  const std::string bytes = EncodeStateRow(TypicalRow());
  EXPECT_FALSE(DecodeStateRow("models/b.bin", bytes));
  EXPECT_FALSE(DecodeStateRow("", bytes));
}

// Sealed garbage: what a newer or a faulty program might have written.
TEST(StateCodec, SealedGarbageIsSafeToRead) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 50'000; ++i) {
    ByteEncoder garbage;
    garbage.Byte(random.Chance(0.9) ? 1 : static_cast<std::uint8_t>(random.Below(256)));
    for (const char byte : RandomBytes(random, 60)) garbage.Byte(static_cast<std::uint8_t>(byte));
    const std::string row = std::move(garbage).Seal("k");
    const std::optional<StateRow> state = DecodeStateRow("k", row);
    // What decodes at all is a row like any other.
    EXPECT_TRUE(!state || DecodeStateRow("k", EncodeStateRow(*state)) == state);
    const std::optional<UploadRow> upload = DecodeUploadRow("k", row);
    EXPECT_TRUE(!upload || DecodeUploadRow("k", EncodeUploadRow("k", *upload)) == upload);
    DecodePartRow("k", 0, row);
    DecodeSpooledDelete(row);
  }
}

TEST(StateCodec, AnotherFormatIsNoRow) {
  ByteEncoder row;
  row.Byte(2);
  EXPECT_FALSE(DecodeStateRow("k", std::move(row).Seal("k")));
}

TEST(StateCodec, UploadsAndPartsComeBackAsTheyWere) {
  const UploadRow upload{"v1", 1ULL << 40, 16ULL << 20, Secret("id=+/"), 0xF0F1F2F3F4F5F6F7};
  EXPECT_EQ(DecodeUploadRow("k", EncodeUploadRow("k", upload)), upload);
  PartReceipt part{7, 16ULL << 20, "\"etag\"", {Digest::Crc32c(9)}, std::string("st\0te", 5)};
  const std::optional<PartReceipt> read = DecodePartRow("k", 7, EncodePartRow("k", part));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->index, 7u);
  EXPECT_EQ(read->size_bytes, part.size_bytes);
  EXPECT_EQ(read->token, part.token);
  EXPECT_EQ(read->digests, part.digests);
  EXPECT_EQ(read->running_md5, part.running_md5);
  EXPECT_FALSE(DecodePartRow("k", 8, EncodePartRow("k", part)));
}

TEST(StateCodec, SpooledDeletesComeBackAsTheyWere) {
  for (const bool excluded : {false, true}) {
    for (const bool folder : {false, true}) {
      const SpooledDelete spooled{std::string("a\0\xFF/", 4), "v", 12, excluded, folder};
      const std::optional<SpooledDelete> read = DecodeSpooledDelete(EncodeSpooledDelete(spooled));
      ASSERT_TRUE(read);
      EXPECT_EQ(read->key, spooled.key);
      EXPECT_EQ(read->version, spooled.version);
      EXPECT_EQ(read->size_bytes, spooled.size_bytes);
      EXPECT_EQ(read->excluded, excluded);
      EXPECT_EQ(read->is_folder, folder);
    }
  }
}

TEST(ByteDecoder, ANumberOver64BitsIsMalformed) {
  ByteEncoder row;
  for (int i = 0; i < 9; ++i) row.Byte(0xFF);
  row.Byte(0x02);
  const std::string sealed = std::move(row).Seal("");
  ByteDecoder in("", sealed);
  EXPECT_EQ(in.Number(), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(ByteDecoder, NumbersOfAllSizesComeBack) {
  ByteEncoder row;
  for (int shift = 0; shift < 64; ++shift) row.Number(~std::uint64_t{0} >> shift);
  for (int shift = 0; shift < 64; ++shift)
    row.Signed(std::numeric_limits<std::int64_t>::min() >> shift);
  const std::string sealed = std::move(row).Seal("key");
  ByteDecoder in("key", sealed);
  for (int shift = 0; shift < 64; ++shift) EXPECT_EQ(in.Number(), ~std::uint64_t{0} >> shift);
  for (int shift = 0; shift < 64; ++shift) {
    EXPECT_EQ(in.Signed(), std::numeric_limits<std::int64_t>::min() >> shift);
  }
  EXPECT_TRUE(in.Complete());
}

}  // namespace
}  // namespace godwit

#include "lib/run/read_sinks.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace godwit {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

class BufferSinkTest : public testing::Test {
 protected:
  std::string Text() const {
    return {reinterpret_cast<const char*>(buffer_.data()), buffer_.size()};
  }
  std::array<std::byte, 6> buffer_{};
  BufferSink sink_{100, buffer_};
};

TEST_F(BufferSinkTest, KeepsAndHashesARange) {
  ASSERT_TRUE(sink_.Write(100, Bytes("abc")).ok());
  EXPECT_FALSE(sink_.full());
  ASSERT_TRUE(sink_.Write(103, Bytes("def")).ok());
  EXPECT_TRUE(sink_.full());
  EXPECT_EQ(Text(), "abcdef");
  ContentHasher whole;
  whole.Update(Bytes("abcdef"));
  EXPECT_EQ(sink_.sum().crc64nvme, whole.sum().crc64nvme);
}

TEST_F(BufferSinkTest, BytesPutIntoItsRoomAreHashedWhereTheyAre) {
  const std::span<std::byte> room = sink_.Room(100, 4);
  ASSERT_EQ(room.size(), 4U);
  std::memcpy(room.data(), "abcd", 4);
  ASSERT_TRUE(sink_.Write(100, room).ok());
  ASSERT_TRUE(sink_.Write(104, Bytes("ef")).ok());
  EXPECT_EQ(Text(), "abcdef");
  ContentHasher whole;
  whole.Update(Bytes("abcdef"));
  EXPECT_EQ(sink_.sum().crc64nvme, whole.sum().crc64nvme);
}

TEST_F(BufferSinkTest, RoomEndsWithTheRange) {
  EXPECT_EQ(sink_.Room(104, 100).size(), 2U);
  EXPECT_TRUE(sink_.Room(106, 1).empty());
  EXPECT_TRUE(sink_.Room(99, 1).empty());
  EXPECT_TRUE(sink_.Room(200, 1).empty());
}

TEST_F(BufferSinkTest, GapsAndSurplusAreRefused) {
  EXPECT_EQ(sink_.Write(101, Bytes("b")).kind(), ErrorKind::kCorrupted);
  ASSERT_TRUE(sink_.Write(100, Bytes("abcdef")).ok());
  EXPECT_EQ(sink_.Write(106, Bytes("g")).kind(), ErrorKind::kCorrupted);
}

TEST_F(BufferSinkTest, ReadThatBeginsAgainIsHashedAnew) {
  ASSERT_TRUE(sink_.Write(100, Bytes("xyz")).ok());
  ASSERT_TRUE(sink_.Write(100, Bytes("abcdef")).ok());
  EXPECT_EQ(Text(), "abcdef");
  EXPECT_TRUE(sink_.full());
}

TEST(PartMd5, ReadThatBeginsAgainIsHashedAnew) {
  RunningMd5 before;
  before.Update(Bytes("abc"));
  PartMd5 part(3, before.State());
  part.Write(3, Bytes("xy"));
  part.Write(3, Bytes("de"));
  part.Write(5, Bytes("f"));
  const std::optional<RunningMd5> after = RunningMd5::After(part.State());
  ASSERT_TRUE(after);
  EXPECT_EQ(after->Hash(), Md5("abcdef"));
}

TEST(PartMd5, NothingIsToldWhereNothingWasAsked) {
  PartMd5 part(0, std::nullopt);
  part.Write(0, Bytes("abc"));
  EXPECT_EQ(part.State(), "");
}

}  // namespace
}  // namespace godwit

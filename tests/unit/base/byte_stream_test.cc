#include "godwit/byte_stream.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace godwit {
namespace {

std::string ReadAt(ByteSource& source, std::uint64_t offset, std::size_t size) {
  std::string text(size, '\0');
  const Result<std::size_t> count = source.Read(offset, std::as_writable_bytes(std::span(text)));
  if (!count.ok()) return "failed";
  return text.substr(0, *count);
}

TEST(MemorySource, ReadsAnyRangeAnyTime) {
  const std::string_view text = "0123456789";
  MemorySource source(std::as_bytes(std::span(text)));
  EXPECT_EQ(source.size_bytes(), 10u);
  EXPECT_EQ(ReadAt(source, 0, 20), "0123456789");
  EXPECT_EQ(ReadAt(source, 7, 20), "789");
  EXPECT_EQ(ReadAt(source, 2, 3), "234");
  EXPECT_EQ(ReadAt(source, 0, 1), "0");
}

TEST(MemorySource, ReadsNothingAtTheEndAndBeyond) {
  const std::string_view text = "0123456789";
  MemorySource source(std::as_bytes(std::span(text)));
  EXPECT_EQ(ReadAt(source, 10, 5), "");
  EXPECT_EQ(ReadAt(source, UINT64_MAX, 5), "");
  EXPECT_EQ(*source.Read(3, {}), 0u);
  MemorySource empty{std::span<const std::byte>()};
  EXPECT_EQ(ReadAt(empty, 0, 5), "");
}

}  // namespace
}  // namespace godwit

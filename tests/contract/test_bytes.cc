#include "tests/contract/test_bytes.h"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/checksum/content_hasher.h"

namespace godwit {

std::string PatternBytes(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::string bytes;
  bytes.reserve(size + sizeof(std::uint64_t));
  while (bytes.size() < size) {
    const std::uint64_t word = random.Next();
    bytes.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
  bytes.resize(size);
  return bytes;
}

DigestSet CrcsOf(std::string_view text) {
  ContentHasher hasher;
  hasher.Update(AsBytes(text));
  return hasher.sum().digests();
}

Status CollectSink::Write(std::uint64_t offset, std::span<const std::byte> added) {
  if (at_write) at_write();
  if (!failure.ok()) return failure;
  if (!begun_) first_offset = offset;
  if (begun_ && offset == first_offset && !bytes.empty()) {
    bytes.clear();
    ++restarts;
  }
  begun_ = true;
  EXPECT_EQ(offset, first_offset + bytes.size()) << "the bytes came with a gap";
  for (const std::byte byte : added) bytes += std::to_integer<char>(byte);
  return Status::Ok();
}

Result<std::size_t> TestSource::Read(std::uint64_t offset, std::span<std::byte> buffer) {
  ++reads;
  if (at_read) at_read();
  if (!failure_.ok() && offset + buffer.size() > fail_offset_) return failure_;
  if (offset >= bytes_.size()) return std::size_t{0};
  const std::size_t count = std::min<std::uint64_t>(buffer.size(), bytes_.size() - offset);
  std::memcpy(buffer.data(), bytes_.data() + offset, count);
  return count;
}

}  // namespace godwit

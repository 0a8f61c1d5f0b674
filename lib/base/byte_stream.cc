#include "godwit/byte_stream.h"

#include <algorithm>
#include <cstring>

namespace godwit {

std::span<std::byte> ByteSink::Room(std::uint64_t, std::size_t) { return {}; }

Result<std::size_t> MemorySource::Read(std::uint64_t offset, std::span<std::byte> buffer) {
  if (offset >= bytes_.size() || buffer.empty()) return std::size_t{0};
  const std::size_t count = std::min<std::uint64_t>(buffer.size(), bytes_.size() - offset);
  std::memcpy(buffer.data(), bytes_.data() + offset, count);
  return count;
}

}  // namespace godwit

#include "lib/store/gcs/gcs_body.h"

#include <algorithm>
#include <cstring>

#include "lib/checksum/crc.h"

namespace godwit {
namespace {

std::size_t CopyText(std::string_view text, std::span<std::byte> buffer) {
  const std::size_t count = std::min(text.size(), buffer.size());
  std::memcpy(buffer.data(), text.data(), count);
  return count;
}

}  // namespace

Result<std::size_t> SourceRange::Read(std::uint64_t offset, std::span<std::byte> buffer) {
  if (offset >= length_) return std::size_t{0};
  const std::uint64_t left = length_ - offset;
  return source_.Read(begin_ + offset, buffer.first(std::min<std::uint64_t>(buffer.size(), left)));
}

Result<std::size_t> HashedSource::Read(std::uint64_t offset, std::span<std::byte> buffer) {
  Result<std::size_t> count = source_.Read(offset, buffer);
  if (!count.ok() || offset > hashed_bytes_ || offset + *count <= hashed_bytes_) return count;
  const auto fresh = buffer.first(*count).subspan(hashed_bytes_ - offset);
  crc_ = Crc32c(crc_, fresh);
  hashed_bytes_ += fresh.size();
  return count;
}

std::optional<Digest> HashedSource::crc32c() const {
  if (hashed_bytes_ != source_.size_bytes()) return std::nullopt;
  return Digest::Crc32c(crc_);
}

Result<std::size_t> FramedText::Read(std::uint64_t offset, std::span<std::byte> buffer) {
  if (offset < head_.size()) return CopyText(std::string_view(head_).substr(offset), buffer);
  offset -= head_.size();
  const std::uint64_t size = source_.size_bytes();
  if (offset < size) {
    const std::uint64_t left = size - offset;
    return source_.Read(offset, buffer.first(std::min<std::uint64_t>(buffer.size(), left)));
  }
  offset -= size;
  if (offset >= tail_.size()) return std::size_t{0};
  return CopyText(std::string_view(tail_).substr(offset), buffer);
}

}  // namespace godwit

#include "fakecloud/content.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace fakecloud {
namespace {

using Visitor = std::function<bool(std::span<const std::byte>)>;

constexpr std::size_t kPieceBytes = 256 << 10;

class MemoryChunk final : public Chunk {
 public:
  explicit MemoryChunk(std::unique_ptr<std::byte[]> bytes) : bytes_(std::move(bytes)) {}
  bool Visit(std::uint64_t offset, std::uint64_t size, const Visitor& visit) const override {
    return visit({bytes_.get() + offset, size});
  }

 private:
  const std::unique_ptr<std::byte[]> bytes_;
};

class ZeroChunk final : public Chunk {
 public:
  bool Visit(std::uint64_t, std::uint64_t size, const Visitor& visit) const override {
    static constexpr std::array<std::byte, 64 << 10> kZeros{};
    while (size > 0) {
      const std::uint64_t count = std::min<std::uint64_t>(size, kZeros.size());
      if (!visit({kZeros.data(), count})) return false;
      size -= count;
    }
    return true;
  }
};

class FileChunk final : public Chunk {
 public:
  explicit FileChunk(int file) : file_(file) {}
  ~FileChunk() override { close(file_); }
  bool Visit(std::uint64_t offset, std::uint64_t size, const Visitor& visit) const override {
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kPieceBytes);
    while (size > 0) {
      const std::size_t want = std::min<std::uint64_t>(size, kPieceBytes);
      const ssize_t got = pread(file_, buffer.get(), want, static_cast<off_t>(offset));
      if (got <= 0) return false;
      if (!visit({buffer.get(), static_cast<std::size_t>(got)})) return false;
      offset += static_cast<std::uint64_t>(got);
      size -= static_cast<std::uint64_t>(got);
    }
    return true;
  }

 private:
  const int file_;
};

}  // namespace

Content Content::FromText(std::string_view text) {
  Content content;
  if (text.empty()) return content;
  auto bytes = std::make_unique_for_overwrite<std::byte[]>(text.size());
  std::memcpy(bytes.get(), text.data(), text.size());
  content.AppendChunk(std::make_shared<MemoryChunk>(std::move(bytes)), text.size());
  return content;
}

Content Content::Zeros(std::uint64_t size) {
  static const auto kChunk = std::make_shared<const ZeroChunk>();
  Content content;
  if (size > 0) content.AppendChunk(kChunk, size);
  return content;
}

Content Content::Discarded(std::uint64_t size) {
  Content content = Zeros(size);
  content.discarded_ = size > 0;
  return content;
}

void Content::AppendChunk(std::shared_ptr<const Chunk> chunk, std::uint64_t size) {
  pieces_.push_back({std::move(chunk), 0, size});
  size_ += size;
}

void Content::Append(const Content& other) {
  pieces_.insert(pieces_.end(), other.pieces_.begin(), other.pieces_.end());
  size_ += other.size_;
  discarded_ = discarded_ || other.discarded_;
}

Content Content::Slice(std::uint64_t offset, std::uint64_t size) const {
  Content part;
  part.discarded_ = discarded_;
  for (const Piece& piece : pieces_) {
    if (size == 0) break;
    if (offset >= piece.size) {
      offset -= piece.size;
      continue;
    }
    const std::uint64_t count = std::min(size, piece.size - offset);
    part.pieces_.push_back({piece.chunk, piece.offset + offset, count});
    part.size_ += count;
    size -= count;
    offset = 0;
  }
  return part;
}

bool Content::Visit(const Visitor& visit) const {
  return std::all_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
    return piece.chunk->Visit(piece.offset, piece.size, visit);
  });
}

std::string Content::ToText() const {
  std::string text;
  text.reserve(size_);
  Visit([&](std::span<const std::byte> bytes) {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return true;
  });
  return text;
}

Content Content::Flipped(std::uint64_t offset, unsigned char mask) const {
  std::string byte = Slice(offset, 1).ToText();
  byte[0] = static_cast<char>(static_cast<unsigned char>(byte[0]) ^ mask);
  Content changed = Slice(0, offset);
  changed.Append(FromText(byte));
  changed.Append(Slice(offset + 1, size_ - offset - 1));
  return changed;
}

ContentWriter::ContentWriter(const StoragePolicy& policy, std::uint64_t size_hint)
    : policy_(policy), size_hint_(size_hint) {
  if (!policy.discard && !policy.spill_dir.empty() && size_hint >= policy.spill_bytes_min) {
    file_ = open(policy.spill_dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  }
}

ContentWriter::~ContentWriter() {
  if (file_ >= 0) close(file_);
}

std::span<std::byte> ContentWriter::Prepare() {
  if (policy_.discard || file_ >= 0) {
    if (!buffer_) {
      capacity_ = std::min<std::uint64_t>(std::max<std::uint64_t>(size_hint_, 4096), kPieceBytes);
      buffer_ = std::make_unique_for_overwrite<std::byte[]>(capacity_);
    }
    return {buffer_.get(), capacity_};
  }
  if (used_ == capacity_) {
    SealBuffer();
    constexpr std::uint64_t kChunkBytesMax = 4 << 20;
    const std::uint64_t rest = size_hint_ > size_ ? size_hint_ - size_ : 64 << 10;
    capacity_ = std::min(rest, kChunkBytesMax);
    buffer_ = std::make_unique_for_overwrite<std::byte[]>(capacity_);
  }
  return {buffer_.get() + used_, capacity_ - used_};
}

bool ContentWriter::Commit(std::size_t used) {
  size_ += used;
  if (policy_.discard) return true;
  if (file_ < 0) {
    used_ += used;
    return true;
  }
  const std::byte* at = buffer_.get();
  while (used > 0) {
    const ssize_t written = write(file_, at, used);
    if (written <= 0) return false;
    at += written;
    used -= static_cast<std::size_t>(written);
  }
  return true;
}

void ContentWriter::SealBuffer() {
  if (used_ > 0) content_.AppendChunk(std::make_shared<MemoryChunk>(std::move(buffer_)), used_);
  used_ = capacity_ = 0;
}

Content ContentWriter::Finish() {
  if (policy_.discard) return Content::Discarded(size_);
  if (file_ >= 0) {
    content_.AppendChunk(std::make_shared<FileChunk>(file_), size_);
    file_ = -1;
  } else {
    SealBuffer();
  }
  return std::move(content_);
}

}  // namespace fakecloud

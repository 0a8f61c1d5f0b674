#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fakecloud {

// A run of stored bytes that nobody changes any more.
class Chunk {
 public:
  virtual ~Chunk() = default;
  // Shows [offset, offset + size) to `visit`, in order, in pieces; stops when it returns false.
  virtual bool Visit(std::uint64_t offset, std::uint64_t size,
                     const std::function<bool(std::span<const std::byte>)>& visit) const = 0;
};

// The bytes of an object: an immutable list of pieces of chunks, cheap to copy, cut and join, so
// that parts and copies share memory. Value type; the chunks live as long as anyone uses them.
class Content {
 public:
  static Content FromText(std::string_view text);
  static Content Zeros(std::uint64_t size);
  // Stands for bytes that were not kept; only its size is real.
  static Content Discarded(std::uint64_t size);

  std::uint64_t size() const { return size_; }
  bool discarded() const { return discarded_; }
  void Append(const Content& other);
  void AppendChunk(std::shared_ptr<const Chunk> chunk, std::uint64_t size);
  // [offset, offset + size) must lie inside.
  Content Slice(std::uint64_t offset, std::uint64_t size) const;
  // As Chunk::Visit, over the whole content.
  bool Visit(const std::function<bool(std::span<const std::byte>)>& visit) const;
  std::string ToText() const;
  // A copy with one byte changed by xor; for faults. `offset` must lie inside.
  Content Flipped(std::uint64_t offset, unsigned char mask) const;

 private:
  struct Piece {
    std::shared_ptr<const Chunk> chunk;
    std::uint64_t offset;
    std::uint64_t size;
  };
  std::vector<Piece> pieces_;
  std::uint64_t size_ = 0;
  bool discarded_ = false;
};

// Where bodies go.
struct StoragePolicy {
  bool discard = false;   // Keep sizes and digests only.
  std::string spill_dir;  // Bodies from `spill_bytes_min` on go to unnamed files here; "": memory.
  std::uint64_t spill_bytes_min = 1 << 20;
};

// Collects one body. Fill the span of Prepare(), then tell with Commit() how much of it is used.
// One thread at a time.
class ContentWriter {
 public:
  // `size_hint` is the announced size, 0 if unknown.
  ContentWriter(const StoragePolicy& policy, std::uint64_t size_hint);
  ~ContentWriter();
  ContentWriter(const ContentWriter&) = delete;
  ContentWriter& operator=(const ContentWriter&) = delete;

  std::span<std::byte> Prepare();
  // False if the bytes could not be stored (disk full).
  bool Commit(std::size_t used);
  Content Finish();

 private:
  void SealBuffer();

  const StoragePolicy& policy_;
  std::uint64_t size_hint_;
  std::uint64_t size_ = 0;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
  int file_ = -1;
  Content content_;
};

}  // namespace fakecloud

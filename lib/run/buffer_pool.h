#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>

namespace godwit {

// Memory for the bytes of transfers: aligned for O_DIRECT, given back and used again, so that a
// large buffer is faulted in once and not once a part.
//
// The pool does not admit: the engine reserves each transfer's share before it starts. The pool
// only sees to it that buffers at rest and in use together stay within the limit, by freeing those
// at rest. Safe from any thread.
class BufferPool {
 public:
  static constexpr std::size_t kAlignment = 4096;

  // A buffer on loan; returns to its pool at the end of its life. Movable. May be empty.
  class Buffer {
   public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept;
    Buffer& operator=(Buffer&& other) noexcept;
    ~Buffer();

    std::span<std::byte> bytes() const { return {bytes_, size_}; }
    explicit operator bool() const { return bytes_ != nullptr; }

   private:
    friend class BufferPool;
    Buffer(BufferPool* pool, std::byte* bytes, std::size_t capacity, std::size_t size)
        : pool_(pool), bytes_(bytes), capacity_(capacity), size_(size) {}

    BufferPool* pool_ = nullptr;
    std::byte* bytes_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
  };

  explicit BufferPool(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // A buffer of exactly `size` bytes with undefined content; an empty one if there is no memory.
  Buffer Take(std::size_t size);

  // What the pool holds, on loan and at rest.
  std::uint64_t held_bytes() const;

 private:
  void Return(std::byte* bytes, std::size_t capacity);
  void FreeResting(std::uint64_t wanted_bytes);

  const std::uint64_t limit_bytes_;
  mutable std::mutex mutex_;                        // Guards all below.
  std::multimap<std::size_t, std::byte*> resting_;  // By capacity.
  std::uint64_t held_bytes_ = 0;
};

}  // namespace godwit

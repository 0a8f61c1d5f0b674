#include "lib/run/buffer_pool.h"

#include <cassert>
#include <new>
#include <utility>

namespace godwit {

namespace {

constexpr std::size_t kSmallest = 64UL << 10;
constexpr std::size_t kStep = 1UL << 20;

// Few distinct capacities, so that a buffer that comes back fits what is asked for next.
std::size_t CapacityFor(std::size_t size) {
  if (size > kStep) return (size + kStep - 1) / kStep * kStep;
  std::size_t capacity = kSmallest;
  while (capacity < size) capacity *= 2;
  return capacity;
}

std::byte* Allocate(std::size_t capacity) {
  return static_cast<std::byte*>(
      ::operator new(capacity, std::align_val_t(BufferPool::kAlignment), std::nothrow));
}

void Free(std::byte* bytes) { ::operator delete(bytes, std::align_val_t(BufferPool::kAlignment)); }

}  // namespace

BufferPool::Buffer::Buffer(Buffer&& other) noexcept
    : pool_(other.pool_),
      bytes_(std::exchange(other.bytes_, nullptr)),
      capacity_(other.capacity_),
      size_(std::exchange(other.size_, 0)) {}

BufferPool::Buffer& BufferPool::Buffer::operator=(Buffer&& other) noexcept {
  if (this == &other) return *this;
  if (bytes_ != nullptr) pool_->Return(bytes_, capacity_);
  pool_ = other.pool_;
  bytes_ = std::exchange(other.bytes_, nullptr);
  capacity_ = other.capacity_;
  size_ = std::exchange(other.size_, 0);
  return *this;
}

BufferPool::Buffer::~Buffer() {
  if (bytes_ != nullptr) pool_->Return(bytes_, capacity_);
}

BufferPool::~BufferPool() {
  for (const auto& [capacity, bytes] : resting_) {
    held_bytes_ -= capacity;
    Free(bytes);
  }
  assert(held_bytes_ == 0);
}

BufferPool::Buffer BufferPool::Take(std::size_t size) {
  const std::size_t capacity = CapacityFor(size);
  {
    const std::lock_guard lock(mutex_);
    const auto found = resting_.lower_bound(capacity);
    // A much larger one stays for the large transfer that will need it.
    if (found != resting_.end() && found->first <= 2 * capacity) {
      Buffer buffer(this, found->second, found->first, size);
      resting_.erase(found);
      return buffer;
    }
    FreeResting(capacity);
    held_bytes_ += capacity;
  }
  std::byte* bytes = Allocate(capacity);
  if (bytes != nullptr) return Buffer(this, bytes, capacity, size);
  const std::lock_guard lock(mutex_);
  held_bytes_ -= capacity;
  return {};
}

std::uint64_t BufferPool::held_bytes() const {
  const std::lock_guard lock(mutex_);
  return held_bytes_;
}

void BufferPool::Return(std::byte* bytes, std::size_t capacity) {
  const std::lock_guard lock(mutex_);
  if (held_bytes_ > limit_bytes_) {
    held_bytes_ -= capacity;
    Free(bytes);
    return;
  }
  resting_.emplace(capacity, bytes);
}

// Makes room for `wanted_bytes` under the limit, largest first; the caller holds the lock.
void BufferPool::FreeResting(std::uint64_t wanted_bytes) {
  while (!resting_.empty() && held_bytes_ + wanted_bytes > limit_bytes_) {
    const auto largest = std::prev(resting_.end());
    held_bytes_ -= largest->first;
    Free(largest->second);
    resting_.erase(largest);
  }
}

}  // namespace godwit

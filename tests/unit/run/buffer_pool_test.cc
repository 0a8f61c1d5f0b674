#include "lib/run/buffer_pool.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include <gtest/gtest.h>

namespace godwit {
namespace {

constexpr std::size_t kMiB = 1UL << 20;

TEST(BufferPool, BuffersAreAlignedAndOfTheSizeAskedFor) {
  BufferPool pool(64 * kMiB);
  for (const std::size_t size : {0UL, 1UL, 4096UL, 65'537UL, 5 * kMiB + 1}) {
    const BufferPool::Buffer buffer = pool.Take(size);
    ASSERT_TRUE(buffer);
    EXPECT_EQ(buffer.bytes().size(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.bytes().data()) % BufferPool::kAlignment, 0u);
    if (size != 0) std::memset(buffer.bytes().data(), 1, size);
  }
}

TEST(BufferPool, ABufferThatCameBackIsUsedAgain) {
  BufferPool pool(64 * kMiB);
  const std::byte* first = pool.Take(16 * kMiB).bytes().data();
  EXPECT_EQ(pool.Take(16 * kMiB - 5).bytes().data(), first);
  EXPECT_EQ(pool.held_bytes(), 16 * kMiB);
}

TEST(BufferPool, ASmallRequestDoesNotTakeALargeBuffer) {
  BufferPool pool(64 * kMiB);
  { const BufferPool::Buffer large = pool.Take(16 * kMiB); }
  const BufferPool::Buffer small = pool.Take(100);
  EXPECT_EQ(pool.held_bytes(), 16 * kMiB + 65'536);
}

TEST(BufferPool, RestingBuffersGoBeforeTheLimitIsPassed) {
  BufferPool pool(20 * kMiB);
  { const BufferPool::Buffer one = pool.Take(16 * kMiB); }
  const BufferPool::Buffer two = pool.Take(5 * kMiB);
  EXPECT_EQ(pool.held_bytes(), 5 * kMiB);
}

TEST(BufferPool, WhatIsOverTheLimitIsFreedOnReturn) {
  BufferPool pool(kMiB);
  { const BufferPool::Buffer large = pool.Take(16 * kMiB); }
  EXPECT_EQ(pool.held_bytes(), 0u);
}

TEST(BufferPool, AMovedBufferComesBackOnce) {
  BufferPool pool(64 * kMiB);
  {
    BufferPool::Buffer one = pool.Take(100);
    BufferPool::Buffer two = std::move(one);
    BufferPool::Buffer three;
    three = std::move(two);
    EXPECT_EQ(three.bytes().size(), 100u);
  }
  EXPECT_EQ(pool.held_bytes(), 65'536u);
}

}  // namespace
}  // namespace godwit

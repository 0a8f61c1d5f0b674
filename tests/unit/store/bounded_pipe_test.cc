#include "lib/store/bounded_pipe.h"

#include <thread>

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "tests/contract/test_bytes.h"

namespace godwit {
namespace {

// Reads all that the pipe gives, in pieces of random sizes.
Result<std::string> Drain(ByteSource& source, Random& random) {
  std::string all;
  std::string buffer(100, '\0');
  while (true) {
    const std::span<std::byte> piece =
        std::as_writable_bytes(std::span(buffer)).first(1 + random.Below(buffer.size()));
    const Result<std::size_t> count = source.Read(all.size(), piece);
    if (!count.ok()) return count.status();
    if (*count == 0) return all;
    all.append(buffer, 0, *count);
  }
}

TEST(BoundedPipe, BytesPassUnchangedThroughAnyRing) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (const std::size_t capacity : {1UL, 2UL, 63UL, 4096UL, 100'000UL}) {
    const std::string bytes = PatternBytes(8'000, seed);
    BoundedPipe pipe(capacity, 1000, bytes.size());
    std::jthread reader([&] {
      Random random(seed);
      for (std::size_t done = 0; done < bytes.size();) {
        const std::size_t size = std::min<std::size_t>(1 + random.Below(500), bytes.size() - done);
        EXPECT_TRUE(pipe.sink().Write(1000 + done, AsBytes(bytes).subspan(done, size)).ok());
        done += size;
      }
      pipe.CloseSink(Status::Ok());
    });
    Random random(seed + 1);
    const Result<std::string> drained = Drain(pipe.source(), random);
    ASSERT_TRUE(drained.ok()) << drained.status();
    EXPECT_TRUE(*drained == bytes) << capacity;
  }
}

TEST(BoundedPipe, WhatTheWriterPassesOverIsDropped) {
  const std::string bytes = PatternBytes(1000, 1);
  BoundedPipe pipe(7, 0, bytes.size());
  std::jthread reader([&] {
    EXPECT_TRUE(pipe.sink().Write(0, AsBytes(bytes)).ok());
    pipe.CloseSink(Status::Ok());
  });
  std::string rest;
  std::string buffer(100, '\0');
  while (rest.size() < 400) {
    const Result<std::size_t> count =
        pipe.source().Read(600 + rest.size(), std::as_writable_bytes(std::span(buffer)));
    ASSERT_TRUE(count.ok()) << count.status();
    rest.append(buffer, 0, *count);
  }
  EXPECT_EQ(rest, bytes.substr(600));
  EXPECT_FALSE(pipe.source().Read(0, std::as_writable_bytes(std::span(buffer))).ok());
}

TEST(BoundedPipe, EmptyBodyEndsAtOnce) {
  BoundedPipe pipe(10, 0, 0);
  Random random(1);
  const Result<std::string> drained = Drain(pipe.source(), random);
  ASSERT_TRUE(drained.ok()) << drained.status();
  EXPECT_EQ(*drained, "");
}

TEST(BoundedPipe, FailureOfTheReaderReachesTheWriter) {
  BoundedPipe pipe(10, 0, 100);
  ASSERT_TRUE(pipe.sink().Write(0, AsBytes("abc")).ok());
  pipe.CloseSink(Status(ErrorKind::kPreconditionFailed, "the source has changed"));
  Random random(1);
  const Result<std::string> drained = Drain(pipe.source(), random);
  ASSERT_FALSE(drained.ok());
  EXPECT_EQ(drained.status().kind(), ErrorKind::kPreconditionFailed);
}

TEST(BoundedPipe, ReaderThatStopsShortIsAFailure) {
  BoundedPipe pipe(10, 0, 100);
  ASSERT_TRUE(pipe.sink().Write(0, AsBytes("abc")).ok());
  pipe.CloseSink(Status::Ok());
  Random random(1);
  EXPECT_EQ(Drain(pipe.source(), random).status().kind(), ErrorKind::kUnavailable);
}

TEST(BoundedPipe, FailureOfTheWriterEndsAWaitingReader) {
  BoundedPipe pipe(4, 0, 100);
  Status answer;
  std::jthread reader([&] { answer = pipe.sink().Write(0, AsBytes("more than four")); });
  pipe.CloseSource(Status(ErrorKind::kNoSpace, "the disk is full"));
  reader.join();
  EXPECT_EQ(answer.kind(), ErrorKind::kNoSpace);
}

TEST(BoundedPipe, BytesCannotBeReadTwice) {
  BoundedPipe pipe(10, 0, 6);
  ASSERT_TRUE(pipe.sink().Write(0, AsBytes("abcdef")).ok());
  std::byte buffer[3];
  ASSERT_TRUE(pipe.source().Read(0, buffer).ok());
  const Result<std::size_t> again = pipe.source().Read(0, buffer);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.status().kind(), ErrorKind::kUnavailable);
  EXPECT_FALSE(pipe.sink().Write(0, AsBytes("abc")).ok());
}

}  // namespace
}  // namespace godwit

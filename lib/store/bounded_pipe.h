#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "godwit/byte_stream.h"

namespace godwit {

// Joins a reader that pushes bytes (its sink) with a writer that pulls them (its source), in two
// threads, through a ring of fixed size: a slow writer slows the reader.
//
// Whichever side ends first tells the other: the reader by CloseSink(its status), the writer by
// CloseSource(its status); a waiting call then returns that failure. The source gives its bytes
// once and in order, and drops those that the writer passes over: a store that must send the body
// again gets kUnavailable, so that the whole transfer is repeated.
class BoundedPipe {
 public:
  // `offset` is where the reader's first byte lies in its object; the source counts from 0.
  BoundedPipe(std::size_t capacity_bytes, std::uint64_t offset, std::uint64_t size_bytes);

  ByteSink& sink() { return sink_; }
  ByteSource& source() { return source_; }

  void CloseSink(Status status);
  void CloseSource(Status status);

 private:
  class Sink final : public ByteSink {
   public:
    explicit Sink(BoundedPipe& pipe) : pipe_(pipe) {}
    Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
      return pipe_.Push(offset, bytes);
    }

   private:
    BoundedPipe& pipe_;
  };
  class Source final : public ByteSource {
   public:
    explicit Source(BoundedPipe& pipe) : pipe_(pipe) {}
    std::uint64_t size_bytes() const override { return pipe_.size_bytes_; }
    Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override {
      return pipe_.Pull(offset, buffer);
    }

   private:
    BoundedPipe& pipe_;
  };

  Status Push(std::uint64_t offset, std::span<const std::byte> bytes);
  Result<std::size_t> Pull(std::uint64_t offset, std::span<std::byte> buffer);
  std::size_t CopyIn(std::span<const std::byte> bytes);
  std::size_t CopyOut(std::span<std::byte> buffer);

  const std::uint64_t offset_;
  const std::uint64_t size_bytes_;
  Sink sink_{*this};
  Source source_{*this};
  std::mutex mutex_;  // Guards all below.
  std::condition_variable changed_;
  std::vector<std::byte> ring_;
  std::uint64_t pushed_ = 0;
  std::uint64_t pulled_ = 0;
  std::optional<Status> sink_end_;
  std::optional<Status> source_end_;
};

}  // namespace godwit

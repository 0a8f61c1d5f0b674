#include "lib/store/bounded_pipe.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace godwit {

BoundedPipe::BoundedPipe(std::size_t capacity_bytes, std::uint64_t offset, std::uint64_t size_bytes)
    : offset_(offset), size_bytes_(size_bytes), ring_(capacity_bytes) {}

Status BoundedPipe::Push(std::uint64_t offset, std::span<const std::byte> bytes) {
  std::unique_lock lock(mutex_);
  if (offset != offset_ + pushed_) {
    return Status(ErrorKind::kUnavailable, "a streamed body cannot be read again");
  }
  while (!bytes.empty()) {
    changed_.wait(lock, [&] { return source_end_ || pushed_ - pulled_ < ring_.size(); });
    if (source_end_) {
      return source_end_->ok() ? Status(ErrorKind::kCancelled, "the writer has ended")
                               : *source_end_;
    }
    bytes = bytes.subspan(CopyIn(bytes));
    changed_.notify_all();
  }
  return Status::Ok();
}

Result<std::size_t> BoundedPipe::Pull(std::uint64_t offset, std::span<std::byte> buffer) {
  std::unique_lock lock(mutex_);
  if (offset < pulled_) {
    return Status(ErrorKind::kUnavailable, "a streamed body cannot be sent again");
  }
  while (true) {
    changed_.wait(lock, [&] { return pushed_ > pulled_ || sink_end_ || pulled_ == size_bytes_; });
    if (pushed_ == pulled_) {
      if (pulled_ == size_bytes_) return std::size_t{0};
      return sink_end_->ok() ? Status(ErrorKind::kUnavailable, "the body ended early") : *sink_end_;
    }
    if (offset == pulled_) break;
    pulled_ = std::min(offset, pushed_);
    changed_.notify_all();
  }
  const std::size_t count = CopyOut(buffer);
  changed_.notify_all();
  return count;
}

void BoundedPipe::CloseSink(Status status) {
  const std::lock_guard lock(mutex_);
  if (!sink_end_) sink_end_ = std::move(status);
  changed_.notify_all();
}

void BoundedPipe::CloseSource(Status status) {
  const std::lock_guard lock(mutex_);
  if (!source_end_) source_end_ = std::move(status);
  changed_.notify_all();
}

std::size_t BoundedPipe::CopyIn(std::span<const std::byte> bytes) {
  const std::size_t at = pushed_ % ring_.size();
  const std::size_t free = ring_.size() - (pushed_ - pulled_);
  const std::size_t count = std::min({bytes.size(), free, ring_.size() - at});
  std::memcpy(ring_.data() + at, bytes.data(), count);
  pushed_ += count;
  return count;
}

std::size_t BoundedPipe::CopyOut(std::span<std::byte> buffer) {
  const std::size_t at = pulled_ % ring_.size();
  const std::size_t count =
      std::min({buffer.size(), static_cast<std::size_t>(pushed_ - pulled_), ring_.size() - at});
  std::memcpy(buffer.data(), ring_.data() + at, count);
  pulled_ += count;
  return count;
}

}  // namespace godwit

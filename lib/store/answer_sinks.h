#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "godwit/byte_stream.h"
#include "godwit/call_context.h"

// Sinks for the bodies of answers. One thread at a time.

namespace godwit {

// Keeps the page of a listing, up to 32 MiB.
class ListingSink final : public ByteSink {
 public:
  static constexpr std::uint64_t kBytesMax = 32ULL << 20;

  // Before the first byte: the announced length, 0 if it is not known.
  Status Announce(std::uint64_t length) {
    too_large = length > kBytesMax;
    if (too_large) return TooLarge();
    text.reserve(length);
    return Status::Ok();
  }

  Status Write(std::uint64_t, std::span<const std::byte> bytes) override {
    too_large = bytes.size() > kBytesMax - text.size();
    if (too_large) return TooLarge();
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status::Ok();
  }

  std::string text;
  bool too_large = false;

 private:
  static Status TooLarge() {
    return Status(ErrorKind::kCorrupted, "the page of the listing is larger than 32 MiB");
  }
};

// Passes a download on and counts it.
class CountingSink final : public ByteSink {
 public:
  CountingSink(ByteSink& sink, RequestMeter* meter) : sink_(sink), meter_(meter) {}

  Status Write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    if (meter_ != nullptr) meter_->CountReceived(bytes.size());
    count += bytes.size();
    return sink_.Write(offset, bytes);
  }

  std::uint64_t count = 0;

 private:
  ByteSink& sink_;
  RequestMeter* meter_;
};

}  // namespace godwit

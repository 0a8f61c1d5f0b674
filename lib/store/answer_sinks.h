#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "godwit/byte_stream.h"
#include "godwit/call_context.h"
#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "godwit/store_messages.h"

// What takes in the bodies of answers. One thread at a time.

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

// Asks `list_once(keys_max, too_large)` for the page that `request` wants, with half as many keys
// again and again while it is too large to be kept.
template <typename ListOnce>
Result<ListPage> ListWithinBounds(const ListRequest& request, std::uint32_t page_keys_max,
                                  const ListOnce& list_once) {
  std::uint32_t keys_max =
      request.keys_max == 0 ? page_keys_max : std::min(request.keys_max, page_keys_max);
  for (;;) {
    bool too_large = false;
    Result<ListPage> page = list_once(keys_max, too_large);
    if (page.ok() || !too_large || keys_max == 1) return page;
    keys_max /= 2;
  }
}

// What the head of an answer tells of an object, and of the bytes that follow.
struct ObjectDownload {
  ObjectMeta meta;
  std::uint64_t length = 0;  // Of the body.
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

  // Fails with kUnavailable unless all of `length` came.
  Status CheckLength(std::uint64_t length) const {
    if (count == length) return Status::Ok();
    return Status(ErrorKind::kUnavailable, "the answer ended after " + std::to_string(count) +
                                               " of " + std::to_string(length) + " bytes");
  }

  std::uint64_t count = 0;

 private:
  ByteSink& sink_;
  RequestMeter* meter_;
};

}  // namespace godwit

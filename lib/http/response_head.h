#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/http/transport.h"

namespace godwit {

// Reads the head of an HTTP/1 answer line by line, strictly: what two readers could understand
// differently is refused (kCorrupted), above all anything unclear about the length of the body.
//
// Interim (1xx) answers are read and dropped. Lines after the end of the head are trailer fields:
// they count against the limits and are dropped. One thread at a time.
class ResponseHead {
 public:
  static constexpr std::size_t kBytesMax = 64 * 1024;  // Interim answers and trailers included.
  static constexpr std::size_t kFieldsMax = 200;       // Likewise.

  // One line as received, with its line end.
  Status AddLine(std::string_view line);

  // The status line and all fields of a final answer have come.
  bool complete() const { return state_ == State::kComplete; }
  std::size_t bytes() const { return bytes_; }
  // As far as they have come; the body is left to the caller.
  HttpResponse& response() { return response_; }
  // The announced length of the body.
  std::optional<std::uint64_t> content_length() const { return content_length_; }
  // True if the end of the body can be told from the end of the connection.
  bool framed() const { return content_length_.has_value() || chunked_; }
  // True for answers that never have a body: 204, 304.
  bool bodiless() const { return response_.status == 204 || response_.status == 304; }

 private:
  enum class State : std::uint8_t { kStatusLine, kFields, kComplete };

  Status AddStatusLine(std::string_view line);
  Status AddField(std::string_view line);
  Status AddContentLength(std::string_view raw_value);
  Status AddTransferEncoding(std::string_view value);
  Status EndHead();

  State state_ = State::kStatusLine;
  std::size_t bytes_ = 0;
  std::size_t fields_ = 0;
  HttpResponse response_;
  std::optional<std::uint64_t> content_length_;
  bool chunked_ = false;
};

}  // namespace godwit

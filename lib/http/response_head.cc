#include "lib/http/response_head.h"

#include <algorithm>
#include <limits>
#include <string>

#include "lib/base/text.h"
#include "lib/http/ascii.h"

namespace godwit {
namespace {

Status Malformed(std::string reason) {
  return Status(ErrorKind::kCorrupted, "the answer is not valid HTTP: " + std::move(reason));
}

std::string Quote(std::string_view text) {
  return "'" + EscapeForDisplay(text.substr(0, 100)) + "'";
}

std::string_view TrimLineEnd(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view TrimBlanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool IsFieldValue(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

}  // namespace

Status ResponseHead::AddLine(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > kBytesMax) return Malformed("more than 64 KiB of header fields");
  line = TrimLineEnd(line);
  switch (state_) {
    case State::kStatusLine:
      return AddStatusLine(line);
    case State::kFields:
      return line.empty() ? EndHead() : AddField(line);
    case State::kComplete:
      break;
  }
  if (++fields_ > kFieldsMax) return Malformed("more than 200 header fields");
  return Status::Ok();
}

Status ResponseHead::AddStatusLine(std::string_view line) {
  // "HTTP/1.1 200", with or without a reason behind it.
  const bool shaped = line.size() >= 12 && line.starts_with("HTTP/1.") && IsAsciiDigit(line[7]) &&
                      line[8] == ' ' && (line.size() == 12 || line[12] == ' ');
  const std::optional<std::uint64_t> status =
      shaped ? ParseUint64(line.substr(9, 3)) : std::optional<std::uint64_t>();
  if (!status || *status < 100) return Malformed("the status line is " + Quote(line));
  response_.status = static_cast<int>(*status);
  response_.headers = HttpHeaders();
  content_length_.reset();
  chunked_ = false;
  state_ = State::kFields;
  return Status::Ok();
}

Status ResponseHead::AddField(std::string_view line) {
  if (++fields_ > kFieldsMax) return Malformed("more than 200 header fields");
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view name = line.substr(0, colon);
  // This refuses also folded lines, and blanks in front of the colon.
  if (colon == line.size() || !IsHttpToken(name)) return Malformed("the field is " + Quote(line));
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  if (!IsFieldValue(value)) return Malformed("a control byte in the field " + Quote(name));
  if (EqualsIgnoreCase(name, "content-length")) {
    GODWIT_RETURN_IF_ERROR(AddContentLength(line.substr(colon + 1)));
  } else if (EqualsIgnoreCase(name, "transfer-encoding")) {
    GODWIT_RETURN_IF_ERROR(AddTransferEncoding(value));
  }
  response_.headers.Add(name, value);
  return Status::Ok();
}

Status ResponseHead::AddContentLength(std::string_view raw_value) {
  if (raw_value.starts_with(' ')) raw_value.remove_prefix(1);
  const std::optional<std::uint64_t> length = ParseUint64(raw_value);
  constexpr std::uint64_t kLengthMax = std::numeric_limits<std::int64_t>::max();
  if (!length || *length > kLengthMax) return Malformed("Content-Length is " + Quote(raw_value));
  if (content_length_) return Malformed("Content-Length comes twice");
  content_length_ = length;
  return Status::Ok();
}

Status ResponseHead::AddTransferEncoding(std::string_view value) {
  // Others than "chunked" were not asked for, and would be decoded by libcurl.
  if (!EqualsIgnoreCase(value, "chunked")) return Malformed("Transfer-Encoding is " + Quote(value));
  if (chunked_) return Malformed("Transfer-Encoding comes twice");
  chunked_ = true;
  return Status::Ok();
}

Status ResponseHead::EndHead() {
  if (content_length_ && chunked_)
    return Malformed("Content-Length and Transfer-Encoding together");
  // Nothing here ever asks for another protocol.
  if (response_.status == 101) return Malformed("the server switches protocols");
  state_ = response_.status < 200 ? State::kStatusLine : State::kComplete;
  return Status::Ok();
}

}  // namespace godwit

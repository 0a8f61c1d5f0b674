#include "lib/http/byte_range.h"

#include <optional>

#include "lib/base/text.h"

namespace godwit {
namespace {

Status Outside() {
  return Status(ErrorKind::kInvalidArgument, "the range lies outside of the object");
}
Status Wrong(const char* what) { return Status(ErrorKind::kCorrupted, what); }

// "bytes 0-9/100".
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t total = 0;
};

std::optional<ContentRange> ParseContentRange(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) {
    return std::nullopt;
  }
  const auto first = ParseUint64(text.substr(0, dash));
  const auto last = ParseUint64(text.substr(dash + 1, slash - dash - 1));
  const auto total = ParseUint64(text.substr(slash + 1));
  if (!first || !last || !total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

Result<ServedRange> ReadPart(const HttpResponse& head, const ByteRange& asked) {
  if (asked.IsWhole()) return Wrong("a range came without being asked for");
  const auto range = ParseContentRange(head.headers.Find("content-range").value_or(""));
  if (!range.has_value()) return Wrong("the answer does not tell its range");
  // Some answer so in place of 416.
  if (asked.offset >= range->total) return Outside();
  if (range->last < range->first || range->last >= range->total) {
    return Wrong("the answer does not tell its range");
  }
  if (range->first != asked.offset) return Wrong("another range came than was asked for");
  const std::uint64_t rest = range->total - range->first;
  if (asked.length > rest) return Outside();
  const std::uint64_t length = range->last - range->first + 1;
  if (length != (asked.length != 0 ? asked.length : rest)) {
    return Wrong("another range came than was asked for");
  }
  const auto announced = head.headers.Find("content-length");
  if (announced.has_value() && ParseUint64(*announced) != length) {
    return Wrong("the answer's length is not that of its range");
  }
  return ServedRange{length, range->total};
}

}  // namespace

std::string ByteRange::Header() const {
  std::string text = "bytes=" + std::to_string(offset) + "-";
  if (length != 0) text += std::to_string(offset + length - 1);
  return text;
}

Result<ServedRange> ReadServedRange(const HttpResponse& head, const ByteRange& asked) {
  if (head.status == 206) return ReadPart(head, asked);
  const auto size = ParseUint64(head.headers.Find("content-length").value_or(""));
  if (!size.has_value()) return Wrong("the answer does not tell its length");
  const bool all = asked.offset == 0 && (asked.length == 0 || asked.length == *size);
  if (!all) return Wrong("the whole object came instead of a range");
  return ServedRange{*size, *size};
}

}  // namespace godwit

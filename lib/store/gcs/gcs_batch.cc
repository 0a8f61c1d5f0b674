#include "lib/store/gcs/gcs_batch.h"

#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/ascii.h"

namespace godwit {
namespace {

Status Broken(const char* what) {
  return Status(ErrorKind::kCorrupted, std::string("the answer to the batch is damaged: ") + what);
}

std::optional<std::string> BoundaryOf(std::string_view content_type) {
  if (!AsciiLower(content_type.substr(0, 15)).starts_with("multipart/mixed")) return std::nullopt;
  const std::size_t found = AsciiLower(content_type).find("boundary=");
  if (found == std::string::npos) return std::nullopt;
  std::string_view text = content_type.substr(found + 9);
  text = text.substr(0, text.find(';'));
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

// The line before the next line end; `rest` begins behind it then.
std::string_view TakeLine(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Header fields up to the empty line; the value of `wanted` if it is there.
std::optional<std::string> TakeFields(std::string_view& rest, std::string_view wanted) {
  std::optional<std::string> found;
  while (!rest.empty()) {
    const std::string_view line = TakeLine(rest);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !EqualsIgnoreCase(line.substr(0, colon), wanted)) {
      continue;
    }
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    found = value;
  }
  return found;
}

// The number in "<response-godwit+3>".
std::optional<std::uint64_t> NumberOf(const std::optional<std::string>& content_id) {
  if (!content_id.has_value()) return std::nullopt;
  const std::size_t plus = content_id->rfind('+');
  if (plus == std::string::npos) return std::nullopt;
  std::string_view number = std::string_view(*content_id).substr(plus + 1);
  if (number.ends_with('>')) number.remove_suffix(1);
  return ParseUint64(number);
}

}  // namespace

std::string MakeGcsBatch(std::span<const std::string> calls, std::string_view boundary) {
  std::string body;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    body.append("--").append(boundary).append("\r\nContent-Type: application/http\r\n");
    body.append("Content-ID: <godwit+").append(std::to_string(i)).append(">\r\n\r\n");
    body.append(calls[i]).append(" HTTP/1.1\r\nContent-Length: 0\r\n\r\n\r\n");
  }
  return body.append("--").append(boundary).append("--\r\n");
}

Result<std::vector<GcsBatchAnswer>> ReadGcsBatch(std::string_view content_type,
                                                 std::string_view body, std::size_t count) {
  const std::optional<std::string> boundary = BoundaryOf(content_type);
  if (!boundary.has_value()) return Broken("it is not in parts");
  const std::string mark = "--" + *boundary;
  std::vector<GcsBatchAnswer> answers(count);
  std::size_t at = body.find(mark);
  std::size_t index = 0;
  while (at != std::string_view::npos) {
    const std::size_t begin = at + mark.size();
    if (body.substr(begin).starts_with("--")) {
      return index == count ? Result<std::vector<GcsBatchAnswer>>(std::move(answers))
                            : Broken("some calls have no answer");
    }
    at = body.find("\n" + mark, begin);
    if (at == std::string_view::npos) break;
    ++at;
    std::string_view part = body.substr(begin, at - begin);
    TakeLine(part);
    const std::optional<std::uint64_t> number = NumberOf(TakeFields(part, "content-id"));
    // Parts without a number come in the order of the calls.
    const std::uint64_t place = number.value_or(index);
    std::string_view line = TakeLine(part);
    const std::size_t space = line.find(' ');
    const std::string_view digits =
        space == std::string_view::npos ? std::string_view() : line.substr(space + 1, 3);
    const std::uint64_t status = ParseUint64(digits).value_or(0);
    if (place >= count || answers[place].status != 0 || status < 100) {
      return Broken("an answer belongs to no call");
    }
    TakeFields(part, "");
    answers[place] = GcsBatchAnswer{static_cast<int>(status), std::string(part)};
    ++index;
  }
  return Broken("it has no end");
}

}  // namespace godwit

#include "lib/store/azure/azure_batch.h"

#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/ascii.h"

namespace godwit {
namespace {

Status Broken() {
  return Status(ErrorKind::kCorrupted, "the answer to the batch cannot be understood");
}

// The next line without its end; takes it off `text`.
std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Fields up to the empty line.
HttpHeaders TakeHeaders(std::string_view& text) {
  HttpHeaders headers;
  for (;;) {
    const std::string_view line = TakeLine(text);
    if (line.empty()) return headers;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    headers.Add(line.substr(0, colon), value);
  }
}

// "multipart/mixed; boundary=batchresponse_..."
std::string BoundaryOf(std::string_view content_type) {
  const std::size_t at = AsciiLower(content_type).find("boundary=");
  if (at == std::string::npos) return "";
  std::string_view boundary = content_type.substr(at + 9);
  boundary = boundary.substr(0, boundary.find(';'));
  if (boundary.size() >= 2 && boundary.front() == '"') {
    boundary = boundary.substr(1, boundary.size() - 2);
  }
  return "--" + std::string(boundary);
}

struct NumberedAnswer {
  std::size_t number = 0;
  HttpResponse response;
};

// One part: its own fields, a status line, the answer's fields and body.
std::optional<NumberedAnswer> ReadPart(std::string_view part) {
  TakeLine(part);  // The rest of the boundary's line.
  const HttpHeaders outer = TakeHeaders(part);
  const auto number = ParseUint64(outer.Find("content-id").value_or(""));
  const std::string_view line = TakeLine(part);
  if (!number.has_value() || !line.starts_with("HTTP/1.1 ")) return std::nullopt;
  const auto status = ParseUint64(line.substr(9, 3));
  if (status.value_or(0) < 100) return std::nullopt;
  NumberedAnswer answer;
  answer.number = *number;
  answer.response.status = static_cast<int>(*status);
  answer.response.headers = TakeHeaders(part);
  const std::size_t end = part.find_last_not_of("\r\n");
  answer.response.body = part.substr(0, end == std::string_view::npos ? 0 : end + 1);
  return answer;
}

}  // namespace

std::string AzureBatchBody(std::string_view boundary, const std::vector<AzureBatchPart>& parts) {
  std::string body;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    body.append("--").append(boundary);
    body += "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n";
    body += "Content-ID: " + std::to_string(i) + "\r\n\r\n";
    body += "DELETE " + parts[i].target + " HTTP/1.1\r\n";
    for (const auto& [name, value] : parts[i].headers.all()) body += name + ": " + value + "\r\n";
    body += "\r\n";
  }
  return body.append("--").append(boundary).append("--\r\n");
}

Result<std::vector<HttpResponse>> ReadAzureBatch(std::string_view content_type,
                                                 std::string_view body, std::size_t count) {
  const std::string boundary = BoundaryOf(content_type);
  std::size_t at = boundary.empty() ? std::string_view::npos : body.find(boundary);
  std::vector<HttpResponse> answers(count);
  std::vector<bool> seen(count, false);
  std::size_t found = 0;
  while (at != std::string_view::npos) {
    const std::string_view rest = body.substr(at + boundary.size());
    if (rest.starts_with("--")) break;
    const std::size_t next = rest.find(boundary);
    if (next == std::string_view::npos) return Broken();
    std::optional<NumberedAnswer> answer = ReadPart(rest.substr(0, next));
    if (!answer.has_value() || answer->number >= count || seen[answer->number]) return Broken();
    seen[answer->number] = true;
    answers[answer->number] = std::move(answer->response);
    ++found;
    at += boundary.size() + next;
  }
  if (found != count) return Broken();
  return answers;
}

}  // namespace godwit

// Any lines are a head or kCorrupted; limits hold; the length of the body is never ambiguous.

#include "lib/http/ascii.h"
#include "lib/http/response_head.h"
#include "tests/fuzz/fuzz_target.h"

namespace godwit {
namespace {

void CheckComplete(ResponseHead& head) {
  const HttpResponse& response = head.response();
  Require(response.status >= 200 && response.status <= 999, "the answer is final");
  int lengths = 0;
  int encodings = 0;
  for (const auto& [name, value] : response.headers.all()) {
    Require(IsHttpToken(name), "names are tokens");
    Require(value.find_first_of("\r\n") == std::string::npos, "values are one line");
    lengths += EqualsIgnoreCase(name, "content-length") ? 1 : 0;
    encodings += EqualsIgnoreCase(name, "transfer-encoding") ? 1 : 0;
  }
  Require(lengths + encodings <= 1, "one framing at most");
  Require(head.framed() == (lengths + encodings == 1), "framing is known");
  Require(head.content_length().has_value() == (lengths == 1), "the length is known");
  Require(response.headers.all().size() <= ResponseHead::kFieldsMax, "fields are limited");
}

}  // namespace
}  // namespace godwit

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  std::string_view rest = InputOf(data, size);
  ResponseHead head;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    const std::string_view taken = line.empty() ? rest : line;
    rest.remove_prefix(taken.size());
    const Status status = head.AddLine(taken);
    if (!status.ok()) {
      Require(status.Is(ErrorKind::kCorrupted), "failures are kCorrupted");
      return 0;
    }
    Require(head.bytes() <= ResponseHead::kBytesMax, "bytes are limited");
    if (head.complete()) CheckComplete(head);
  }
  return 0;
}

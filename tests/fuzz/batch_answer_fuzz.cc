// The answers to a batch of Azure and of Cloud Storage: exactly one for each request, or a failure.
// An input is the number of requests (one digit), the content type up to the end of the line, the
// body.

#include <algorithm>
#include <string>

#include "lib/store/azure/azure_batch.h"
#include "lib/store/gcs/gcs_batch.h"
#include "tests/fuzz/fuzz_target.h"

namespace godwit {
namespace {

template <typename Answers>
void Judge(const Result<Answers>& answers, std::size_t count) {
  if (!answers.ok()) {
    Require(answers.status().Is(ErrorKind::kCorrupted), "failures are kCorrupted");
    return;
  }
  Require(answers->size() == count, "one answer for each request");
  for (const auto& answer : *answers) {
    Require(answer.status >= 100 && answer.status <= 999, "answers have a status");
  }
}

}  // namespace
}  // namespace godwit

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  const std::string_view input = InputOf(data, size);
  if (input.empty()) return 0;
  const std::size_t count = static_cast<unsigned char>(input.front()) % 8;
  const std::size_t line = std::min(input.find('\n'), input.size() - 1);
  const std::string_view type = input.substr(1, line > 0 ? line - 1 : 0);
  const std::string_view body = input.substr(line + 1);
  Judge(ReadAzureBatch(type, body, count), count);
  Judge(ReadGcsBatch(type, body, count), count);
  return 0;
}

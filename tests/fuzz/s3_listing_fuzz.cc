// Any bytes are a page or a failure; the entries of a page ascend, lie behind the page before, and
// have its prefix.

#include <string>

#include "lib/store/s3/s3_xml.h"
#include "tests/fuzz/fuzz_target.h"

namespace godwit {
namespace {

void CheckPage(const S3ListAnswer& answer, const S3ListQuestion& question) {
  std::string_view last = question.after;
  for (const ObjectEntry& entry : answer.page.entries) {
    Require(entry.key.starts_with(question.prefix), "keys have the prefix");
    Require(question.versions ? entry.key >= last : entry.key > last, "keys ascend");
    last = entry.key;
  }
  last = question.after;
  for (const std::string& prefix : answer.page.common_prefixes) {
    Require(!question.delimiter.empty() && prefix.ends_with(question.delimiter),
            "common prefixes end with the delimiter");
    Require(prefix > last, "common prefixes ascend");
    last = prefix;
  }
}

void ReadPage(std::string_view document, const S3ListQuestion& question) {
  const Result<S3ListAnswer> answer = ReadS3Listing(document, question);
  if (!answer.ok()) return;
  CheckPage(answer.value(), question);
  const std::size_t root_end = document.rfind("</");
  Require(!ReadS3Listing(document.substr(0, root_end), question).ok(), "a cut page is refused");
}

}  // namespace
}  // namespace godwit

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  const std::string_view document = InputOf(data, size);
  ReadPage(document, S3ListQuestion());
  S3ListQuestion folder;
  folder.prefix = "p/";
  folder.delimiter = "/";
  folder.after = "p/a";
  folder.sent_token = "t";
  ReadPage(document, folder);
  S3ListQuestion versions;
  versions.versions = true;
  ReadPage(document, versions);
  return 0;
}

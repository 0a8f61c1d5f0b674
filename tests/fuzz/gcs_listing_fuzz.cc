// Any bytes are a page of objects.list or a failure; the entries of a page ascend, have its prefix
// and lie behind the page before.

#include <string>

#include "lib/store/gcs/gcs_wire.h"
#include "tests/fuzz/fuzz_target.h"

namespace godwit {
namespace {

void ReadPage(std::string_view document, const ListRequest& request, const std::string& after) {
  GcsListQuestion question;
  question.bucket = "lake";
  question.request = &request;
  question.after = after;
  question.after_is_seen = !after.empty();
  const Result<GcsListAnswer> answer = ReadGcsListing(document, question);
  if (!answer.ok()) {
    Require(answer.status().Is(ErrorKind::kCorrupted), "failures are kCorrupted");
    return;
  }
  std::string_view last = after;
  for (const ObjectEntry& entry : answer->page.entries) {
    Require(entry.key.starts_with(request.prefix), "keys have the prefix");
    Require(request.versions ? entry.key >= last : entry.key > last, "keys ascend");
    last = entry.key;
  }
  const std::size_t count = answer->page.entries.size();
  Require(answer->metagenerations.size() == count && answer->attributes.size() == count,
          "all is told of each entry");
  Require(!ReadGcsListing(document.substr(0, document.rfind('}')), question).ok(),
          "a cut page is refused");
}

}  // namespace
}  // namespace godwit

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  const std::string_view document = InputOf(data, size);
  ListRequest all;
  ReadPage(document, all, "");
  ListRequest folder;
  folder.prefix = "p/";
  folder.delimiter = "/";
  ReadPage(document, folder, "p/a");
  ListRequest versions;
  versions.versions = true;
  ReadPage(document, versions, "");
  return 0;
}

// Any bytes are a page of List Blobs or a failure; the entries of a page have its prefix and are
// not those of the page before. Lists of blocks and tags are read or refused.

#include <string>

#include "lib/store/azure/azure_xml.h"
#include "tests/fuzz/fuzz_target.h"

namespace godwit {
namespace {

void ReadPage(std::string_view document, const AzureListQuestion& question) {
  const Result<AzureListAnswer> answer = ReadAzureListing(document, question);
  if (!answer.ok()) {
    Require(answer.status().Is(ErrorKind::kCorrupted), "failures are kCorrupted");
    return;
  }
  for (const ObjectEntry& entry : answer->page.entries) {
    Require(entry.key.starts_with(question.prefix), "keys have the prefix");
    // With folders the service mixes its orders.
    Require(!question.delimiter.empty() || entry.key != question.after, "pages do not overlap");
    Require(!entry.version.empty(), "entries have versions");
  }
  for (const std::string& prefix : answer->page.common_prefixes) {
    Require(!question.delimiter.empty() && prefix.ends_with(question.delimiter),
            "common prefixes end with the delimiter");
  }
  const std::size_t root_end = document.rfind("</");
  Require(!ReadAzureListing(document.substr(0, root_end), question).ok(), "a cut page is refused");
}

}  // namespace
}  // namespace godwit

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  const std::string_view document = InputOf(data, size);
  ReadPage(document, {});
  AzureListQuestion later;
  later.prefix = "p/";
  later.after = "p/a";
  later.sent_token = "t";
  ReadPage(document, later);
  AzureListQuestion folder = later;
  folder.delimiter = "/";
  ReadPage(document, folder);
  if (const Result<AzureBlockList> blocks = ReadAzureBlockList(document); blocks.ok()) {
    Require(document.find("BlockList") != std::string_view::npos, "a list of blocks says so");
  }
  if (const auto tags = ReadAzureTags(document); tags.ok()) {
    const auto again = ReadAzureTags(AzureTagsXml(*tags));
    Require(again.ok() && *again == *tags, "tags survive being written");
  }
  return 0;
}

// Any bytes are a document or kCorrupted; events nest; what was read whole is not whole when cut.

#include <string>
#include <vector>

#include "lib/http/xml_reader.h"
#include "tests/fuzz/fuzz_target.h"

namespace godwit {
namespace {

class NestingChecker final : public XmlHandler {
 public:
  void OnStart(std::string_view name, int depth) override {
    open_.emplace_back(name);
    Require(static_cast<int>(open_.size()) == depth && depth <= 16, "depth counts elements");
  }
  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    Require(static_cast<int>(open_.size()) == depth, "ends answer starts");
    Require(open_.back() == name, "names of start and end are the same");
    Require(text.find('\0') == std::string_view::npos, "text has no zero byte");
    open_.pop_back();
  }
  bool closed() const { return open_.empty(); }

 private:
  std::vector<std::string> open_;
};

}  // namespace
}  // namespace godwit

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  const std::string_view document = InputOf(data, size);
  NestingChecker checker;
  const Status status = ReadXml(document, "", checker);
  if (!status.ok()) {
    Require(status.Is(ErrorKind::kCorrupted), "failures are kCorrupted");
    return 0;
  }
  Require(checker.closed(), "a whole document is closed");
  // Behind the root's end tag there may be comments and instructions, which may hold anything.
  const std::size_t root_end = document.rfind("</");
  if (root_end == std::string_view::npos || document.find("-->") != std::string_view::npos ||
      document.find("?>", root_end) != std::string_view::npos) {
    return 0;
  }
  NestingChecker cut;
  Require(!ReadXml(document.substr(0, root_end), "", cut).ok(), "a cut document is refused");
  return 0;
}

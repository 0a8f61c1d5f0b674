// Any bytes are a document or kCorrupted; limits hold; an array or object that is cut is refused.

#include <set>
#include <string>

#include "lib/http/json_reader.h"
#include "tests/fuzz/fuzz_target.h"

namespace godwit {
namespace {

constexpr JsonLimits kLimits{.bytes_max = 1 << 20, .depth_max = 8, .values_max = 1000};

struct Size {
  std::size_t values = 0;
  int depth = 0;
};

Size Measure(const JsonValue& value) {
  Size size{1, 0};
  std::set<std::string_view> names;
  const auto add = [&size](const JsonValue& part) {
    const Size inner = Measure(part);
    size.values += inner.values;
    size.depth = std::max(size.depth, inner.depth);
  };
  for (const JsonValue& item : value.items()) add(item);
  for (const auto& [name, member] : value.members()) {
    Require(names.insert(name).second, "names are unique");
    Require(value.Find(name) == &member, "members are found by their names");
    add(member);
  }
  if (value.is_array() || value.is_object()) ++size.depth;
  return size;
}

}  // namespace
}  // namespace godwit

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace godwit;
  const std::string_view document = InputOf(data, size);
  const Result<JsonValue> value = ReadJson(document, kLimits);
  if (!value.ok()) {
    Require(value.status().Is(ErrorKind::kCorrupted), "failures are kCorrupted");
    return 0;
  }
  const Size measured = Measure(value.value());
  Require(measured.values <= kLimits.values_max, "the number of values is limited");
  Require(measured.depth <= kLimits.depth_max, "the depth is limited");
  const std::size_t last = document.find_last_of("]}");
  if (value.value().is_array() || value.value().is_object()) {
    Require(!ReadJson(document.substr(0, last), kLimits).ok(), "a cut document is refused");
  }
  Require(!ReadJson(std::string(document) + "]", kLimits).ok(), "nothing follows a document");
  return 0;
}

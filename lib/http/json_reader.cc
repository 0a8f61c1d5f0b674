#include "lib/http/json_reader.h"

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>

namespace godwit {
namespace {

Status Malformed(std::string reason) {
  return Status(ErrorKind::kCorrupted, "the JSON document is " + std::move(reason));
}

bool HasTwins(const JsonValue::Object& object) {
  std::vector<std::string_view> names;
  names.reserve(object.size());
  for (const JsonValue::Member& member : object) names.emplace_back(member.first);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

// Builds the value from nlohmann's events. Every event answers whether to go on; the first failure
// is kept. The names of the functions are nlohmann's.
class Builder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  bool null() { return Add(JsonValue()); }
  bool boolean(bool value) { return Add(JsonValue(value)); }
  bool number_integer(number_integer_t value) { return Add(JsonValue(std::int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) { return Add(JsonValue(std::uint64_t{value})); }
  bool number_float(number_float_t value, const string_t&) { return Add(JsonValue(value)); }
  bool string(string_t& value) { return Add(JsonValue(std::move(value))); }
  bool binary(binary_t&) { return Fail("not text"); }

  bool start_object(std::size_t) { return Open(false); }
  bool start_array(std::size_t) { return Open(true); }
  bool key(string_t& name) {
    open_.back().name = std::move(name);
    return true;
  }
  bool end_object() {
    if (HasTwins(open_.back().object)) return Fail("refused: it names a member twice");
    JsonValue::Object object = std::move(open_.back().object);
    open_.pop_back();
    return Store(JsonValue(std::move(object)));
  }
  bool end_array() {
    JsonValue::Array array = std::move(open_.back().array);
    open_.pop_back();
    return Store(JsonValue(std::move(array)));
  }
  template <typename Exception>
  bool parse_error(std::size_t position, const std::string&, const Exception&) {
    return Fail("malformed at byte " + std::to_string(position));
  }

  const Status& status() const { return status_; }
  JsonValue Take() { return std::move(root_); }

 private:
  // An array or object whose end has not come.
  struct Level {
    bool is_array;
    std::string name;  // Of the member that comes next.
    JsonValue::Array array;
    JsonValue::Object object;
  };

  bool Fail(std::string reason) {
    if (status_.ok()) status_ = Malformed(std::move(reason));
    return false;
  }

  bool Count() {
    return ++values_ <= limits_.values_max || Fail("refused: it has too many values");
  }

  bool Open(bool is_array) {
    if (!Count()) return false;
    if (open_.size() >= static_cast<std::size_t>(limits_.depth_max)) return Fail("nested too deep");
    open_.push_back({is_array, {}, {}, {}});
    return true;
  }

  bool Add(JsonValue value) { return Count() && Store(std::move(value)); }

  bool Store(JsonValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().is_array) {
      open_.back().array.push_back(std::move(value));
    } else {
      open_.back().object.emplace_back(std::move(open_.back().name), std::move(value));
    }
    return true;
  }

  const JsonLimits& limits_;
  Status status_;
  std::size_t values_ = 0;
  std::vector<Level> open_;
  JsonValue root_;
};

}  // namespace

Result<JsonValue> ReadJson(std::string_view document, const JsonLimits& limits) {
  if (document.size() > limits.bytes_max) return Malformed("too large");
  // The parser takes a zero byte for the end, whatever follows.
  if (document.find('\0') != std::string_view::npos) return Malformed("malformed");
  Builder builder(limits);
  try {
    const bool whole = nlohmann::json::sax_parse(document.begin(), document.end(), &builder);
    GODWIT_RETURN_IF_ERROR(builder.status());
    if (!whole) return Malformed("malformed");
  } catch (const std::exception&) {
    return Malformed("malformed");
  }
  return builder.Take();
}

}  // namespace godwit

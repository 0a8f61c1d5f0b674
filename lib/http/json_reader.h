#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "godwit/result.h"

namespace godwit {

// One value of a JSON document, with all that is in it. Asking for what is not there answers
// nothing; it never fails. Value type; text views live as long as the value.
class JsonValue {
 public:
  using Array = std::vector<JsonValue>;
  using Member = std::pair<std::string, JsonValue>;
  using Object = std::vector<Member>;  // In the order of the document; names are unique.

  JsonValue() = default;  // null
  explicit JsonValue(bool value) : value_(value) {}
  explicit JsonValue(std::int64_t value) : value_(value) {}
  explicit JsonValue(std::uint64_t value) : value_(value) {}
  explicit JsonValue(double value) : value_(value) {}
  explicit JsonValue(std::string value) : value_(std::move(value)) {}
  explicit JsonValue(Array value) : value_(std::move(value)) {}
  explicit JsonValue(Object value) : value_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }

  std::optional<std::string_view> AsText() const;
  std::optional<bool> AsBool() const;
  // A whole number that is written as one, or as a string of digits: Google's services write 64-bit
  // numbers as strings. Nothing if it is negative, has a fraction or does not fit.
  std::optional<std::uint64_t> AsUint64() const;
  std::optional<double> AsDouble() const;  // Any number.
  // The elements of an array, the members of an object; empty for all else.
  const Array& items() const;
  const Object& members() const;

  // The member of that name; null if there is none, or if this is not an object.
  const JsonValue* Find(std::string_view name) const;
  // The text, or the number, of the member of that name.
  std::optional<std::string_view> FindText(std::string_view name) const;
  std::optional<std::uint64_t> FindUint64(std::string_view name) const;
  std::optional<bool> FindBool(std::string_view name) const;

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      value_ = nullptr;
};

// Limits on a document that somebody else wrote.
struct JsonLimits {
  std::size_t bytes_max = 32U << 20;
  int depth_max = 32;                // Of arrays and objects in each other.
  std::size_t values_max = 500'000;  // Each costs some 40 bytes, however short it is written.
};

// Reads one JSON document (RFC 8259, UTF-8) to its very end. Fails with kCorrupted if it is
// malformed, over a limit, or names a member twice. Messages never quote the document, which may
// hold secrets. Safe from any thread.
Result<JsonValue> ReadJson(std::string_view document, const JsonLimits& limits = {});

}  // namespace godwit

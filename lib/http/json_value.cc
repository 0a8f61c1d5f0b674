#include "lib/base/text.h"
#include "lib/http/json_reader.h"

namespace godwit {

std::optional<std::string_view> JsonValue::AsText() const {
  const auto* const text = std::get_if<std::string>(&value_);
  return text == nullptr ? std::nullopt : std::optional<std::string_view>(*text);
}

std::optional<bool> JsonValue::AsBool() const {
  const auto* const flag = std::get_if<bool>(&value_);
  return flag == nullptr ? std::nullopt : std::optional<bool>(*flag);
}

std::optional<std::uint64_t> JsonValue::AsUint64() const {
  if (const auto* const number = std::get_if<std::uint64_t>(&value_)) return *number;
  if (const auto* const number = std::get_if<std::int64_t>(&value_); number && *number >= 0) {
    return static_cast<std::uint64_t>(*number);
  }
  if (const auto* const text = std::get_if<std::string>(&value_)) return ParseUint64(*text);
  return std::nullopt;
}

std::optional<double> JsonValue::AsDouble() const {
  if (const auto* const number = std::get_if<double>(&value_)) return *number;
  if (const auto* const number = std::get_if<std::uint64_t>(&value_)) {
    return static_cast<double>(*number);
  }
  if (const auto* const number = std::get_if<std::int64_t>(&value_)) {
    return static_cast<double>(*number);
  }
  return std::nullopt;
}

const JsonValue::Array& JsonValue::items() const {
  static const Array kNone;
  const auto* const array = std::get_if<Array>(&value_);
  return array == nullptr ? kNone : *array;
}

const JsonValue::Object& JsonValue::members() const {
  static const Object kNone;
  const auto* const object = std::get_if<Object>(&value_);
  return object == nullptr ? kNone : *object;
}

const JsonValue* JsonValue::Find(std::string_view name) const {
  for (const Member& member : members()) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

std::optional<std::string_view> JsonValue::FindText(std::string_view name) const {
  const JsonValue* const value = Find(name);
  return value == nullptr ? std::nullopt : value->AsText();
}

std::optional<std::uint64_t> JsonValue::FindUint64(std::string_view name) const {
  const JsonValue* const value = Find(name);
  return value == nullptr ? std::nullopt : value->AsUint64();
}

std::optional<bool> JsonValue::FindBool(std::string_view name) const {
  const JsonValue* const value = Find(name);
  return value == nullptr ? std::nullopt : value->AsBool();
}

}  // namespace godwit

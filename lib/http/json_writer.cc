#include "lib/http/json_writer.h"

#include <string_view>

namespace godwit {
namespace {

void AppendText(std::string_view text, std::string& out) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      const auto byte = static_cast<unsigned char>(c);
      out.append("\\u00").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    } else {
      out += c;
    }
  }
  out += '"';
}

void Append(const JsonValue& value, std::string& out) {
  if (value.is_object()) {
    const char* separator = "{";
    for (const auto& [name, member] : value.members()) {
      out += separator;
      AppendText(name, out);
      out += ':';
      Append(member, out);
      separator = ",";
    }
    out += value.members().empty() ? "{}" : "}";
  } else if (value.is_array()) {
    const char* separator = "[";
    for (const JsonValue& item : value.items()) {
      out += separator;
      Append(item, out);
      separator = ",";
    }
    out += value.items().empty() ? "[]" : "]";
  } else if (const auto text = value.AsText()) {
    AppendText(*text, out);
  } else if (const auto flag = value.AsBool()) {
    out += *flag ? "true" : "false";
  } else if (const auto number = value.AsUint64()) {
    out += std::to_string(*number);
  } else if (const auto real = value.AsDouble()) {
    out += std::to_string(*real);
  } else {
    out += "null";
  }
}

}  // namespace

std::string WriteJson(const JsonValue& value) {
  std::string out;
  Append(value, out);
  return out;
}

}  // namespace godwit

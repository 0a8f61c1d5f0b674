#include "lib/base/text.h"
#include "lib/http/xml_reader.h"

namespace godwit {
namespace {

// The characters that XML 1.0 cannot write, beyond invalid UTF-8: C0 but tab, newline and carriage
// return; U+FFFE and U+FFFF.
bool HasUnwritable(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') return true;
    const std::string_view three = text.substr(i, 3);
    if (byte == 0xEF && (three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF")) return true;
  }
  return false;
}

}  // namespace

std::string XmlEscape(std::string_view text, bool& representable) {
  if (!IsValidUtf8(text) || HasUnwritable(text)) representable = false;
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&apos;";
        break;
      // A reader would fold a bare carriage return into a newline.
      case '\r':
        escaped += "&#13;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace godwit

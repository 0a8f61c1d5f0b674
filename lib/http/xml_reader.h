#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "godwit/result.h"

namespace godwit {

// Reads one small, hostile XML document by SAX: no DTD (DOCTYPE is refused), no entities but the
// five predefined ones, no network, depth at most 16. Names are local names, without namespace.
class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  // `depth` is 1 for the root.
  virtual void OnStart(std::string_view name, int depth) = 0;
  // Each attribute of the element that has just started, its value as written. Few need them.
  virtual void OnAttribute(std::string_view /*name*/, std::string_view /*value*/) {}
  // `text` is all character data directly inside the element that ends.
  virtual void OnEnd(std::string_view name, std::string_view text, int depth) = 0;
};

// Parses `document` to its very end. Fails with kCorrupted unless it is well-formed, complete and
// its root element is `root` ("" accepts any root). Leading white space is allowed (S3 sends some
// while it finishes an upload).
Status ReadXml(std::string_view document, std::string_view root, XmlHandler& handler);

// Escapes text for XML 1.0 element content. `representable` becomes false if a byte cannot be
// written at all (control characters, U+FFFE, U+FFFF, invalid UTF-8), and is left alone otherwise.
std::string XmlEscape(std::string_view text, bool& representable);

}  // namespace godwit

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/result.h"

namespace godwit {

// A small XML answer: the texts directly below the root, and the repeated elements below it with
// the texts directly below each. Value type.
struct XmlDocument {
  using Fields = std::map<std::string, std::string, std::less<>>;
  std::string root;
  std::string text;  // Of the root itself.
  Fields fields;
  struct Record {
    std::string name;
    Fields fields;

    std::string Field(std::string_view field) const;  // "" if absent.
  };
  std::vector<Record> records;

  std::string Field(std::string_view name) const;  // "" if absent.
};

// Reads a document of any root whose records stand `record_depth` levels deep (2: below the root).
// Names are matched without their namespace. Fails with kCorrupted unless it is whole.
Result<XmlDocument> ReadXmlDocument(std::string_view xml, int record_depth = 2);

}  // namespace godwit

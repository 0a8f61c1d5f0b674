#include "lib/http/xml_document.h"

#include <utility>

#include "lib/http/xml_reader.h"

namespace godwit {
namespace {

std::string FieldOf(const XmlDocument::Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

// Collects a small document. White space of the layout is no text of a record.
class DocumentReader final : public XmlHandler {
 public:
  DocumentReader(XmlDocument& document, int record_depth)
      : document_(document), record_depth_(record_depth) {}

  void OnStart(std::string_view name, int depth) override {
    if (depth == 1) document_.root = name;
    if (depth == record_depth_) {
      record_ = XmlDocument::Record();
      record_.name = name;
    }
  }

  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    if (depth == 1) document_.text = text;
    if (depth == 2) document_.fields[std::string(name)] = text;
    if (depth == record_depth_ + 1) record_.fields[std::string(name)] = text;
    if (depth == record_depth_ && !record_.fields.empty()) {
      document_.records.push_back(std::move(record_));
    }
  }

 private:
  XmlDocument& document_;
  const int record_depth_;
  XmlDocument::Record record_;
};

}  // namespace

std::string XmlDocument::Field(std::string_view name) const { return FieldOf(fields, name); }

std::string XmlDocument::Record::Field(std::string_view field) const {
  return FieldOf(fields, field);
}

Result<XmlDocument> ReadXmlDocument(std::string_view xml, int record_depth) {
  XmlDocument document;
  DocumentReader reader(document, record_depth);
  GODWIT_RETURN_IF_ERROR(ReadXml(xml, "", reader));
  return document;
}

}  // namespace godwit

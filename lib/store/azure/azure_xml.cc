#include "lib/store/azure/azure_xml.h"

#include <optional>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/xml_reader.h"

namespace godwit {
namespace {

constexpr std::string_view kHead = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

class BlockListReader final : public XmlHandler {
 public:
  AzureBlockList list;
  bool broken = false;

  void OnStart(std::string_view name, int depth) override {
    if (depth == 2) committed_ = name == "CommittedBlocks";
    if (depth == 3) block_ = {};
  }
  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    if (depth == 4 && name == "Name") {
      const std::optional<std::string> id = Base64Decode(text);
      broken = broken || !id.has_value();
      block_.id = id.value_or("");
    }
    if (depth == 4 && name == "Size") {
      const std::optional<std::uint64_t> size = ParseUint64(text);
      broken = broken || !size.has_value();
      block_.size_bytes = size.value_or(0);
    }
    if (depth != 3 || name != "Block") return;
    (committed_ ? list.committed : list.uncommitted).push_back(std::move(block_));
  }

 private:
  bool committed_ = false;
  AzureBlock block_;
};

class TagReader final : public XmlHandler {
 public:
  std::map<std::string, std::string> tags;

  void OnStart(std::string_view, int) override {}
  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    if (depth == 4 && name == "Key") key_ = text;
    if (depth == 4 && name == "Value") value_ = text;
    if (depth == 3 && name == "Tag") tags[std::exchange(key_, "")] = std::exchange(value_, "");
  }

 private:
  std::string key_;
  std::string value_;
};

void AppendElement(std::string& xml, std::string_view name, std::string_view text) {
  bool representable = true;
  xml.append("<").append(name).append(">").append(XmlEscape(text, representable));
  xml.append("</").append(name).append(">");
}

}  // namespace

Result<AzureBlockList> ReadAzureBlockList(std::string_view xml) {
  BlockListReader reader;
  GODWIT_RETURN_IF_ERROR(ReadXml(xml, "BlockList", reader));
  if (reader.broken) return Status(ErrorKind::kCorrupted, "the list of blocks is damaged");
  return std::move(reader.list);
}

Result<std::map<std::string, std::string>> ReadAzureTags(std::string_view xml) {
  TagReader reader;
  GODWIT_RETURN_IF_ERROR(ReadXml(xml, "Tags", reader));
  return std::move(reader.tags);
}

std::string AzureBlockListXml(const std::vector<std::string>& ids) {
  std::string xml(kHead);
  xml += "<BlockList>";
  // Latest: a repeated commit finds the blocks among the committed ones.
  for (const std::string& id : ids) AppendElement(xml, "Latest", Base64Encode(id));
  return xml + "</BlockList>";
}

std::string AzureTagsXml(const std::map<std::string, std::string>& tags) {
  std::string xml(kHead);
  xml += "<Tags><TagSet>";
  for (const auto& [name, value] : tags) {
    xml += "<Tag>";
    AppendElement(xml, "Key", name);
    AppendElement(xml, "Value", value);
    xml += "</Tag>";
  }
  return xml + "</TagSet></Tags>";
}

}  // namespace godwit

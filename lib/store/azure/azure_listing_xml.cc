// List Blobs.

#include <algorithm>
#include <optional>
#include <utility>

#include "lib/base/digest_text.h"
#include "lib/base/text.h"
#include "lib/http/ascii.h"
#include "lib/http/entity_tag.h"
#include "lib/http/xml_reader.h"
#include "lib/store/azure/azure_wire.h"
#include "lib/store/azure/azure_xml.h"
#include "lib/store/listing_order.h"

namespace godwit {
namespace {

Status Broken(std::string message) { return Status(ErrorKind::kCorrupted, std::move(message)); }

// Collects a page as it stands there. It has thousands of entries, so that nothing is kept but what
// is needed.
class ListingReader final : public XmlHandler {
 public:
  std::vector<ObjectEntry> entries;
  std::vector<std::string> prefixes;
  std::string token;
  bool told_end = false;  // NextMarker was there, empty or not.
  bool hierarchical = false;
  std::optional<std::string> problem;  // The first key that cannot be understood.

  void OnStart(std::string_view name, int depth) override {
    is_encoded_ = false;
    if (depth == 4) in_metadata_ = name == "Metadata";
    if (depth != 3) return;
    in_blob_ = name == "Blob";
    in_prefix_ = name == "BlobPrefix";
    if (!in_blob_) return;
    entries.emplace_back();
    seen_ = {};
  }

  void OnAttribute(std::string_view name, std::string_view value) override {
    is_encoded_ = name == "Encoded" && value == "true";
  }

  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    if (depth == 2 && name == "NextMarker") {
      token = text;
      told_end = true;
    }
    if (depth == 3 && in_blob_) return EndBlob();
    if (depth == 4 && name == "Name") return TakeName(text);
    if (depth != 5 || !in_blob_) return;
    in_metadata_ ? TakeMetadata(name, text) : TakeProperty(name, text);
  }

 private:
  struct Seen {
    bool name = false;
    bool size = false;
    bool time = false;
    bool folder = false;
  };

  void TakeName(std::string_view text) {
    const std::optional<std::string> name =
        is_encoded_ ? PercentDecode(text) : std::optional<std::string>(text);
    if (!name.has_value()) problem = text;
    if (in_prefix_) prefixes.push_back(name.value_or(""));
    if (!in_blob_) return;
    entries.back().key = name.value_or("");
    seen_.name = name.has_value();
  }

  void TakeProperty(std::string_view name, std::string_view text) {
    ObjectEntry& entry = entries.back();
    if (name == "Content-Length") {
      const std::optional<std::uint64_t> size = ParseUint64(text);
      seen_.size = size.has_value();
      entry.size_bytes = size.value_or(0);
    } else if (name == "Last-Modified") {
      const std::optional<PreciseTime> time = ParseHttpDate(text);
      seen_.time = time.has_value();
      entry.modified = time.value_or(PreciseTime());
    } else if (name == "Etag") {
      entry.version = UnquoteEtag(text);
    } else if (name == "Content-MD5") {
      if (const auto md5 = DigestFromBase64(DigestKind::kMd5, text)) entry.digests.Set(*md5);
    } else if (name == "AccessTier") {
      entry.storage_class = text;
      entry.archived = text == "Archive";
    } else if (name == "ResourceType") {
      hierarchical = true;
      seen_.folder = seen_.folder || text == "directory";
    }
  }

  // Only one name of the user's metadata means something here.
  void TakeMetadata(std::string_view name, std::string_view text) {
    const bool marks = EqualsIgnoreCase(name, "hdi_isfolder") && EqualsIgnoreCase(text, "true");
    seen_.folder = seen_.folder || marks;
  }

  void EndBlob() {
    in_blob_ = false;
    ObjectEntry& entry = entries.back();
    const bool complete = seen_.name && seen_.size && seen_.time && !entry.version.empty();
    if (!complete && !problem.has_value()) problem = entry.key;
    if (seen_.folder) entry.type = EntryType::kFolder;
  }

  bool in_blob_ = false;
  bool in_prefix_ = false;
  bool in_metadata_ = false;
  bool is_encoded_ = false;
  Seen seen_;
};

Status OutOfOrder(std::string_view name) {
  return Broken("the listing is out of order at '" + EscapeForDisplay(name) + "'");
}

Status OutsidePrefix(std::string_view name, const AzureListQuestion& question) {
  return Broken("the listing has '" + EscapeForDisplay(name) + "', which is not under '" +
                EscapeForDisplay(question.prefix) + "'");
}

// In pages with folders the service may put these in front, so that the two are looked at apart.
Status CheckEntries(const std::vector<ObjectEntry>& entries, const AzureListQuestion& question) {
  std::string_view last = question.delimiter.empty() ? question.after : std::string_view();
  for (const ObjectEntry& entry : entries) {
    if (!entry.key.starts_with(question.prefix)) return OutsidePrefix(entry.key, question);
    if (!last.empty() && !ListedBefore(question.order, last, entry.key)) {
      return OutOfOrder(entry.key);
    }
    last = entry.key;
  }
  return Status::Ok();
}

Status CheckPrefixes(const std::vector<std::string>& prefixes, const AzureListQuestion& question) {
  std::string_view last;
  for (const std::string& prefix : prefixes) {
    if (!prefix.starts_with(question.prefix)) return OutsidePrefix(prefix, question);
    if (question.delimiter.empty() || !prefix.ends_with(question.delimiter)) {
      return Broken("the listing has the prefix '" + EscapeForDisplay(prefix) +
                    "', which was not asked for");
    }
    if (!last.empty() && !ListedBefore(question.order, last, prefix)) return OutOfOrder(prefix);
    last = prefix;
  }
  return Status::Ok();
}

// Leaves what lies behind `start_after` and before `end_before`; ends the listing there.
void CutRange(const AzureListQuestion& question, ListPage& page) {
  const auto outside_start = [&](std::string_view name) {
    return !question.start_after.empty() &&
           !ListedBefore(question.order, question.start_after, name);
  };
  const auto behind = [&](std::string_view name) {
    return !question.end_before.empty() && !ListedBefore(question.order, name, question.end_before);
  };
  std::erase_if(page.entries, [&](const ObjectEntry& entry) { return outside_start(entry.key); });
  std::erase_if(page.common_prefixes, [&](const std::string& prefix) {
    // A listing that begins inside of a folder shows that folder.
    return outside_start(prefix) && !question.start_after.starts_with(prefix);
  });
  const std::size_t before = page.entries.size() + page.common_prefixes.size();
  std::erase_if(page.entries, [&](const ObjectEntry& entry) { return behind(entry.key); });
  std::erase_if(page.common_prefixes, behind);
  const bool cut = page.entries.size() + page.common_prefixes.size() != before;
  if (cut) page.next_page_token.clear();
}

}  // namespace

Result<AzureListAnswer> ReadAzureListing(std::string_view xml, AzureListQuestion question) {
  ListingReader reader;
  GODWIT_RETURN_IF_ERROR(ReadXml(xml, "EnumerationResults", reader));
  if (reader.problem.has_value()) {
    return Broken("the listing has an incomplete entry '" + EscapeForDisplay(*reader.problem) +
                  "'");
  }
  if (!reader.told_end) return Broken("the listing does not tell whether it is complete");
  if (!reader.token.empty() && reader.token == question.sent_token) {
    return Broken("the listing repeats its marker");
  }
  if (reader.hierarchical) question.order = ListingOrder::kSlashFirst;
  GODWIT_RETURN_IF_ERROR(CheckEntries(reader.entries, question));
  GODWIT_RETURN_IF_ERROR(CheckPrefixes(reader.prefixes, question));

  AzureListAnswer answer;
  answer.hierarchical = reader.hierarchical;
  answer.last_name = question.after;
  if (!reader.entries.empty()) answer.last_name = reader.entries.back().key;
  answer.page.entries = std::move(reader.entries);
  answer.page.common_prefixes = std::move(reader.prefixes);
  answer.page.next_page_token = std::move(reader.token);
  std::erase_if(answer.page.entries,
                [](const ObjectEntry& entry) { return entry.type == EntryType::kFolder; });
  CutRange(question, answer.page);
  return answer;
}

}  // namespace godwit

#include <algorithm>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/entity_tag.h"
#include "lib/http/xml_reader.h"
#include "lib/store/page_token.h"
#include "lib/store/s3/s3_wire.h"
#include "lib/store/s3/s3_xml.h"

namespace godwit {
namespace {

Status Broken(std::string message) { return Status(ErrorKind::kCorrupted, std::move(message)); }

// Collects a page as it stands there. A page has a thousand entries and more, so that nothing is
// kept but what is needed.
class ListingReader final : public XmlHandler {
 public:
  explicit ListingReader(const S3ListQuestion& question) : question_(question) {}

  std::vector<ObjectEntry> entries;
  std::vector<std::string> prefixes;
  std::string truncated;
  std::string token;
  std::string version_token;
  bool url_encoded = false;
  bool incomplete = false;  // An entry cannot be understood.
  std::string problem;      // The first such key.

  void OnStart(std::string_view name, int depth) override {
    if (depth != 2) return;
    const bool marker = question_.versions && name == "DeleteMarker";
    in_entry_ = marker || name == (question_.versions ? "Version" : "Contents");
    in_prefixes_ = name == "CommonPrefixes";
    if (!in_entry_) return;
    ObjectEntry& entry = entries.emplace_back();
    if (marker) entry.type = EntryType::kDeleteMarker;
    seen_ = {};
    restored_ = false;
  }

  void OnEnd(std::string_view name, std::string_view text, int depth) override {
    switch (depth) {
      case 2:
        return in_entry_ ? EndEntry() : TakeTop(name, text);
      case 3:
        if (in_entry_) return TakeField(name, text);
        if (in_prefixes_ && name == "Prefix") prefixes.emplace_back(text);
        return;
      case 4:
        // RestoreStatus: an expiry date is told once the copy can be read.
        if (in_entry_ && name == "RestoreExpiryDate") restored_ = !text.empty();
        return;
      default:
        return;
    }
  }

 private:
  struct Seen {
    bool key = false;
    bool size = false;
    bool time = false;
  };

  void TakeTop(std::string_view name, std::string_view text) {
    if (name == "IsTruncated") truncated = text;
    if (name == "EncodingType") url_encoded = text == "url";
    if (question_.versions) {
      if (name == "NextKeyMarker") token = text;
      if (name == "NextVersionIdMarker") version_token = text;
    } else if (name == "NextContinuationToken") {
      token = text;
    }
  }

  void TakeField(std::string_view name, std::string_view text) {
    ObjectEntry& entry = entries.back();
    if (name == "Key") {
      entry.key = text;
      seen_.key = true;
    } else if (name == "Size") {
      const std::optional<std::uint64_t> size = ParseUint64(text);
      seen_.size = size.has_value();
      entry.size_bytes = size.value_or(0);
    } else if (name == "LastModified") {
      TakeTime(text, entry);
    } else if (name == "ETag" && !question_.versions) {
      TakeEtag(text, entry);
    } else if (name == "VersionId" && question_.versions) {
      entry.version = text;
    } else if (name == "StorageClass") {
      entry.storage_class = text;
    }
  }

  void TakeTime(std::string_view text, ObjectEntry& entry) {
    const std::optional<PreciseTime> time = ParseRfc3339(text);
    seen_.time = time.has_value();
    if (!time.has_value()) return;
    entry.modified = *time;
    if (question_.whole_seconds) entry.modified.fraction_digits = 0;
  }

  void TakeEtag(std::string_view text, ObjectEntry& entry) {
    entry.version = UnquoteEtag(text);
    if (!question_.etag_is_md5) return;
    if (const std::optional<Digest> md5 = Md5OfEtag(entry.version)) entry.digests.Set(*md5);
  }

  void EndEntry() {
    ObjectEntry& entry = entries.back();
    const bool marker = entry.type == EntryType::kDeleteMarker;
    const bool complete = seen_.key && seen_.time && (marker || seen_.size) &&
                          (question_.versions || !entry.version.empty());
    if (!complete && problem.empty()) problem = entry.key;
    incomplete = incomplete || !complete;
    const bool archive = entry.storage_class == "GLACIER" || entry.storage_class == "DEEP_ARCHIVE";
    entry.archived = archive && !restored_;
    in_entry_ = false;
  }

  const S3ListQuestion& question_;
  bool in_entry_ = false;
  bool in_prefixes_ = false;
  bool restored_ = false;
  Seen seen_;
};

Status DecodeAll(ListingReader& reader, bool versions) {
  if (!reader.url_encoded) return Status::Ok();
  const auto decode = [](std::string& text) {
    std::optional<std::string> decoded = DecodeListed(text);
    if (!decoded.has_value()) return false;
    text = std::move(*decoded);
    return true;
  };
  bool fine = true;
  for (ObjectEntry& entry : reader.entries) fine = decode(entry.key) && fine;
  for (std::string& prefix : reader.prefixes) fine = decode(prefix) && fine;
  if (versions) fine = decode(reader.token) && fine;
  return fine ? Status::Ok() : Broken("the listing has a key that is not URL-encoded");
}

Status OutOfOrder(std::string_view name) {
  return Broken("the listing is out of order at '" + EscapeForDisplay(name) + "'");
}

Status CheckEntries(const std::vector<ObjectEntry>& entries, const S3ListQuestion& question) {
  std::string_view last = question.after;
  for (const ObjectEntry& entry : entries) {
    const std::string_view key = entry.key;
    // Versions of one key follow each other.
    const bool repeats = question.versions && key == last;
    if (!repeats && key <= last) return OutOfOrder(key);
    if (!key.starts_with(question.prefix)) {
      return Broken("the listing has '" + EscapeForDisplay(key) + "', which is not under '" +
                    EscapeForDisplay(question.prefix) + "'");
    }
    last = key;
  }
  return Status::Ok();
}

Status CheckPrefixes(const std::vector<std::string>& prefixes, const S3ListQuestion& question) {
  std::string_view last;
  for (const std::string& prefix : prefixes) {
    if (!prefix.starts_with(question.prefix) || !prefix.ends_with(question.delimiter) ||
        question.delimiter.empty()) {
      return Broken("the listing has the prefix '" + EscapeForDisplay(prefix) +
                    "', which was not asked for");
    }
    // A listing that begins inside of a folder shows that folder.
    const bool begins_inside = question.sent_token.empty() && question.after.starts_with(prefix);
    if (prefix <= last || (prefix <= question.after && !begins_inside)) return OutOfOrder(prefix);
    last = prefix;
  }
  return Status::Ok();
}

// Ends the page before `end_before`.
void CutEnd(const std::string& end_before, ListPage& page) {
  if (end_before.empty()) return;
  const auto behind = [&](std::string_view name) { return name >= end_before; };
  const std::size_t entries = page.entries.size();
  const std::size_t prefixes = page.common_prefixes.size();
  std::erase_if(page.entries, [&](const ObjectEntry& entry) { return behind(entry.key); });
  std::erase_if(page.common_prefixes, behind);
  const bool cut = page.entries.size() != entries || page.common_prefixes.size() != prefixes;
  if (cut) page.next_page_token.clear();
}

}  // namespace

Result<S3ListAnswer> ReadS3Listing(std::string_view xml, const S3ListQuestion& question) {
  ListingReader reader(question);
  reader.entries.reserve(1000);
  const std::string_view root = question.versions ? "ListVersionsResult" : "ListBucketResult";
  GODWIT_RETURN_IF_ERROR(ReadXml(xml, root, reader));
  if (reader.incomplete) {
    return Broken("the listing has an incomplete entry '" + EscapeForDisplay(reader.problem) + "'");
  }
  if (reader.truncated != "true" && reader.truncated != "false") {
    return Broken("the listing does not tell whether it is complete");
  }
  GODWIT_RETURN_IF_ERROR(DecodeAll(reader, question.versions));
  GODWIT_RETURN_IF_ERROR(CheckEntries(reader.entries, question));
  GODWIT_RETURN_IF_ERROR(CheckPrefixes(reader.prefixes, question));

  S3ListAnswer answer;
  answer.last_name = question.after;
  if (!reader.entries.empty()) answer.last_name = reader.entries.back().key;
  if (!reader.prefixes.empty()) {
    answer.last_name = std::max(answer.last_name, reader.prefixes.back());
  }
  if (reader.truncated == "true") {
    if (reader.token.empty()) return Broken("the listing goes on but does not tell where");
    answer.page.next_page_token =
        question.versions ? JoinPair(reader.token, reader.version_token) : reader.token;
    if (answer.page.next_page_token == question.sent_token) {
      return Broken("the listing repeats its continuation token");
    }
  }
  answer.page.entries = std::move(reader.entries);
  answer.page.common_prefixes = std::move(reader.prefixes);
  CutEnd(question.end_before, answer.page);
  return answer;
}

}  // namespace godwit

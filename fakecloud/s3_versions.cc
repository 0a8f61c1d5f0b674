#include "fakecloud/encoding.h"
#include "fakecloud/s3_handlers.h"
#include "fakecloud/s3_listing.h"

namespace fakecloud {
namespace {

struct VersionsPage {
  std::string entries;
  std::vector<std::string> prefixes;
  std::uint64_t count = 0;
  bool truncated = false;
  std::string last_key, last_id;
};

std::string VersionElement(const S3Options& options, const ListingShape& shape,
                           const std::string& key, const ObjectVersion& version, bool is_latest) {
  std::string out = version.delete_marker ? "<DeleteMarker>" : "<Version>";
  out += XmlElement("Key", shape.Encode(key)) + XmlElement("VersionId", version.version_id) +
         XmlElement("IsLatest", is_latest ? "true" : "false") +
         XmlElement("LastModified", FormatIsoTime(version.modified)) + "<Owner>" +
         XmlElement("ID", options.account_id) + "</Owner>";
  if (version.delete_marker) return out + "</DeleteMarker>";
  return out + XmlElement("ETag", Quoted(version.etag)) +
         XmlElement("Size", std::to_string(version.size())) +
         XmlElement("StorageClass", version.storage_class) + "</Version>";
}

// Adds the versions of one key, newest first, from behind `after_id` on; false if the page is full.
bool AddVersions(const S3Options& options, const ListingShape& shape, const std::string& key,
                 const std::vector<ObjectPtr>& versions, std::string_view after_id,
                 VersionsPage& page) {
  bool skipping = !after_id.empty();
  for (auto it = versions.rbegin(); it != versions.rend(); ++it) {
    if (skipping) {
      skipping = (*it)->version_id != after_id;
      continue;
    }
    if (page.count == shape.page_max) {
      page.truncated = true;
      return false;
    }
    page.entries += VersionElement(options, shape, key, **it, it == versions.rbegin());
    page.last_key = key;
    page.last_id = (*it)->version_id;
    ++page.count;
  }
  return true;
}

bool AddPrefix(const ListingShape& shape, const std::string& common, VersionsPage& page) {
  if (!page.prefixes.empty() && page.prefixes.back() == common) return true;
  if (page.count == shape.page_max) {
    page.truncated = true;
    return false;
  }
  page.prefixes.push_back(common);
  page.last_key = common;
  page.last_id.clear();
  ++page.count;
  return true;
}

VersionsPage CollectVersions(const S3Options& options, const QueryParams& query,
                             const ListingShape& shape, const Bucket& bucket) {
  VersionsPage page;
  const std::string marker(query.Get("key-marker"));
  const std::string_view id_marker = query.Get("version-id-marker");
  for (auto it = bucket.keys.lower_bound(std::max(shape.prefix, marker)); it != bucket.keys.end();
       ++it) {
    const std::string& key = it->first;
    if (!HasPrefix(key, shape.prefix)) break;
    const bool at_marker = !marker.empty() && key == marker;
    if (at_marker && id_marker.empty()) continue;
    const std::string common(shape.CommonPrefixOf(key));
    if (!common.empty() && common == marker) continue;
    const bool more = common.empty() ? AddVersions(options, shape, key, it->second,
                                                   at_marker ? id_marker : std::string_view(), page)
                                     : AddPrefix(shape, common, page);
    if (!more) break;
  }
  return page;
}

}  // namespace

S3Result<Response> ListObjectVersions(S3Context& context, S3Call& call) {
  const S3Result<ListingShape> read = ListingShape::Read(context.options, call.query, "max-keys");
  if (const S3Error* error = ErrorOf(read)) return *error;
  const ListingShape& shape = std::get<ListingShape>(read);
  Storage::Access access = context.storage.Lock();
  const Bucket* bucket = access.Find(call.bucket);
  if (bucket == nullptr) return NoSuchBucket(call.bucket);
  const VersionsPage page = CollectVersions(context.options, call.query, shape, *bucket);
  std::string body(kXmlHead);
  body += "<ListVersionsResult" + std::string(kXmlNamespace) + ">" +
          XmlElement("Name", call.bucket) + XmlElement("Prefix", shape.Encode(shape.prefix)) +
          XmlElement("KeyMarker", shape.Encode(call.query.Get("key-marker"))) +
          XmlElement("VersionIdMarker", call.query.Get("version-id-marker")) +
          XmlElement("MaxKeys", std::to_string(shape.keys_max)) +
          (shape.url_encoded ? XmlElement("EncodingType", "url") : "") +
          XmlElement("IsTruncated", page.truncated ? "true" : "false");
  if (page.truncated) {
    body += XmlElement("NextKeyMarker", shape.Encode(page.last_key)) +
            XmlElement("NextVersionIdMarker", page.last_id);
  }
  body += page.entries;
  for (const std::string& prefix : page.prefixes) {
    body += "<CommonPrefixes>" + XmlElement("Prefix", shape.Encode(prefix)) + "</CommonPrefixes>";
  }
  return XmlResponse(body + "</ListVersionsResult>");
}

}  // namespace fakecloud

#include "fakecloud/s3_listing.h"

#include <algorithm>

#include "fakecloud/encoding.h"
#include "fakecloud/s3_handlers.h"

namespace fakecloud {
namespace {

// What one page holds, before it is written.
struct ListingPage {
  struct Entry {
    std::string key;
    const ObjectVersion* version = nullptr;
  };
  std::vector<Entry> entries;
  std::vector<std::string> prefixes;
  bool truncated = false;
  ListingPosition last;

  std::size_t count() const { return entries.size() + prefixes.size(); }
};

struct ListingStart {
  std::string from;         // First key to look at.
  std::string skip;         // A key that equals this is before the page.
  std::string prefix_done;  // A common prefix that was given already.
};

ListingStart StartOf(const ListingShape& shape, const ListingPosition& position,
                     std::string_view start_after) {
  ListingStart start;
  start.from = shape.prefix;
  const auto advance = [&](const std::string& key) {
    if (key > start.from) start.from = key;
  };
  if (position.is_prefix) {
    start.prefix_done = position.after;
    if (const auto next = SuccessorOfPrefix(position.after)) advance(*next);
  } else if (!position.after.empty()) {
    start.skip = position.after;
    advance(position.after);
  } else if (!start_after.empty()) {
    start.skip = start_after;
    advance(start.skip);
  }
  return start;
}

// Takes keys from `from` on until the page is full, the keys end, or a common prefix begins that
// is better jumped over. Returns where to go on; none at the end.
std::optional<std::string> TakeKeys(const Bucket& bucket, const ListingShape& shape,
                                    const ListingStart& start, const std::string& from,
                                    ListingPage& page) {
  std::optional<std::string> jump;
  bucket.VisitLive(from, [&](const std::string& key, const ObjectVersion& version) {
    if (!HasPrefix(key, shape.prefix)) return false;
    if (key == start.skip) return true;
    const std::string_view common = shape.CommonPrefixOf(key);
    if (!common.empty() && common == start.prefix_done) return true;
    if (page.count() >= shape.page_max) {
      page.truncated = true;
      return false;
    }
    if (common.empty()) {
      page.entries.push_back({key, &version});
      page.last.after = key;
      page.last.is_prefix = false;
      return true;
    }
    page.prefixes.emplace_back(common);
    page.last.after = std::string(common);
    page.last.is_prefix = true;
    jump = SuccessorOfPrefix(std::string(common));
    return false;
  });
  return jump;
}

ListingPage CollectPage(const Bucket& bucket, const ListingShape& shape,
                        const ListingPosition& position, std::string_view start_after) {
  ListingPage page;
  page.last.page = position.page + 1;
  if (shape.page_max == 0) return page;
  const ListingStart start = StartOf(shape, position, start_after);
  std::optional<std::string> from = start.from;
  while (from) from = TakeKeys(bucket, shape, start, *from, page);
  return page;
}

void AppendEntry(const ListingShape& shape, const std::string& key, const ObjectVersion& object,
                 const std::string& owner, std::string& out) {
  out += "<Contents>";
  out += XmlElement("Key", shape.Encode(key));
  out += XmlElement("LastModified", FormatIsoTime(object.modified));
  out += XmlElement("ETag", Quoted(object.etag));
  if (object.checksum) {
    out += XmlElement("ChecksumAlgorithm", ChecksumName(object.checksum->kind));
    out += XmlElement("ChecksumType", object.checksum->composite ? "COMPOSITE" : "FULL_OBJECT");
  }
  out += XmlElement("Size", std::to_string(object.size()));
  out += owner;
  out += XmlElement("StorageClass", object.storage_class);
  out += "</Contents>";
}

std::string ElementIf(bool present, std::string_view name, std::string_view text) {
  return present ? XmlElement(name, text) : std::string();
}

// A page that lacks its second half and says that it is the last one.
void ForgetEnd(ListingPage& page) {
  page.entries.resize(page.entries.size() / 2);
  page.prefixes.resize(page.prefixes.size() / 2);
  page.truncated = false;
}

void ApplyListingFaults(const S3Call& call, const ListingPosition& position, ListingPage& page) {
  for (const Fault& fault : call.faults) {
    if (fault.kind != FaultKind::kListing) continue;
    switch (fault.listing) {
      case ListingHow::kUnordered:
        if (page.entries.size() > 1) std::swap(page.entries.front(), page.entries.back());
        break;
      case ListingHow::kRepeatedToken:
        page.truncated = true;
        page.last = position;
        break;
      case ListingHow::kMissingEnd:
        ForgetEnd(page);
        break;
    }
  }
}

// The parts of an answer that the two versions of the listing do not share.
std::string HeadOfV2(const S3Call& call, const ListingShape& shape, const ListingPage& page) {
  const QueryParams& query = call.query;
  std::string out = XmlElement("KeyCount", std::to_string(page.count()));
  out += ElementIf(query.Has("continuation-token"), "ContinuationToken",
                   query.Get("continuation-token"));
  out += ElementIf(query.Has("start-after"), "StartAfter", shape.Encode(query.Get("start-after")));
  out += ElementIf(page.truncated, "NextContinuationToken", page.last.Token());
  return out;
}

std::string HeadOfV1(const S3Call& call, const ListingShape& shape, const ListingPage& page) {
  std::string out = XmlElement("Marker", shape.Encode(call.query.Get("marker")));
  out += ElementIf(page.truncated && !shape.delimiter.empty(), "NextMarker",
                   shape.Encode(page.last.after));
  return out;
}

std::string WritePage(const S3Options& options, const S3Call& call, const ListingShape& shape,
                      const ListingPage& page) {
  const bool v2 = call.query.Get("list-type") == "2";
  std::string out;
  out.reserve(1024 + page.entries.size() * 400);
  out += kXmlHead;
  out += "<ListBucketResult" + std::string(kXmlNamespace) + ">";
  out += XmlElement("Name", call.bucket) + XmlElement("Prefix", shape.Encode(shape.prefix));
  out += XmlElement("MaxKeys", std::to_string(shape.keys_max));
  out += ElementIf(!shape.delimiter.empty(), "Delimiter", shape.Encode(shape.delimiter));
  out += ElementIf(shape.url_encoded, "EncodingType", "url");
  out += XmlElement("IsTruncated", page.truncated ? "true" : "false");
  out += v2 ? HeadOfV2(call, shape, page) : HeadOfV1(call, shape, page);
  const bool with_owner = !v2 || call.query.Get("fetch-owner") == "true";
  const std::string owner =
      with_owner ? "<Owner>" + XmlElement("ID", options.account_id) + "</Owner>" : std::string();
  for (const ListingPage::Entry& entry : page.entries) {
    AppendEntry(shape, entry.key, *entry.version, owner, out);
  }
  for (const std::string& prefix : page.prefixes) {
    out += "<CommonPrefixes>" + XmlElement("Prefix", shape.Encode(prefix)) + "</CommonPrefixes>";
  }
  return out + "</ListBucketResult>";
}

S3Result<ListingPosition> PositionOf(const QueryParams& query) {
  ListingPosition position;
  if (query.Get("list-type") != "2") {
    position.after = query.Get("marker");
    const std::string_view delimiter = query.Get("delimiter");
    position.is_prefix = !delimiter.empty() && position.after.ends_with(delimiter);
    return position;
  }
  const std::string* token = query.Find("continuation-token");
  if (token == nullptr) return position;
  std::optional<ListingPosition> read = ListingPosition::FromToken(*token);
  if (!read) {
    return InvalidArgument("The continuation token provided is incorrect", "continuation-token",
                           *token);
  }
  return *read;
}

}  // namespace

S3Result<Response> ListObjects(S3Context& context, S3Call& call) {
  const S3Result<ListingShape> shape = ListingShape::Read(context.options, call.query, "max-keys");
  if (const S3Error* error = ErrorOf(shape)) return *error;
  const S3Result<ListingPosition> position = PositionOf(call.query);
  if (const S3Error* error = ErrorOf(position)) return *error;

  // Written under the lock: the page points into the bucket.
  Storage::Access access = context.storage.Lock();
  const Bucket* bucket = access.Find(call.bucket);
  if (bucket == nullptr) {
    if (context.options.foreign_buckets.contains(call.bucket)) return AccessDenied();
    return NoSuchBucket(call.bucket);
  }
  ListingPage page =
      CollectPage(*bucket, std::get<ListingShape>(shape), std::get<ListingPosition>(position),
                  call.query.Get("start-after"));
  ApplyListingFaults(call, std::get<ListingPosition>(position), page);
  return XmlResponse(WritePage(context.options, call, std::get<ListingShape>(shape), page));
}

}  // namespace fakecloud

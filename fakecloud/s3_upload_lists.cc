#include <algorithm>

#include "fakecloud/encoding.h"
#include "fakecloud/s3_handlers.h"
#include "fakecloud/s3_listing.h"
#include "fakecloud/s3_uploads.h"

namespace fakecloud {
namespace {

std::string PartElement(std::uint32_t number, const Part& part,
                        const std::optional<StoredChecksum>& checksum) {
  std::string out = "<Part>" + XmlElement("PartNumber", std::to_string(number)) +
                    XmlElement("LastModified", FormatIsoTime(part.modified)) +
                    XmlElement("ETag", Quoted(part.etag)) +
                    XmlElement("Size", std::to_string(part.content.size()));
  if (checksum && !part.checksum.empty()) {
    out += XmlElement(ChecksumElement(checksum->kind), part.checksum);
  }
  return out + "</Part>";
}

std::string ChecksumElements(const std::optional<StoredChecksum>& checksum) {
  if (!checksum) return {};
  return XmlElement("ChecksumAlgorithm", ChecksumName(checksum->kind)) +
         XmlElement("ChecksumType", checksum->composite ? "COMPOSITE" : "FULL_OBJECT");
}

Response PartsPage(const S3Options& options, const S3Call& call, const Upload& upload,
                   std::uint64_t marker, std::uint64_t page_max) {
  std::string parts;
  std::uint64_t count = 0, last = 0;
  bool truncated = false;
  for (auto it = upload.parts.upper_bound(static_cast<std::uint32_t>(marker));
       it != upload.parts.end(); ++it) {
    if (count == page_max) {
      truncated = true;
      break;
    }
    parts += PartElement(it->first, it->second, upload.checksum);
    last = it->first;
    ++count;
  }
  std::string body(kXmlHead);
  body += "<ListPartsResult" + std::string(kXmlNamespace) + ">" +
          XmlElement("Bucket", call.bucket) + XmlElement("Key", upload.key) +
          XmlElement("UploadId", upload.id) + "<Initiator>" + XmlElement("ID", options.account_id) +
          "</Initiator><Owner>" + XmlElement("ID", options.account_id) + "</Owner>" +
          XmlElement("StorageClass", upload.draft.storage_class) +
          XmlElement("PartNumberMarker", std::to_string(marker)) +
          XmlElement("NextPartNumberMarker", std::to_string(last)) +
          XmlElement("MaxParts", std::to_string(page_max)) +
          XmlElement("IsTruncated", truncated ? "true" : "false") +
          ChecksumElements(upload.checksum) + parts + "</ListPartsResult>";
  return XmlResponse(std::move(body));
}

// Uploads in the order of their keys, and of their ids for one key.
std::vector<const Upload*> SortedUploads(const Bucket& bucket) {
  std::vector<const Upload*> uploads;
  for (const auto& [id, upload] : bucket.uploads) uploads.push_back(&upload);
  std::sort(uploads.begin(), uploads.end(), [](const Upload* a, const Upload* b) {
    return a->key != b->key ? a->key < b->key : a->id < b->id;
  });
  return uploads;
}

bool IsAfterMarkers(const Upload& upload, std::string_view key, std::string_view id) {
  if (key.empty()) return true;
  return upload.key != key ? upload.key > key : !id.empty() && upload.id > id;
}

struct UploadsPage {
  std::string uploads;
  std::vector<std::string> prefixes;
  std::uint64_t count = 0;
  bool truncated = false;
  std::string last_key, last_id;
};

std::string UploadElement(const S3Options& options, const ListingShape& shape,
                          const Upload& upload) {
  return "<Upload>" + XmlElement("Key", shape.Encode(upload.key)) +
         XmlElement("UploadId", upload.id) + "<Initiator>" + XmlElement("ID", options.account_id) +
         "</Initiator>" + XmlElement("StorageClass", upload.draft.storage_class) +
         XmlElement("Initiated", FormatIsoTime(upload.initiated)) +
         ChecksumElements(upload.checksum) + "</Upload>";
}

UploadsPage CollectUploads(const S3Options& options, const QueryParams& query,
                           const ListingShape& shape, const Bucket& bucket) {
  UploadsPage page;
  const std::string_view key_marker = query.Get("key-marker");
  const std::string_view id_marker = query.Get("upload-id-marker");
  for (const Upload* upload : SortedUploads(bucket)) {
    if (!HasPrefix(upload->key, shape.prefix)) continue;
    if (!IsAfterMarkers(*upload, key_marker, id_marker)) continue;
    const std::string common(shape.CommonPrefixOf(upload->key));
    if (!common.empty() &&
        (common == key_marker || (!page.prefixes.empty() && page.prefixes.back() == common))) {
      continue;
    }
    if (page.count == shape.page_max) {
      page.truncated = true;
      break;
    }
    ++page.count;
    page.last_key = common.empty() ? upload->key : common;
    page.last_id = common.empty() ? upload->id : std::string();
    if (common.empty()) {
      page.uploads += UploadElement(options, shape, *upload);
    } else {
      page.prefixes.push_back(common);
    }
  }
  return page;
}

}  // namespace

S3Result<Response> ListParts(S3Context& context, S3Call& call) {
  const std::uint64_t marker = std::min<std::uint64_t>(
      ParseDecimal(call.query.Get("part-number-marker")).value_or(0), 100'000);
  const std::uint64_t page_max = std::min<std::uint64_t>(
      ParseDecimal(call.query.Get("max-parts")).value_or(1000), context.options.page_size);
  return WithUpload(context, call, [&](Bucket&, Upload& upload) -> S3Result<Response> {
    return PartsPage(context.options, call, upload, marker, page_max);
  });
}

S3Result<Response> ListMultipartUploads(S3Context& context, S3Call& call) {
  const S3Result<ListingShape> read =
      ListingShape::Read(context.options, call.query, "max-uploads");
  if (const S3Error* error = ErrorOf(read)) return *error;
  const ListingShape& shape = std::get<ListingShape>(read);
  Storage::Access access = context.storage.Lock();
  const Bucket* bucket = access.Find(call.bucket);
  if (bucket == nullptr) return NoSuchBucket(call.bucket);
  const UploadsPage page = CollectUploads(context.options, call.query, shape, *bucket);
  std::string body(kXmlHead);
  body += "<ListMultipartUploadsResult" + std::string(kXmlNamespace) + ">" +
          XmlElement("Bucket", call.bucket) +
          XmlElement("KeyMarker", shape.Encode(call.query.Get("key-marker"))) +
          XmlElement("UploadIdMarker", call.query.Get("upload-id-marker")) +
          XmlElement("NextKeyMarker", shape.Encode(page.last_key)) +
          XmlElement("NextUploadIdMarker", page.last_id) +
          XmlElement("Prefix", shape.Encode(shape.prefix)) +
          XmlElement("Delimiter", shape.Encode(shape.delimiter)) +
          (shape.url_encoded ? XmlElement("EncodingType", "url") : "") +
          XmlElement("MaxUploads", std::to_string(shape.keys_max)) +
          XmlElement("IsTruncated", page.truncated ? "true" : "false") + page.uploads;
  for (const std::string& prefix : page.prefixes) {
    body += "<CommonPrefixes>" + XmlElement("Prefix", shape.Encode(prefix)) + "</CommonPrefixes>";
  }
  return XmlResponse(body + "</ListMultipartUploadsResult>");
}

}  // namespace fakecloud

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/result.h"
#include "godwit/store_messages.h"
#include "lib/http/xml_document.h"
#include "lib/store/s3/s3_errors.h"

// The XML documents of S3. Pure. Answers that are not the expected document, whole, are
// kCorrupted; names are matched without their namespace.

namespace godwit {

using S3Document = XmlDocument;

// Reads a document whose records stand `record_depth` levels deep (2: below the root). An answer
// with the root <Error> comes as what it says, in the second form of the result.
struct S3Answer {
  std::optional<S3Error> error;
  S3Document document;
};
Result<S3Answer> ReadS3Answer(std::string_view xml, std::string_view root, int record_depth = 2);

// The error body of a failed request; empty fields where it is none.
S3Error ReadS3Error(std::string_view xml);

// What the caller of a listing knows before the page is read.
struct S3ListQuestion {
  std::string prefix;
  std::string delimiter;
  std::string end_before;
  std::string after;       // Every key of the page lies behind this one.
  std::string sent_token;  // The service's own; empty: this is the first page.
  bool versions = false;
  // How much of the service's times and ETags is to be believed.
  bool whole_seconds = false;
  bool etag_is_md5 = false;
};

// One page of ListObjectsV2 or ListObjectVersions: complete, in order, under its prefix.
struct S3ListAnswer {
  ListPage page;          // Its token is the service's own (of versions: both markers).
  std::string last_name;  // The greatest key or prefix so far.
};
Result<S3ListAnswer> ReadS3Listing(std::string_view xml, const S3ListQuestion& question);

// Texts of a listing that asked for encoding-type=url; '+' is a space there.
std::optional<std::string> DecodeListed(std::string_view text);

// The element that holds a part's or an object's checksum of `kind` (CRC64NVME or CRC32C).
std::string_view ChecksumElement(DigestKind kind);

// Bodies of requests. Keys must be representable (IsXmlText).
bool IsXmlText(std::string_view text);
struct S3DeleteKey {
  std::string_view key;
  std::string_view etag;  // Empty: unconditional.
};
std::string DeleteXml(std::span<const S3DeleteKey> keys);
std::string CompleteXml(std::span<const PartReceipt> parts, std::optional<DigestKind> checksum);
std::string CreateBucketXml(std::string_view region);

}  // namespace godwit

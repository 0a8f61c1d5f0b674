#include "lib/store/s3/s3_wire.h"

#include <gtest/gtest.h>

#include "lib/store/answer_sinks.h"
#include "lib/store/page_token.h"
#include "tests/unit/s3/fake_s3.h"

namespace godwit {
namespace {

constexpr char kMd5[] = "5d41402abc4b2a76b9719d911017c592";
constexpr char kTime[] = "Fri, 24 May 2013 00:00:00 GMT";

HttpResponse Head(int status, const Fields& fields) {
  HttpResponse response;
  response.status = status;
  for (const auto& [name, value] : fields) response.headers.Add(name, value);
  return response;
}

HttpHeaders ObjectHeaders(const Fields& more = {}) {
  HttpHeaders headers = Head(200, more).headers;
  headers.Add("ETag", std::string("\"") + kMd5 + "\"");
  headers.Add("Last-Modified", kTime);
  headers.Add("Content-Length", "5");
  return headers;
}

GetOptions Range(std::uint64_t offset, std::uint64_t length) {
  GetOptions options;
  options.offset = offset;
  options.length = length;
  return options;
}

std::string Download(int status, const Fields& fields, const GetOptions& options) {
  HttpResponse head = Head(status, fields);
  head.headers.Add("ETag", std::string("\"") + kMd5 + "\"");
  head.headers.Add("Last-Modified", kTime);
  const Result<ObjectDownload> download = ObjectFromGet("k", head, options, true);
  if (!download.ok()) return Brief(download.status());
  return std::to_string(download->length) + " of " +
         std::to_string(download->meta.entry.size_bytes);
}

TEST(S3Wire, OnlyPlainHexEtagsSpellAnMd5) {
  EXPECT_EQ(Md5OfEtag(kMd5)->hex(), kMd5);
  EXPECT_FALSE(Md5OfEtag("ff80cbf2025e3fafc56f05ca5221bf8c-2").has_value());
  EXPECT_FALSE(Md5OfEtag("zz41402abc4b2a76b9719d911017c592").has_value());
  EXPECT_FALSE(Md5OfEtag("").has_value());
}

TEST(S3Wire, EtagOfPartsIsTheMd5OfTheirMd5s) {
  std::vector<PartReceipt> parts(2);
  parts[0].token = "b8fc857a25e7958868c2f003d5e0952d";
  parts[1].token = kMd5;
  EXPECT_FALSE(EtagOfParts(parts).has_value());
  for (PartReceipt& part : parts) part.digests.Set(*Md5OfEtag(part.token));
  EXPECT_TRUE(EtagOfParts(parts)->ends_with("-2"));
  parts[1].token = "another";
  EXPECT_FALSE(EtagOfParts(parts).has_value());
}

TEST(S3Wire, HeadTellsTheObject) {
  const HttpHeaders headers = ObjectHeaders(
      {{"x-amz-checksum-crc64nvme", "rosUhgp5mIg="}, {"x-amz-storage-class", "GLACIER_IR"}});
  const Result<ObjectMeta> meta = ObjectFromHead("k", headers, true);
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(meta->entry.key, "k");
  EXPECT_EQ(meta->entry.version, kMd5);
  EXPECT_EQ(meta->entry.size_bytes, 5U);
  EXPECT_EQ(meta->entry.modified.fraction_digits, 0);
  EXPECT_EQ(meta->entry.digests.Find(DigestKind::kCrc64Nvme)->crc64nvme(), 0xae8b14860a799888);
  EXPECT_EQ(meta->entry.digests.Find(DigestKind::kMd5)->hex(), kMd5);
  EXPECT_FALSE(meta->entry.archived);
  EXPECT_EQ(meta->entry.storage_class, "GLACIER_IR");
}

TEST(S3Wire, HeadWithoutWhatS3AlwaysTellsIsCorrupt) {
  const auto failure = [](std::string_view removed, std::string_view replacement = "") {
    HttpHeaders headers = ObjectHeaders();
    headers.Remove(removed);
    if (!replacement.empty()) headers.Add(removed, replacement);
    return Brief(ObjectFromHead("k", headers, true).status());
  };
  EXPECT_EQ(failure("etag"), "corrupted: the answer has no ETag");
  EXPECT_EQ(failure("last-modified"), "corrupted: the answer has no Last-Modified");
  EXPECT_EQ(failure("content-length"), "corrupted: the answer does not tell the object's size");
  EXPECT_EQ(failure("content-length", "-5"),
            "corrupted: the answer does not tell the object's size");
  EXPECT_EQ(failure("content-length", "99999999999999999999"),
            "corrupted: the answer does not tell the object's size");
}

TEST(S3Wire, ArchivedObjectsAreToldUntilTheyAreRestored) {
  const auto archived = [](const Fields& fields) {
    return ObjectFromHead("k", ObjectHeaders(fields), true)->entry.archived;
  };
  EXPECT_TRUE(archived({{"x-amz-storage-class", "GLACIER"}}));
  EXPECT_TRUE(archived({{"x-amz-storage-class", "DEEP_ARCHIVE"}}));
  EXPECT_TRUE(archived({{"x-amz-storage-class", "INTELLIGENT_TIERING"},
                        {"x-amz-archive-status", "ARCHIVE_ACCESS"}}));
  EXPECT_TRUE(archived(
      {{"x-amz-storage-class", "GLACIER"}, {"x-amz-restore", "ongoing-request=\"true\""}}));
  EXPECT_FALSE(archived({{"x-amz-storage-class", "GLACIER"},
                         {"x-amz-restore", "ongoing-request=\"false\", expiry-date=\"x\""}}));
  EXPECT_FALSE(archived({{"x-amz-storage-class", "STANDARD"}}));
}

TEST(S3Wire, CompositeChecksumsAreNoDigestsOfTheObject) {
  const auto has = [](const Fields& fields) {
    return WholeDigest(Head(200, fields).headers, DigestKind::kCrc32c).has_value();
  };
  EXPECT_TRUE(has({{"x-amz-checksum-crc32c", "4waSgw=="}}));
  EXPECT_TRUE(has({{"x-amz-checksum-crc32c", "4waSgw=="}, {"x-amz-checksum-type", "FULL_OBJECT"}}));
  EXPECT_FALSE(has({{"x-amz-checksum-crc32c", "4waSgw=="}, {"x-amz-checksum-type", "COMPOSITE"}}));
  EXPECT_FALSE(has({{"x-amz-checksum-crc32c", "4waSgw==-2"}}));
  EXPECT_FALSE(has({{"x-amz-checksum-crc32c", "rosUhgp5mIg="}}));
}

TEST(S3Wire, EtagIsNoMd5UnderOtherEncryptionOrAtUnknownServices) {
  const auto has = [](const Fields& fields, bool etag_is_md5) {
    return ObjectFromHead("k", ObjectHeaders(fields), etag_is_md5)
               ->entry.digests.Find(DigestKind::kMd5) != nullptr;
  };
  EXPECT_TRUE(has({{"x-amz-server-side-encryption", "AES256"}}, true));
  EXPECT_FALSE(has({{"x-amz-server-side-encryption", "aws:kms"}}, true));
  EXPECT_FALSE(has({{"x-amz-server-side-encryption-customer-algorithm", "AES256"}}, true));
  EXPECT_FALSE(has({}, false));
}

TEST(S3Wire, AnotherVersionThanTheOneAskedForIsAChange) {
  GetOptions options;
  options.version = "other";
  EXPECT_EQ(Download(200, {{"Content-Length", "5"}}, options),
            "precondition-failed: the object has changed");
}

TEST(S3Wire, ChecksumOfARangeIsNotThatOfTheObject) {
  HttpResponse head =
      Head(206, {{"Content-Range", "bytes 2-4/9"}, {"x-amz-checksum-crc64nvme", "rosUhgp5mIg="}});
  head.headers.Add("ETag", kMd5);
  head.headers.Add("Last-Modified", kTime);
  const Result<ObjectDownload> download = ObjectFromGet("k", head, Range(2, 3), true);
  EXPECT_EQ(download->meta.entry.digests.Find(DigestKind::kCrc64Nvme), nullptr);
  EXPECT_NE(download->meta.entry.digests.Find(DigestKind::kMd5), nullptr);
}

TEST(S3Wire, CopySourceIsEncodedAndPinned) {
  HttpHeaders headers;
  AddCopySource({"lake", "a b/?\xC3\xA9+%41", "abc"}, headers);
  EXPECT_EQ(headers.Find("x-amz-copy-source"), "/lake/a%20b/%3F%C3%A9%2B%2541");
  EXPECT_EQ(headers.Find("x-amz-copy-source-if-match"), "\"abc\"");
}

TEST(S3Wire, PairsOfTokensComeApartAgain) {
  for (const auto& [first, second] : std::vector<std::pair<std::string, std::string>>{
           {"", "t"}, {"a:b", "1:2"}, {"key", ""}, {std::string("\0\n", 2), "x"}}) {
    const auto parts = SplitPair(JoinPair(first, second));
    ASSERT_TRUE(parts.has_value());
    EXPECT_EQ(parts->first, first);
    EXPECT_EQ(parts->second, second);
  }
  for (const char* text : {"", "x", ":a", "9:short", "-1:a", "99999999999999999999:a"}) {
    EXPECT_FALSE(SplitPair(text).has_value()) << text;
  }
}

TEST(S3Wire, ForeignPageTokensAreRefused) {
  ListRequest request;
  request.page_token = "abc";
  EXPECT_EQ(Brief(ReadListToken(request).status()),
            "invalid-argument: not a page token of this store");
  request.page_token = JoinPair("k", "");
  EXPECT_FALSE(ReadListToken(request).ok());
}

}  // namespace
}  // namespace godwit

#include "lib/store/s3/s3_xml.h"

#include <gtest/gtest.h>

#include "lib/store/page_token.h"
#include "lib/store/s3/s3_wire.h"
#include "tests/unit/s3/fake_s3.h"

namespace godwit {
namespace {

std::string Entry(std::string_view key,
                  std::string_view more = "<StorageClass>STANDARD</StorageClass>") {
  return "<Contents><Key>" + std::string(key) +
         "</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
         "<ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag><Size>5</Size>" +
         std::string(more) + "</Contents>";
}

std::string Page(std::string_view inside, std::string_view truncated = "false",
                 std::string_view encoding = "<EncodingType>url</EncodingType>") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "
         "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>lake</Name><Prefix></Prefix>"
         "<IsTruncated>" +
         std::string(truncated) + "</IsTruncated>" + std::string(inside) + std::string(encoding) +
         "</ListBucketResult>";
}

std::string Read(std::string_view xml, const S3ListQuestion& question = {}) {
  const Result<S3ListAnswer> answer = ReadS3Listing(xml, question);
  if (!answer.ok()) return Brief(answer.status());
  std::string text;
  for (const ObjectEntry& entry : answer->page.entries) text += entry.key + " ";
  for (const std::string& prefix : answer->page.common_prefixes) text += prefix + " ";
  return text + "| " + answer->page.next_page_token + " | " + answer->last_name;
}

TEST(S3Listing, PageTellsItsEntries) {
  const Result<S3ListAnswer> answer = ReadS3Listing(Page(Entry("a%2Fb+c%2Bd%25")), {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  const ObjectEntry& entry = answer->page.entries.at(0);
  EXPECT_EQ(entry.key, "a/b c+d%");
  EXPECT_EQ(entry.size_bytes, 5U);
  EXPECT_EQ(entry.version, "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(entry.modified.fraction_digits, 3);
  EXPECT_EQ(entry.storage_class, "STANDARD");
  EXPECT_TRUE(entry.digests.empty());
  EXPECT_TRUE(answer->page.next_page_token.empty());
}

TEST(S3Listing, KeysAreDecodedOnlyIfTheAnswerSaysSo) {
  EXPECT_EQ(Read(Page(Entry("a%2Fb+c"), "false", "")), "a%2Fb+c |  | a%2Fb+c");
  EXPECT_EQ(Read(Page(Entry("a%2Fb+c"))), "a/b c |  | a/b c");
  EXPECT_EQ(Read(Page(Entry("a%zz"))), "corrupted: the listing has a key that is not URL-encoded");
}

TEST(S3Listing, WhatTheServiceKeepsDecidesWhatIsBelieved) {
  S3ListQuestion question;
  question.whole_seconds = question.etag_is_md5 = true;
  const Result<S3ListAnswer> answer = ReadS3Listing(Page(Entry("k")), question);
  EXPECT_EQ(answer->page.entries[0].modified.fraction_digits, 0);
  EXPECT_EQ(answer->page.entries[0].digests.Find(DigestKind::kMd5)->hex(),
            "5d41402abc4b2a76b9719d911017c592");
}

TEST(S3Listing, TruncatedPageNeedsANewToken) {
  const std::string token = "<NextContinuationToken>t%2B1</NextContinuationToken>";
  EXPECT_EQ(Read(Page(Entry("a") + token, "true")), "a | t%2B1 | a");
  EXPECT_EQ(Read(Page(Entry("a") + token, "false")), "a |  | a");
  EXPECT_EQ(Read(Page(Entry("a"), "true")),
            "corrupted: the listing goes on but does not tell where");
  S3ListQuestion question;
  question.sent_token = "t%2B1";
  EXPECT_EQ(Read(Page(Entry("a") + token, "true"), question),
            "corrupted: the listing repeats its continuation token");
  for (const char* truncated : {"", "TRUE", "1", "maybe"}) {
    EXPECT_EQ(Read(Page(Entry("a") + token, truncated)),
              "corrupted: the listing does not tell whether it is complete");
  }
}

TEST(S3Listing, EmptyPagesMayGoOn) {
  S3ListQuestion question;
  question.after = "k";
  EXPECT_EQ(Read(Page("<NextContinuationToken>t</NextContinuationToken>", "true"), question),
            "| t | k");
  EXPECT_EQ(Read(Page("")), "|  | ");
}

TEST(S3Listing, KeysMustRiseAndLieBehindTheLastPage) {
  EXPECT_EQ(Read(Page(Entry("a") + Entry("a"))), "corrupted: the listing is out of order at 'a'");
  EXPECT_EQ(Read(Page(Entry("b") + Entry("a"))), "corrupted: the listing is out of order at 'a'");
  S3ListQuestion question;
  question.after = "b";
  EXPECT_EQ(Read(Page(Entry("b")), question), "corrupted: the listing is out of order at 'b'");
  EXPECT_EQ(Read(Page(Entry("c")), question), "c |  | c");
  // Bytes, not code units: U+FF61 sorts before U+10000.
  EXPECT_EQ(Read(Page(Entry("%EF%BD%A1") + Entry("%F0%90%80%80"))).substr(0, 7),
            "\xEF\xBD\xA1 \xF0\x90\x80");
}

TEST(S3Listing, KeysMustLieUnderThePrefix) {
  S3ListQuestion question;
  question.prefix = "p/";
  EXPECT_EQ(Read(Page(Entry("p/a")), question), "p/a |  | p/a");
  EXPECT_EQ(Read(Page(Entry("q/a")), question),
            "corrupted: the listing has 'q/a', which is not under 'p/'");
  EXPECT_EQ(Read(Page(Entry(""))), "corrupted: the listing is out of order at ''");
}

TEST(S3Listing, CommonPrefixesAreCheckedLikeKeys) {
  const auto folder = [](const std::string& name) {
    return "<CommonPrefixes><Prefix>" + name + "</Prefix></CommonPrefixes>";
  };
  S3ListQuestion question;
  question.delimiter = "/";
  EXPECT_EQ(Read(Page(Entry("b") + folder("a%2F") + folder("c%2F")), question), "b a/ c/ |  | c/");
  EXPECT_EQ(Read(Page(folder("c/") + folder("a/")), question),
            "corrupted: the listing is out of order at 'a/'");
  EXPECT_EQ(Read(Page(folder("a")), question),
            "corrupted: the listing has the prefix 'a', which was not asked for");
  EXPECT_EQ(Read(Page(folder("a/"))),
            "corrupted: the listing has the prefix 'a/', which was not asked for");
  question.after = "a/b";
  EXPECT_EQ(Read(Page(folder("a/")), question), "a/ |  | a/b");
  question.sent_token = "t";
  EXPECT_EQ(Read(Page(folder("a/")), question), "corrupted: the listing is out of order at 'a/'");
}

TEST(S3Listing, EndBeforeCutsThePage) {
  S3ListQuestion question;
  question.end_before = "b";
  EXPECT_EQ(Read(Page(Entry("a") + Entry("b") + Entry("c") +
                          "<NextContinuationToken>t</NextContinuationToken>",
                      "true"),
                 question),
            "a |  | c");
  EXPECT_EQ(
      Read(Page(Entry("a") + "<NextContinuationToken>t</NextContinuationToken>", "true"), question),
      "a | t | a");
}

TEST(S3Listing, IncompleteEntriesAreCorrupt) {
  const std::string time = "<LastModified>2026-01-02T03:04:05.000Z</LastModified>";
  const std::string etag = "<ETag>x</ETag>";
  const std::string size = "<Size>1</Size>";
  const std::string key = "<Key>k</Key>";
  const auto read = [](const std::string& fields) {
    return Read(Page("<Contents>" + fields + "</Contents>"));
  };
  EXPECT_EQ(read(key + time + etag + size), "k |  | k");
  for (const std::string& fields :
       {time + etag + size, key + etag + size, key + time + size, key + time + etag,
        key + time + etag + "<Size>-1</Size>", key + time + etag + "<Size>+1</Size>",
        key + time + etag + "<Size> 1</Size>", key + time + etag + "<Size></Size>",
        key + time + etag + "<Size>18446744073709551616</Size>",
        key + "<LastModified>now</LastModified>" + etag + size}) {
    EXPECT_TRUE(read(fields).starts_with("corrupted: the listing has an incomplete entry"))
        << fields;
  }
}

TEST(S3Listing, ArchivedObjectsAreToldUnlessRestored) {
  const auto archived = [](std::string_view more) {
    return ReadS3Listing(Page(Entry("k", more)), {})->page.entries.at(0).archived;
  };
  EXPECT_TRUE(archived("<StorageClass>GLACIER</StorageClass>"));
  EXPECT_TRUE(
      archived("<StorageClass>DEEP_ARCHIVE</StorageClass><RestoreStatus>"
               "<IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>"));
  EXPECT_FALSE(
      archived("<StorageClass>GLACIER</StorageClass><RestoreStatus><IsRestoreInProgress>false"
               "</IsRestoreInProgress><RestoreExpiryDate>2026-02-01T00:00:00Z</RestoreExpiryDate>"
               "</RestoreStatus>"));
  EXPECT_FALSE(archived("<StorageClass>GLACIER_IR</StorageClass>"));
}

TEST(S3Listing, WhatIsNotAWholeListingIsCorrupt) {
  const std::string page = Page(Entry("a"));
  for (const std::string& text :
       {std::string(), std::string("<html><body>Sign in</body></html>"),
        std::string("<ListAllMyBucketsResult/>"), ErrorXml("InternalError"),
        page.substr(0, page.size() - 5), page.substr(0, page.size() / 2), page + "<more/>",
        std::string("{}"), "<!DOCTYPE x [<!ENTITY a \"b\">]>" + page}) {
    EXPECT_TRUE(Read(text).starts_with("corrupted: ")) << text;
  }
}

TEST(S3Listing, VersionsCarryTheirIdsAndMarkers) {
  const std::string xml =
      "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>b%2B</NextKeyMarker>"
      "<NextVersionIdMarker>v9</NextVersionIdMarker><EncodingType>url</EncodingType>"
      "<DeleteMarker><Key>a</Key><VersionId>v2</VersionId>"
      "<LastModified>2026-01-02T03:04:05Z</LastModified></DeleteMarker>"
      "<Version><Key>a</Key><VersionId>v1</VersionId><ETag>x</ETag><Size>5</Size>"
      "<LastModified>2026-01-02T03:04:05Z</LastModified></Version></ListVersionsResult>";
  S3ListQuestion question;
  question.versions = true;
  const Result<S3ListAnswer> answer = ReadS3Listing(xml, question);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->page.entries.size(), 2U);
  EXPECT_EQ(answer->page.entries[0].type, EntryType::kDeleteMarker);
  EXPECT_EQ(answer->page.entries[0].version, "v2");
  EXPECT_EQ(answer->page.entries[1].version, "v1");
  EXPECT_EQ(answer->page.entries[1].size_bytes, 5U);
  EXPECT_EQ(answer->page.next_page_token, JoinPair("b+", "v9"));
}

TEST(S3Xml, ErrorInsideASuccessIsToldApart) {
  const Result<S3Answer> error = ReadS3Answer("  \n" + ErrorXml("InternalError"), "Any");
  ASSERT_TRUE(error.ok() && error->error.has_value());
  EXPECT_EQ(error->error->code, "InternalError");
  EXPECT_EQ(error->error->request_id, "R1");
  EXPECT_EQ(Brief(ReadS3Answer("<Other/>", "CopyObjectResult").status()),
            "corrupted: the answer is <Other> instead of <CopyObjectResult>");
  EXPECT_FALSE(ReadS3Answer("<CopyObjectResult><ETag>x</ETag>", "CopyObjectResult").ok());
}

TEST(S3Xml, ErrorBodiesTellRegionAndEndpoint) {
  const S3Error error = ReadS3Error(
      ErrorXml("PermanentRedirect", "<Region>eu-west-1</Region><Endpoint>h</Endpoint>"));
  EXPECT_EQ(error.code, "PermanentRedirect");
  EXPECT_EQ(error.region, "eu-west-1");
  EXPECT_EQ(error.endpoint, "h");
  EXPECT_EQ(ReadS3Error("<html>no</html>").code, "");
  EXPECT_EQ(ReadS3Error("").code, "");
}

TEST(S3Xml, DeleteBodyEscapesKeys) {
  EXPECT_FALSE(IsXmlText("a\x01"));
  EXPECT_FALSE(IsXmlText("\xEF\xBF\xBF"));
  EXPECT_FALSE(IsXmlText("\xFF"));
  EXPECT_TRUE(IsXmlText("a\r\n\t<&>"));
  const std::vector<S3DeleteKey> keys{{"a<&>\r", ""}, {"b", "e"}};
  EXPECT_EQ(DeleteXml(keys),
            "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>"
            "<Object><Key>a&lt;&amp;&gt;&#13;</Key></Object>"
            "<Object><Key>b</Key><ETag>e</ETag></Object></Delete>");
}

TEST(S3Xml, CompleteBodyNumbersPartsFromOne) {
  std::vector<PartReceipt> parts(2);
  parts[0].token = "e0";
  parts[0].digests.Set(Digest::Crc64Nvme(1));
  parts[1].index = 1;
  parts[1].token = "e1";
  EXPECT_EQ(CompleteXml(parts, DigestKind::kCrc64Nvme),
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Part><PartNumber>1</PartNumber><ETag>&quot;e0&quot;</ETag>"
            "<ChecksumCRC64NVME>AAAAAAAAAAE=</ChecksumCRC64NVME></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>&quot;e1&quot;</ETag></Part>"
            "</CompleteMultipartUpload>");
  EXPECT_EQ(CompleteXml(parts, std::nullopt).find("Checksum"), std::string::npos);
}

}  // namespace
}  // namespace godwit

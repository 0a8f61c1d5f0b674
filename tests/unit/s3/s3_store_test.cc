#include "lib/store/s3/s3_store.h"

#include <gtest/gtest.h>

#include "tests/unit/s3/fake_s3.h"

// What is read: listings, objects, the bucket itself.

namespace godwit {
namespace {

constexpr char kEtag[] = "5d41402abc4b2a76b9719d911017c592";

Fields ObjectFields(const Fields& more = {}) {
  Fields fields{{"ETag", "\"" + std::string(kEtag) + "\""},
                {"Last-Modified", "Fri, 24 May 2013 00:00:00 GMT"},
                {"Content-Length", "5"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

std::string Page(std::string_view keys, std::string_view token = "") {
  std::string xml = "<ListBucketResult>";
  for (const char key : keys) {
    xml += "<Contents><Key>" + std::string(1, key) +
           "</Key><LastModified>2026-01-02T03:04:05Z</LastModified><ETag>e</ETag>"
           "<Size>1</Size></Contents>";
  }
  xml += token.empty() ? "<IsTruncated>false</IsTruncated>"
                       : "<IsTruncated>true</IsTruncated><NextContinuationToken>" +
                             std::string(token) + "</NextContinuationToken>";
  return xml + "</ListBucketResult>";
}

TEST(S3Store, ListingAsksForItsRange) {
  FakeS3 s3;
  s3.transport.Answer(200, {}, Page("b"));
  ListRequest request;
  request.prefix = "";
  request.delimiter = "/";
  request.start_after = "a b";
  request.keys_max = 7;
  ASSERT_TRUE(s3.store->List(s3.context, request).ok());
  EXPECT_EQ(s3.transport.last().Line(),
            "GET http://127.0.0.1:9000/lake?delimiter=%2F&encoding-type=url&list-type=2&max-keys=7&"
            "start-after=a%20b");
  EXPECT_EQ(s3.transport.last().Header("x-amz-optional-object-attributes"), "(absent)");
}

TEST(S3Store, AmazonIsAskedWhetherArchivedObjectsAreReadable) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(200, {{"x-amz-request-id", "R"}}, Page("b"));
  ASSERT_TRUE(s3.store->List(s3.context, {}).ok());
  EXPECT_EQ(s3.transport.last().Header("x-amz-optional-object-attributes"), "RestoreStatus");
}

TEST(S3Store, NextPageIsAskedByTokenAndMustLieBehindTheLast) {
  FakeS3 s3;
  s3.transport.Answer(200, {}, Page("ab", "t/1+"));
  const Result<ListPage> first = s3.store->List(s3.context, {});
  ASSERT_TRUE(first.ok());
  ListRequest next;
  next.page_token = first->next_page_token;
  s3.transport.Answer(200, {}, Page("b"));
  EXPECT_EQ(Brief(s3.store->List(s3.context, next).status()),
            "corrupted: the listing is out of order at 'b'");
  EXPECT_EQ(s3.transport.last().Line(),
            "GET http://127.0.0.1:9000/lake?continuation-token=t%2F1%2B&encoding-type=url&"
            "list-type=2&max-keys=1000");
  s3.transport.Answer(200, {}, Page("c"));
  const Result<ListPage> second = s3.store->List(s3.context, next);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(second->next_page_token.empty());
}

TEST(S3Store, PageOverTheCapIsAskedAgainWithHalfTheKeys) {
  FakeS3 s3;
  s3.transport.Answer(200, {{"Content-Length", "33554433"}}, "");
  s3.transport.Answer(200, {}, std::string((32 << 20) + 1, ' '));
  s3.transport.Answer(200, {}, Page("a"));
  ASSERT_TRUE(s3.store->List(s3.context, {}).ok());
  EXPECT_NE(s3.transport.sent[1].url.find("max-keys=500"), std::string::npos);
  EXPECT_NE(s3.transport.sent[2].url.find("max-keys=250"), std::string::npos);
}

TEST(S3Store, PageOverTheCapThatCannotShrinkFails) {
  FakeS3 s3;
  ListRequest request;
  request.keys_max = 1;
  s3.transport.Answer(200, {{"Content-Length", "99999999999"}}, "");
  EXPECT_EQ(Brief(s3.store->List(s3.context, request).status()),
            "corrupted: the page of the listing is larger than 32 MiB");
}

TEST(S3Store, FailedListingsAreNeverEmptyPages) {
  struct Case {
    int status;
    std::string body;
    std::string brief;
  };
  for (const Case& item : {
           Case{403, ErrorXml("AccessDenied"), "permission-denied: permission denied"},
           Case{404, ErrorXml("NoSuchBucket"), "container-not-found: no such bucket"},
           Case{404, "<html></html>", "corrupted: the answer does not look like S3's"},
           Case{500, "", "unavailable: the service failed"},
           Case{503, ErrorXml("SlowDown"), "throttled: the service asks for fewer requests"},
           Case{200, "", "corrupted: the XML answer is empty"},
           Case{302, "", "corrupted: the answer does not look like S3's"},
       }) {
    FakeS3 s3;
    s3.transport.Answer(item.status, {}, item.body);
    const Status status = s3.store->List(s3.context, {}).status();
    EXPECT_EQ(Brief(status), item.brief) << item.status;
    EXPECT_EQ(status.operation(), "list");
    EXPECT_EQ(status.object(), "s3://lake");
  }
}

TEST(S3Store, VersionsAreListedByTheirTwoMarkers) {
  FakeS3 s3;
  ListRequest request;
  request.versions = true;
  request.start_after = "a";
  s3.transport.Answer(200, {},
                      "<ListVersionsResult><IsTruncated>true</IsTruncated>"
                      "<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>"
                      "</ListVersionsResult>");
  const Result<ListPage> page = s3.store->List(s3.context, request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_NE(s3.transport.last().url.find("key-marker=a&max-keys=1000&versions="),
            std::string::npos);
  request.page_token = page->next_page_token;
  s3.transport.Answer(200, {},
                      "<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>");
  ASSERT_TRUE(s3.store->List(s3.context, request).ok());
  EXPECT_NE(
      s3.transport.last().url.find("key-marker=k&max-keys=1000&version-id-marker=v&versions="),
      std::string::npos);
}

TEST(S3Store, HeadAsksForChecksums) {
  FakeS3 s3;
  s3.transport.Answer(200, ObjectFields());
  const Result<ObjectMeta> meta = s3.store->Head(s3.context, "a b");
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(s3.transport.last().Line(), "HEAD http://127.0.0.1:9000/lake/a%20b");
  EXPECT_EQ(s3.transport.last().Header("x-amz-checksum-mode"), "ENABLED");
  EXPECT_EQ(meta->entry.version, kEtag);
  EXPECT_EQ(s3.meter.requests(RequestClass::kHead), 1U);
}

TEST(S3Store, ForbiddenHeadIsNotMissing) {
  FakeS3 s3;
  s3.transport.Answer(403);
  EXPECT_EQ(s3.store->Head(s3.context, "k").status().kind(), ErrorKind::kPermissionDenied);
}

TEST(S3Store, TagsAreReadOnlyWhereThereAreSome) {
  FakeS3 s3;
  s3.transport.Answer(200, ObjectFields({{"x-amz-tagging-count", "1"}}));
  s3.transport.Answer(200, {},
                      "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag>"
                      "<Tag><Key>b</Key><Value></Value></Tag></TagSet></Tagging>");
  const Result<ObjectMeta> meta = s3.store->Head(s3.context, "k");
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(s3.transport.last().Line(), "GET http://127.0.0.1:9000/lake/k?tagging=");
  EXPECT_EQ(meta->attributes.tags, (std::map<std::string, std::string>{{"a", "1"}, {"b", ""}}));
}

TEST(S3Store, TagsThatMayNotBeReadAreLeftOutWithAWarning) {
  FakeS3 s3;
  s3.transport.Answer(200, ObjectFields({{"x-amz-tagging-count", "1"}}));
  s3.transport.Answer(403, {}, ErrorXml("AccessDenied"));
  EXPECT_TRUE(s3.store->Head(s3.context, "k").ok());
  EXPECT_NE(s3.log_text.str().find("the tags of s3://lake/k"), std::string::npos);
  s3.transport.Answer(200, ObjectFields({{"x-amz-tagging-count", "1"}}));
  s3.transport.Answer(500);
  EXPECT_FALSE(s3.store->Head(s3.context, "k").ok());
}

TEST(S3Store, GetIsPinnedAndStreamsFromItsOffset) {
  FakeS3 s3;
  GetOptions options;
  options.version = kEtag;
  options.offset = 2;
  options.length = 3;
  Fields fields = ObjectFields({{"Content-Range", "bytes 2-4/9"}});
  fields[2].second = "3";
  s3.transport.Answer(206, fields, "llo");
  StringSink sink;
  const Result<ObjectMeta> meta = s3.store->Get(s3.context, "k", options, sink);
  ASSERT_TRUE(meta.ok()) << meta.status();
  EXPECT_EQ(s3.transport.last().Header("if-match"), "\"" + std::string(kEtag) + "\"");
  EXPECT_EQ(s3.transport.last().Header("range"), "bytes=2-4");
  EXPECT_EQ(sink.text, "llo");
  EXPECT_EQ(sink.first_offset, 2U);
  EXPECT_EQ(meta->entry.size_bytes, 9U);
  EXPECT_EQ(s3.meter.received_bytes(), 3U);
}

TEST(S3Store, WholeGetAsksForChecksumsAndNoRange) {
  FakeS3 s3;
  s3.transport.Answer(200, ObjectFields(), "hello");
  StringSink sink;
  ASSERT_TRUE(s3.store->Get(s3.context, "k", {}, sink).ok());
  EXPECT_EQ(s3.transport.last().Header("range"), "(absent)");
  EXPECT_EQ(s3.transport.last().Header("if-match"), "(absent)");
  EXPECT_EQ(s3.transport.last().Header("x-amz-checksum-mode"), "ENABLED");
  EXPECT_EQ(sink.text, "hello");
}

TEST(S3Store, NoByteReachesTheSinkOfABadAnswer) {
  GetOptions pinned;
  pinned.version = "other";
  GetOptions range;
  range.offset = 1;
  range.length = 2;
  struct Case {
    int status;
    Fields fields;
    GetOptions options;
    ErrorKind kind;
  };
  for (const Case& item : {
           Case{200, {{"Content-Length", "5"}}, {}, ErrorKind::kCorrupted},
           Case{200, ObjectFields(), pinned, ErrorKind::kPreconditionFailed},
           Case{200, ObjectFields(), range, ErrorKind::kCorrupted},
           Case{412, {}, pinned, ErrorKind::kPreconditionFailed},
           Case{302, {}, {}, ErrorKind::kCorrupted},
           Case{500, {}, {}, ErrorKind::kUnavailable},
       }) {
    FakeS3 s3;
    s3.transport.Answer(item.status, item.fields, "hello");
    StringSink sink;
    EXPECT_EQ(s3.store->Get(s3.context, "k", item.options, sink).status().kind(), item.kind);
    EXPECT_EQ(sink.text, "");
  }
}

TEST(S3Store, ShortBodyIsNeverASuccess) {
  FakeS3 s3;
  s3.transport.Answer(200, ObjectFields(), "hell");
  StringSink sink;
  EXPECT_EQ(Brief(s3.store->Get(s3.context, "k", {}, sink).status()),
            "unavailable: the answer ended after 4 of 5 bytes");
}

TEST(S3Store, ArchivedObjectsAreToldApart) {
  FakeS3 s3;
  s3.transport.Answer(403, {}, ErrorXml("InvalidObjectState"));
  StringSink sink;
  EXPECT_EQ(s3.store->Get(s3.context, "k", {}, sink).status().kind(), ErrorKind::kArchived);
}

TEST(S3Store, KeysThatS3CannotHoldAreRefusedBeforeTheyAreSent) {
  FakeS3 s3;
  EXPECT_EQ(Brief(s3.store->Head(s3.context, "").status()), "invalid-argument: the key is empty");
  EXPECT_EQ(Brief(s3.store->Head(s3.context, std::string(1025, 'k')).status()),
            "invalid-argument: the key has 1025 bytes, more than the 1024 that S3 takes");
  EXPECT_TRUE(s3.transport.sent.empty());
}

TEST(S3Store, AmazonTellsWhereTheBytesRest) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(200, {{"x-amz-request-id", "R"}, {"x-amz-bucket-region", "us-east-1"}});
  const Result<Location> location = s3.store->Locate(s3.context);
  ASSERT_TRUE(location.ok()) << location.status();
  EXPECT_EQ(location->trust, Location::Trust::kApi);
  EXPECT_EQ(location->place, "aws/us-east-1");
  EXPECT_EQ(s3.transport.last().Line(), "HEAD https://lake.s3.us-east-1.amazonaws.com/");
  EXPECT_EQ(s3.meter.requests(RequestClass::kOther), 1U);
}

TEST(S3Store, AmazonTellsTheRegionEvenToThoseWhoMayNotEnter) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(403, {{"x-amz-bucket-region", "us-east-1"}});
  EXPECT_EQ(s3.store->Locate(s3.context)->place, "aws/us-east-1");
}

TEST(S3Store, OtherServicesAreNotBelievedWhereTheirBytesRest) {
  FakeS3 s3;
  s3.transport.Answer(200, {{"x-amz-bucket-region", "eu-west-1"}});
  EXPECT_EQ(s3.store->Locate(s3.context)->trust, Location::Trust::kUnknown);
  FakeS3 declared([](S3Config& config) { config.location = "aws/eu-central-1"; });
  declared.transport.Answer(200);
  const Result<Location> location = declared.store->Locate(declared.context);
  EXPECT_EQ(location->trust, Location::Trust::kDeclared);
  EXPECT_EQ(location->place, "aws/eu-central-1");
}

TEST(S3Store, MissingAndForbiddenBucketsAreToldApart) {
  FakeS3 s3;
  s3.transport.Answer(404, {{"x-amz-request-id", "R"}});
  EXPECT_EQ(s3.store->Locate(s3.context).status().ToString(),
            "cannot find 's3://lake': no such bucket (HTTP 404, request R)");
  s3.transport.Answer(403);
  EXPECT_EQ(s3.store->Locate(s3.context).status().kind(), ErrorKind::kPermissionDenied);
}

TEST(S3Store, FirstAnswerTellsWhatTheServerCanDo) {
  FakeS3 s3;
  EXPECT_FALSE(s3.store->Describe().condition_on_put);
  s3.BeMinio();
  EXPECT_TRUE(s3.store->Describe().condition_on_put);
  EXPECT_FALSE(s3.store->Describe().condition_on_delete);
}

TEST(S3Store, BucketsAreMadeInTheirRegion) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(200, {{"x-amz-request-id", "R"}});
  ASSERT_TRUE(s3.store->CreateContainer(s3.context, s3.permit, "eu-west-1").ok());
  EXPECT_EQ(s3.transport.last().Line(), "PUT https://lake.s3.eu-west-1.amazonaws.com/");
  EXPECT_NE(s3.transport.last().body.find("<LocationConstraint>eu-west-1</LocationConstraint>"),
            std::string::npos);
  EXPECT_NE(s3.transport.last().Header("authorization").find("/eu-west-1/s3/"), std::string::npos);
  s3.transport.Answer(200, {{"x-amz-request-id", "R"}});
  ASSERT_TRUE(s3.store->CreateContainer(s3.context, s3.permit, "").ok());
  EXPECT_EQ(s3.transport.last().body, "");
}

TEST(S3Store, OnesOwnBucketIsASuccessAndAnothersIsForbidden) {
  FakeS3 s3;
  s3.transport.Answer(409, {}, ErrorXml("BucketAlreadyOwnedByYou"));
  EXPECT_TRUE(s3.store->CreateContainer(s3.context, s3.permit, "").ok());
  s3.transport.Answer(409, {}, ErrorXml("BucketAlreadyExists"));
  EXPECT_EQ(s3.store->CreateContainer(s3.context, s3.permit, "").kind(),
            ErrorKind::kPermissionDenied);
}

TEST(S3Store, IdentitiesTellBucketAndService) {
  FakeS3 s3;
  EXPECT_EQ(s3.store->Identity(), "s3://localhost:9000/lake");
  EXPECT_EQ(s3.store->ServiceIdentity(), "s3://localhost:9000");
  EXPECT_EQ(s3.store->Name(), "s3://lake");
  EXPECT_EQ(FakeS3::Amazon().store->Identity(), "s3://amazonaws.com/lake");
}

}  // namespace
}  // namespace godwit

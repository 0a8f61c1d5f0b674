#include <gmock/gmock.h>

#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"
#include "tests/unit/fakecloud/cloud_test.h"

namespace godwit {
namespace {

using testing::ElementsAre;
using testing::Optional;

class S3ObjectsTest : public CloudTest {};

// An aws-chunked body of one chunk, with one trailer.
std::string Chunked(const std::string& data, const std::string& trailer) {
  std::array<char, 32> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", data.size());
  return size.data() + data + "\r\n0\r\n" + trailer + "\r\n\r\n";
}

RawRequest TrailerPut(const std::string& data, const std::string& trailer) {
  RawRequest request{
      "PUT", "/lake/k", {}, Chunked(data, trailer), "STREAMING-UNSIGNED-PAYLOAD-TRAILER"};
  request.headers = {{"x-amz-decoded-content-length", std::to_string(data.size())},
                     {"x-amz-trailer", "x-amz-checksum-crc32"},
                     {"content-encoding", "gzip,aws-chunked"}};
  return request;
}

TEST_F(S3ObjectsTest, PutKeepsBytesHeadersAndMetadata) {
  const RawAnswer put = Put("k", "hello",
                            {{"content-type", "text/plain"},
                             {"cache-control", "no-cache"},
                             {"x-amz-meta-mtime", "1700000000.5"}});
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(put.Header("etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
  EXPECT_EQ(put.Header("x-amz-checksum-crc64nvme"), "M3eFcAZSQlc=");
  EXPECT_EQ(put.Header("x-amz-checksum-type"), "FULL_OBJECT");
  const RawAnswer get = Get("k");
  EXPECT_EQ(get.body, "hello");
  EXPECT_EQ(get.Header("content-type"), "text/plain");
  EXPECT_EQ(get.Header("cache-control"), "no-cache");
  EXPECT_EQ(get.Header("x-amz-meta-mtime"), "1700000000.5");
  EXPECT_EQ(get.Header("server"), "fakecloud");
  EXPECT_EQ(get.headers.count("x-amz-checksum-crc64nvme"), 0U) << "only when asked for";
}

TEST_F(S3ObjectsTest, KeysAreExactBytes) {
  const std::vector<std::string> keys = {
      "a",   "a/b", "a//b", "../x", "x/../../y", "/lead",     "\x01",     "a\nb",
      "%2F", "+ &", ".",    "..",   "dir/",      "e\xCC\x81", "\xC3\xA9", std::string(1024, 'k')};
  for (const std::string& key : keys) {
    EXPECT_EQ(Put(fakecloud::EncodeCanonical(key, true), key).status, 200) << key;
  }
  std::vector<std::string> expected = keys, listed;
  std::sort(expected.begin(), expected.end());
  for (const FakeObject& object : cloud().ListObjects("lake")) listed.push_back(object.key);
  EXPECT_EQ(listed, expected);
  for (const std::string& key : keys) EXPECT_THAT(cloud().GetObject("lake", key), Optional(key));
  EXPECT_EQ(Put(std::string(1025, 'k'), "").Element("Code"), "KeyTooLongError");
  EXPECT_EQ(Put("%FF", "").Element("Code"), "InvalidURI");
}

TEST_F(S3ObjectsTest, WrongDigestsAreRefusedAndNothingIsStored) {
  EXPECT_EQ(Put("k", "hello", {{"content-md5", fakecloud::ToBase64(fakecloud::Md5("hellO"))}})
                .Element("Code"),
            "BadDigest");
  EXPECT_EQ(Put("k", "hello", {{"content-md5", "xx"}}).Element("Code"), "InvalidDigest");
  EXPECT_EQ(Put("k", "hello", {{"x-amz-checksum-crc32", "AAAAAA=="}}).Element("Code"), "BadDigest");
  EXPECT_EQ(Put("k", "hello", {{"x-amz-checksum-crc32", "AAAA"}}).Element("Code"),
            "InvalidRequest");
  EXPECT_EQ(Put("k", "hello",
                {{"x-amz-checksum-crc32", "NhCmhg=="}, {"x-amz-checksum-crc32c", "mnG7TA=="}})
                .Element("Code"),
            "InvalidRequest");
  EXPECT_EQ(Put("k", "hello", {{"x-amz-sdk-checksum-algorithm", "CRC32"}}).Element("Code"),
            "InvalidRequest");
  const RawRequest lie{"PUT", "/lake/k", {}, "hello", fakecloud::ToHex(fakecloud::Sha256("x"))};
  EXPECT_EQ(Call(endpoint(), lie).Element("Code"), "XAmzContentSHA256Mismatch");
  EXPECT_TRUE(cloud().ListObjects("lake").empty());
}

TEST_F(S3ObjectsTest, ChecksumModeAnswersTheOneThatWasSent) {
  EXPECT_EQ(Put("k", "hello", {{"x-amz-checksum-crc32c", "mnG7TA=="}}).status, 200);
  const RawAnswer get = Get("k", {{"x-amz-checksum-mode", "ENABLED"}});
  EXPECT_EQ(get.Header("x-amz-checksum-crc32c"), "mnG7TA==");
  EXPECT_EQ(get.headers.count("x-amz-checksum-crc64nvme"), 0U);
  const RawAnswer part = Get("k", {{"x-amz-checksum-mode", "ENABLED"}, {"range", "bytes=0-1"}});
  EXPECT_EQ(part.headers.count("x-amz-checksum-crc32c"), 0U) << "not of a range";
}

TEST_F(S3ObjectsTest, TrailerIsVerifiedAndFramingIsNotStored) {
  EXPECT_EQ(Call(endpoint(), TrailerPut("hello", "x-amz-checksum-crc32:NhCmhg==")).status, 200);
  EXPECT_THAT(cloud().GetObject("lake", "k"), Optional(std::string("hello")));
  EXPECT_EQ(Get("k").Header("content-encoding"), "gzip");
  const RawAnswer wrong = Call(endpoint(), TrailerPut("other", "x-amz-checksum-crc32:NhCmhg=="));
  EXPECT_EQ(wrong.Element("Code"), "BadDigest");
  const RawAnswer missing = Call(endpoint(), TrailerPut("other", "x-amz-checksum-sha1:aa=="));
  EXPECT_EQ(missing.Element("Code"), "MalformedTrailerError");
  EXPECT_THAT(cloud().GetObject("lake", "k"), Optional(std::string("hello")));
}

TEST_F(S3ObjectsTest, TruncatedBodyKeepsTheOldObject) {
  Put("k", "old");
  RawConnection connection(endpoint());
  const std::string request =
      signer_.Sign({"PUT", "/lake/k", {}, "new bytes", ""}, HostOf(endpoint()));
  connection.Send(std::string_view(request).substr(0, request.size() - 3));
  connection.FinishSending();
  EXPECT_EQ(connection.Receive().Element("Code"), "IncompleteBody");
  EXPECT_THAT(cloud().GetObject("lake", "k"), Optional(std::string("old")));
}

TEST_F(S3ObjectsTest, LengthIsRequired) {
  RawConnection connection(endpoint());
  connection.Send(signer_.Sign({"PUT",
                                "/lake/k",
                                {{"transfer-encoding", "chunked"}},
                                "1\r\na\r\n0\r\n\r\n",
                                "UNSIGNED-PAYLOAD"},
                               HostOf(endpoint())));
  EXPECT_EQ(connection.Receive().Element("Code"), "NotImplemented");
}

TEST_F(S3ObjectsTest, RangesAnswerExactlyWhatWasAskedFor) {
  Put("k", "0123456789");
  const auto range = [&](const std::string& text) { return Get("k", {{"range", text}}); };
  EXPECT_EQ(range("bytes=2-4").body, "234");
  EXPECT_EQ(range("bytes=2-4").Header("content-range"), "bytes 2-4/10");
  EXPECT_EQ(range("bytes=2-4").status, 206);
  EXPECT_EQ(range("bytes=8-100").Header("content-range"), "bytes 8-9/10");
  EXPECT_EQ(range("bytes=-3").body, "789");
  EXPECT_EQ(range("bytes=4-").body, "456789");
  EXPECT_EQ(range("bytes=4-2").status, 200) << "not a range";
  const RawAnswer beyond = range("bytes=10-");
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.Element("ActualObjectSize"), "10");
  Put("empty", "");
  EXPECT_EQ(Get("empty").status, 200);
  EXPECT_EQ(Get("empty", {{"range", "bytes=0-"}}).status, 416);
}

TEST_F(S3ObjectsTest, WriteConditionsHold) {
  const std::string etag = Put("k", "1", {{"if-none-match", "*"}}).Header("etag");
  EXPECT_EQ(Put("k", "2", {{"if-none-match", "*"}}).status, 412);
  EXPECT_EQ(Put("k", "2", {{"if-match", "\"0\""}}).status, 412);
  EXPECT_EQ(Put("none", "2", {{"if-match", etag}}).Element("Code"), "NoSuchKey");
  EXPECT_EQ(Put("k", "2", {{"if-none-match", etag}}).status, 501);
  EXPECT_THAT(cloud().GetObject("lake", "k"), Optional(std::string("1")));
  EXPECT_EQ(Put("k", "2", {{"if-match", etag}}).status, 200);
}

TEST_F(S3ObjectsTest, DeleteConditionsHold) {
  const std::string etag = Put("k", "1").Header("etag");
  EXPECT_EQ(Request("DELETE", "/lake/k", "", {{"if-match", "\"0\""}}).status, 412);
  EXPECT_EQ(Request("DELETE", "/lake/none", "", {{"if-match", etag}}).Element("Code"), "NoSuchKey");
  EXPECT_EQ(Request("DELETE", "/lake/none").status, 204);
  EXPECT_EQ(Request("DELETE", "/lake/k", "", {{"if-match", etag}}).status, 204);
  EXPECT_TRUE(cloud().ListObjects("lake").empty());
}

TEST_F(S3ObjectsTest, BatchDeleteWantsADigestAndAnswersEachKey) {
  Put("a", "1");
  Put("b%26", "2");
  Put("c", "3");
  const std::string body =
      "<Delete><Object><Key>a</Key></Object><Object><Key>b&amp;</Key></Object>"
      "<Object><Key>c</Key><ETag>\"0\"</ETag></Object><Object><Key>none</Key></Object></Delete>";
  EXPECT_EQ(Request("POST", "/lake?delete", body).Element("Code"), "InvalidRequest");
  const HeaderList digest = {{"content-md5", fakecloud::ToBase64(fakecloud::Md5(body))}};
  const RawAnswer answer = Request("POST", "/lake?delete", body, digest);
  EXPECT_EQ(answer.Elements("Deleted").size(), 3U);
  EXPECT_EQ(answer.Element("Code"), "PreconditionFailed");
  EXPECT_THAT(answer.Elements("Key"), ElementsAre("a", "b&amp;", "c", "none"));
  EXPECT_EQ(cloud().ListObjects("lake").size(), 1U);
}

TEST_F(S3ObjectsTest, CopyHonoursSourceAndTargetConditions) {
  const std::string etag = Put("a%20b", "data", {{"x-amz-meta-m", "1"}}).Header("etag");
  const auto copy = [&](HeaderList headers) {
    headers.emplace_back("x-amz-copy-source", "/lake/a%20b");
    return Request("PUT", "/lake/copy", "", std::move(headers));
  };
  EXPECT_EQ(copy({{"x-amz-copy-source-if-match", "\"0\""}}).status, 412);
  EXPECT_EQ(copy({{"x-amz-copy-source-if-match", etag}, {"if-none-match", "*"}}).status, 200);
  EXPECT_EQ(copy({{"if-none-match", "*"}}).status, 412);
  EXPECT_EQ(Get("copy").Header("x-amz-meta-m"), "1");
  EXPECT_EQ(copy({{"x-amz-metadata-directive", "REPLACE"}, {"x-amz-meta-n", "2"}}).status, 200);
  EXPECT_EQ(Get("copy").Header("x-amz-meta-m"), "");
  EXPECT_EQ(Get("copy").Header("x-amz-meta-n"), "2");
  EXPECT_EQ(
      Request("PUT", "/lake/a%20b", "", {{"x-amz-copy-source", "/lake/a%20b"}}).Element("Code"),
      "InvalidRequest");
}

TEST_F(S3ObjectsTest, ArchivedObjectsCannotBeRead) {
  Put("cold", "x", {{"x-amz-storage-class", "GLACIER"}});
  EXPECT_EQ(Get("cold").Element("Code"), "InvalidObjectState");
  EXPECT_EQ(Request("HEAD", "/lake/cold").Header("x-amz-storage-class"), "GLACIER");
  EXPECT_EQ(Put("k", "x", {{"x-amz-storage-class", "LAVA"}}).Element("Code"),
            "InvalidStorageClass");
}

TEST_F(S3ObjectsTest, MetadataIsLimitedAndNonAsciiComesBackEncoded) {
  EXPECT_EQ(Put("k", "", {{"x-amz-meta-a", std::string(2048, 'x')}}).Element("Code"),
            "MetadataTooLarge");
  EXPECT_EQ(Put("k", "", {{"x-amz-meta-a", std::string(2047, 'x')}}).status, 200);
  Put("k", "", {{"x-amz-meta-a", "\xC3\xA9"}});
  EXPECT_EQ(Get("k").Header("x-amz-meta-a"), "=?UTF-8?B?w6k=?=");
}

TEST_F(S3ObjectsTest, VersionsAreKeptOnceSwitchedOn) {
  Put("k", "0");
  Request("PUT", "/lake?versioning",
          "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
  const std::string first = Put("k", "1").Header("x-amz-version-id");
  const RawAnswer removed = Request("DELETE", "/lake/k");
  EXPECT_EQ(removed.Header("x-amz-delete-marker"), "true");
  EXPECT_EQ(Get("k").status, 404);
  EXPECT_EQ(Get("k").Header("x-amz-delete-marker"), "true");
  EXPECT_EQ(Get("k?versionId=" + first).body, "1");
  EXPECT_EQ(Get("k?versionId=null").body, "0");
  EXPECT_EQ(Get("k?versionId=none").Element("Code"), "NoSuchVersion");
  EXPECT_THAT(Request("GET", "/lake?versions").Elements("IsLatest"),
              ElementsAre("true", "false", "false"));
}

TEST_F(S3ObjectsTest, DiscardingServerKeepsSizesAndDigestsOnly) {
  options_.discard = true;
  EXPECT_EQ(Put("k", "hello").Header("etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
  EXPECT_EQ(Request("HEAD", "/lake/k").Header("content-length"), "5");
  EXPECT_EQ(Get("k").status, 501);
}

TEST_F(S3ObjectsTest, SpilledBodiesComeBack) {
  options_.spill_dir = testing::TempDir();
  std::string body(3 << 20, 'x');
  body[1'500'000] = 'y';
  Put("k", body);
  EXPECT_EQ(Get("k").body, body);
  EXPECT_EQ(Get("k", {{"range", "bytes=1499999-1500001"}}).body, "xyx");
}

TEST_F(S3ObjectsTest, KmsMakesEtagsThatAreNoMd5) {
  options_.kms = true;
  const RawAnswer put = Put("k", "hello");
  EXPECT_EQ(put.Header("etag").size(), 34U);
  EXPECT_NE(put.Header("etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
  EXPECT_EQ(put.Header("x-amz-server-side-encryption"), "aws:kms");
}

}  // namespace
}  // namespace godwit

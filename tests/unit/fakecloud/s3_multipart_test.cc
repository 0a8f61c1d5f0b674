#include <gmock/gmock.h>

#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"
#include "tests/unit/fakecloud/cloud_test.h"

namespace godwit {
namespace {

using fakecloud::ChecksumKind;
using fakecloud::ToBase64;
using fakecloud::ToHex;
using testing::ElementsAre;

std::string Crc(ChecksumKind kind, const std::string& bytes) {
  return ToBase64(fakecloud::Checksum(kind, bytes));
}

class S3MultipartTest : public CloudTest {
 protected:
  S3MultipartTest() { options_.part_bytes_min = 4; }

  std::string Begin(const std::string& key = "k", HeaderList headers = {}) {
    const RawAnswer answer = Request("POST", "/lake/" + key + "?uploads", "", std::move(headers));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.Element("UploadId");
  }
  std::string Target(const std::string& query, const std::string& key = "k") {
    return "/lake/" + key + "?" + query;
  }
  RawAnswer Part(const std::string& id, int number, const std::string& bytes,
                 HeaderList headers = {}) {
    return Request("PUT", Target("partNumber=" + std::to_string(number) + "&uploadId=" + id), bytes,
                   std::move(headers));
  }
  // `parts`: number and further elements, the ETag of the bytes at least.
  RawAnswer Finish(const std::string& id, const std::vector<std::pair<int, std::string>>& parts,
                   HeaderList headers = {}) {
    std::string body = "<CompleteMultipartUpload>";
    for (const auto& [number, elements] : parts) {
      body +=
          "<Part><PartNumber>" + std::to_string(number) + "</PartNumber>" + elements + "</Part>";
    }
    return Request("POST", Target("uploadId=" + id), body + "</CompleteMultipartUpload>",
                   std::move(headers));
  }
  static std::string Etag(const std::string& bytes) {
    return "<ETag>\"" + ToHex(fakecloud::Md5(bytes)) + "\"</ETag>";
  }
};

TEST_F(S3MultipartTest, PartsBecomeTheObjectInTheirOrder) {
  const std::string id = Begin("k", {{"content-type", "a/b"}, {"x-amz-meta-m", "1"}});
  EXPECT_EQ(Part(id, 2, "tail").status, 200);
  EXPECT_EQ(Part(id, 1, "first try").status, 200);
  EXPECT_EQ(Part(id, 1, "head-").status, 200) << "a part may be sent again";
  EXPECT_TRUE(cloud().ListObjects("lake").empty());
  EXPECT_EQ(cloud().OpenUploads("lake").at(0).part_count, 2U);
  const RawAnswer done = Finish(id, {{1, Etag("head-")}, {2, Etag("tail")}});
  EXPECT_EQ(done.status, 200) << done.body;
  const std::string etag =
      ToHex(fakecloud::Md5(fakecloud::Md5("head-") + fakecloud::Md5("tail"))) + "-2";
  EXPECT_EQ(done.Element("ETag"), "&quot;" + etag + "&quot;");
  EXPECT_EQ(done.Element("ChecksumCRC64NVME"), Crc(ChecksumKind::kCrc64Nvme, "head-tail"));
  EXPECT_EQ(done.Element("ChecksumType"), "FULL_OBJECT");
  const RawAnswer get = Get("k");
  EXPECT_EQ(get.body, "head-tail");
  EXPECT_EQ(get.Header("content-type"), "a/b");
  EXPECT_EQ(get.Header("x-amz-meta-m"), "1");
  EXPECT_TRUE(cloud().OpenUploads("lake").empty());
}

TEST_F(S3MultipartTest, EtagIsThatOfTheDocumentation) {
  options_.part_bytes_min = 5 << 20;
  const std::string head(5 << 20, 'A');
  const std::string id = Begin();
  Part(id, 1, head);
  Part(id, 2, "AAAAtail");
  EXPECT_EQ(Finish(id, {{1, Etag(head)}, {2, Etag("AAAAtail")}}).Element("ETag"),
            "&quot;ff80cbf2025e3fafc56f05ca5221bf8c-2&quot;");
}

TEST_F(S3MultipartTest, FinishChecksOrderEtagsAndSizes) {
  const std::string id = Begin();
  Part(id, 1, "head");
  Part(id, 2, "tail");
  EXPECT_EQ(Finish(id, {{2, Etag("tail")}, {1, Etag("head")}}).Element("Code"), "InvalidPartOrder");
  EXPECT_EQ(Finish(id, {{1, Etag("head")}, {1, Etag("head")}}).Element("Code"), "InvalidPartOrder");
  EXPECT_EQ(Finish(id, {{1, Etag("other")}}).Element("Code"), "InvalidPart");
  EXPECT_EQ(Finish(id, {{3, Etag("tail")}}).Element("Code"), "InvalidPart");
  EXPECT_EQ(Finish(id, {}).Element("Code"), "MalformedXML");
  Part(id, 1, "hea");
  EXPECT_EQ(Finish(id, {{1, Etag("hea")}, {2, Etag("tail")}}).Element("Code"), "EntityTooSmall");
  EXPECT_EQ(Finish(id, {{1, Etag("hea")}}, {{"x-amz-mp-object-size", "4"}}).Element("Code"),
            "InvalidRequest");
  EXPECT_EQ(Finish(id, {{1, Etag("hea")}}, {{"x-amz-mp-object-size", "3"}}).status, 200);
}

TEST_F(S3MultipartTest, FinishChecksTheDigestOfTheWhole) {
  const std::string id = Begin();
  Part(id, 1, "head");
  Part(id, 2, "tail");
  const std::string right = Crc(ChecksumKind::kCrc64Nvme, "headtail");
  const std::vector<std::pair<int, std::string>> parts = {{1, Etag("head")}, {2, Etag("tail")}};
  EXPECT_EQ(Finish(id, parts, {{"x-amz-checksum-crc64nvme", Crc(ChecksumKind::kCrc64Nvme, "x")}})
                .Element("Code"),
            "BadDigest");
  EXPECT_EQ(Finish(id, parts, {{"x-amz-checksum-type", "COMPOSITE"}}).Element("Code"),
            "InvalidRequest");
  EXPECT_EQ(Finish(id, parts,
                   {{"x-amz-checksum-crc64nvme", right}, {"x-amz-checksum-type", "FULL_OBJECT"}})
                .status,
            200);
}

TEST_F(S3MultipartTest, FinishHonoursConditions) {
  const std::string old = Put("k", "old").Header("etag");
  const std::string id = Begin();
  Part(id, 1, "new");
  EXPECT_EQ(Finish(id, {{1, Etag("new")}}, {{"if-none-match", "*"}}).status, 412);
  EXPECT_EQ(Finish(id, {{1, Etag("new")}}, {{"if-match", "\"0\""}}).status, 412);
  EXPECT_EQ(cloud().GetObject("lake", "k"), "old");
  EXPECT_EQ(Finish(id, {{1, Etag("new")}}, {{"if-match", old}}).status, 200);
  EXPECT_EQ(cloud().GetObject("lake", "k"), "new");
}

TEST_F(S3MultipartTest, SecondFinishIsNoSuchUploadUnlessToldOtherwise) {
  const std::string id = Begin();
  Part(id, 1, "x");
  const std::string etag = Finish(id, {{1, Etag("x")}}).Element("ETag");
  EXPECT_EQ(Finish(id, {{1, Etag("x")}}).Element("Code"), "NoSuchUpload");
}

TEST_F(S3MultipartTest, SecondFinishMayAnswerAsTheFirst) {
  options_.complete_is_repeatable = true;
  const std::string id = Begin();
  Part(id, 1, "x");
  const std::string etag = Finish(id, {{1, Etag("x")}}).Element("ETag");
  EXPECT_EQ(Finish(id, {{1, Etag("x")}}).Element("ETag"), etag);
  EXPECT_EQ(cloud().ListObjects("lake").at(0).version_count, 1U);
  Put("k", "newer");
  EXPECT_EQ(Finish(id, {{1, Etag("x")}}).Element("Code"), "NoSuchUpload");
}

TEST_F(S3MultipartTest, AbortForgetsThePartsOnce) {
  const std::string id = Begin();
  Part(id, 1, "x");
  EXPECT_EQ(Request("DELETE", Target("uploadId=" + id)).status, 204);
  EXPECT_EQ(Request("DELETE", Target("uploadId=" + id)).Element("Code"), "NoSuchUpload");
  EXPECT_EQ(Part(id, 2, "x").Element("Code"), "NoSuchUpload");
  EXPECT_EQ(Request("GET", Target("uploadId=" + id)).Element("Code"), "NoSuchUpload");
}

TEST_F(S3MultipartTest, UploadBelongsToItsKey) {
  const std::string id = Begin("k");
  EXPECT_EQ(Request("PUT", Target("partNumber=1&uploadId=" + id, "other"), "x").Element("Code"),
            "NoSuchUpload");
}

TEST_F(S3MultipartTest, PartNumbersHaveTheirRange) {
  const std::string id = Begin();
  EXPECT_EQ(Part(id, 0, "x").Element("Code"), "InvalidArgument");
  EXPECT_EQ(Part(id, 10'001, "x").Element("Code"), "InvalidArgument");
  EXPECT_EQ(Part(id, 10'000, "x").status, 200);
}

TEST_F(S3MultipartTest, CompositeChecksumIsOfTheChecksums) {
  const std::string id = Begin("k", {{"x-amz-checksum-algorithm", "SHA256"}});
  const auto sha = [](const std::string& bytes) { return ToBase64(fakecloud::Sha256(bytes)); };
  const auto element = [&](const std::string& bytes) {
    return Etag(bytes) + "<ChecksumSHA256>" + sha(bytes) + "</ChecksumSHA256>";
  };
  EXPECT_EQ(Part(id, 1, "head").Element("Code"), "InvalidRequest") << "without its checksum";
  Part(id, 1, "head", {{"x-amz-checksum-sha256", sha("head")}});
  Part(id, 2, "tail", {{"x-amz-checksum-sha256", sha("tail")}});
  EXPECT_EQ(Finish(id, {{1, Etag("head")}, {2, Etag("tail")}}).Element("Code"), "InvalidRequest");
  EXPECT_EQ(Finish(id, {{1, Etag("head") + "<ChecksumSHA256>x</ChecksumSHA256>"}}).Element("Code"),
            "InvalidPart");
  const RawAnswer done = Finish(id, {{1, element("head")}, {2, element("tail")}});
  EXPECT_EQ(
      done.Element("ChecksumSHA256"),
      ToBase64(fakecloud::Sha256(fakecloud::Sha256("head") + fakecloud::Sha256("tail"))) + "-2");
  EXPECT_EQ(done.Element("ChecksumType"), "COMPOSITE");
}

TEST_F(S3MultipartTest, FullObjectChecksumIsOfTheBytes) {
  const std::string id =
      Begin("k", {{"x-amz-checksum-algorithm", "CRC32C"}, {"x-amz-checksum-type", "FULL_OBJECT"}});
  EXPECT_EQ(Part(id, 1, "head", {{"x-amz-checksum-crc32", Crc(ChecksumKind::kCrc32, "head")}})
                .Element("Code"),
            "InvalidRequest")
      << "another algorithm";
  Part(id, 1, "head", {{"x-amz-checksum-crc32c", Crc(ChecksumKind::kCrc32c, "head")}});
  EXPECT_EQ(Part(id, 2, "tail").status, 200) << "the server computes it";
  const RawAnswer done = Finish(id, {{1, Etag("head")}, {2, Etag("tail")}});
  EXPECT_EQ(done.Element("ChecksumCRC32C"), Crc(ChecksumKind::kCrc32c, "headtail"));
}

TEST_F(S3MultipartTest, ImpossibleChecksumTypesAreRefused) {
  const auto begin = [&](const std::string& algorithm, const std::string& type) {
    return Request("POST", Target("uploads"), "",
                   {{"x-amz-checksum-algorithm", algorithm}, {"x-amz-checksum-type", type}})
        .Element("Code");
  };
  EXPECT_EQ(begin("SHA256", "FULL_OBJECT"), "InvalidRequest");
  EXPECT_EQ(begin("CRC64NVME", "COMPOSITE"), "InvalidRequest");
  EXPECT_EQ(begin("CRC99", "COMPOSITE"), "InvalidRequest");
  EXPECT_EQ(begin("CRC32", "COMPOSITE"), "");
}

TEST_F(S3MultipartTest, ListPartsIsPaged) {
  options_.page_size = 2;
  const std::string id = Begin();
  for (const int number : {1, 2, 4, 5}) Part(id, number, std::string(1, 'x'));
  const RawAnswer first = Request("GET", Target("uploadId=" + id));
  EXPECT_THAT(first.Elements("PartNumber"), ElementsAre("1", "2"));
  EXPECT_EQ(first.Element("IsTruncated"), "true");
  const RawAnswer second = Request(
      "GET",
      Target("uploadId=" + id + "&part-number-marker=" + first.Element("NextPartNumberMarker")));
  EXPECT_THAT(second.Elements("PartNumber"), ElementsAre("4", "5"));
  EXPECT_EQ(second.Element("IsTruncated"), "false");
}

TEST_F(S3MultipartTest, OpenUploadsAreListedByKeyInPages) {
  Begin("b");
  Begin("a");
  Begin("a");
  Begin("c/d");
  std::vector<std::string> keys;
  std::string markers;
  while (true) {
    const RawAnswer page = Request("GET", "/lake?uploads&max-uploads=1" + markers);
    for (const std::string& key : page.Elements("Key")) keys.push_back(key);
    if (page.Element("IsTruncated") != "true") break;
    markers = "&key-marker=" + fakecloud::EncodeCanonical(page.Element("NextKeyMarker"), false) +
              "&upload-id-marker=" + page.Element("NextUploadIdMarker");
  }
  EXPECT_THAT(keys, ElementsAre("a", "a", "b", "c/d"));
  EXPECT_THAT(Request("GET", "/lake?uploads&prefix=c").Elements("Key"), ElementsAre("c/d"));
  EXPECT_THAT(Request("GET", "/lake?uploads&delimiter=%2F").Elements("Key"),
              ElementsAre("a", "a", "b"));
}

TEST_F(S3MultipartTest, PartCopyTakesARangeOfAnObject) {
  const std::string etag = Put("source", "0123456789").Header("etag");
  const std::string id = Begin();
  const auto copy = [&](const std::string& range, HeaderList headers = {}) {
    headers.emplace_back("x-amz-copy-source", "/lake/source");
    headers.emplace_back("x-amz-copy-source-range", range);
    return Part(id, 1, "", std::move(headers));
  };
  EXPECT_EQ(copy("bytes=2-10").Element("Code"), "InvalidArgument") << "beyond the end";
  EXPECT_EQ(copy("bytes=2-").Element("Code"), "InvalidArgument");
  EXPECT_EQ(copy("bytes=2-5", {{"x-amz-copy-source-if-match", "\"0\""}}).status, 412);
  EXPECT_EQ(copy("bytes=2-5", {{"x-amz-copy-source-if-match", etag}}).status, 200);
  EXPECT_EQ(Finish(id, {{1, Etag("2345")}}).status, 200);
  EXPECT_EQ(cloud().GetObject("lake", "k"), "2345");
}

TEST_F(S3MultipartTest, PartsCanBeReadOneByOne) {
  const std::string id = Begin();
  Part(id, 1, "head");
  Part(id, 5, "tail!");
  Finish(id, {{1, Etag("head")}, {5, Etag("tail!")}});
  const RawAnswer part = Get("k?partNumber=5");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "tail!");
  EXPECT_EQ(part.Header("content-range"), "bytes 4-8/9");
  EXPECT_EQ(part.Header("x-amz-mp-parts-count"), "2");
  EXPECT_EQ(Get("k?partNumber=2").status, 416);
  const RawAnswer attributes = Request("GET", "/lake/k?attributes", "",
                                       {{"x-amz-object-attributes", "ObjectParts,ObjectSize"}});
  EXPECT_THAT(attributes.Elements("PartNumber"), ElementsAre("1", "5"));
  EXPECT_EQ(attributes.Element("ObjectSize"), "9");
}

TEST_F(S3MultipartTest, CopyOfAMultipartObjectHasThePlainEtag) {
  const std::string id = Begin();
  Part(id, 1, "head");
  Part(id, 2, "tail");
  Finish(id, {{1, Etag("head")}, {2, Etag("tail")}});
  EXPECT_EQ(Request("PUT", "/lake/copy", "", {{"x-amz-copy-source", "/lake/k"}}).Element("ETag"),
            "&quot;" + ToHex(fakecloud::Md5("headtail")) + "&quot;");
}

TEST_F(S3MultipartTest, DiscardingServerStillKnowsTheDigests) {
  options_.discard = true;
  const std::string id = Begin();
  Part(id, 1, "head");
  Part(id, 2, "tail");
  const RawAnswer done = Finish(id, {{1, Etag("head")}, {2, Etag("tail")}});
  EXPECT_EQ(done.Element("ChecksumCRC64NVME"), Crc(ChecksumKind::kCrc64Nvme, "headtail"));
}

}  // namespace
}  // namespace godwit

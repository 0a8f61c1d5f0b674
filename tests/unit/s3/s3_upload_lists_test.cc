#include <gtest/gtest.h>

#include "lib/store/s3/s3_store.h"
#include "tests/unit/s3/fake_s3.h"

// Unfinished uploads: their parts, themselves, and their end.

namespace godwit {
namespace {

TEST(S3Uploads, PartsAreListedOverAllPages) {
  FakeS3 s3;
  s3.transport.Answer(200, {},
                      PartsXml(PartXml(1),
                               "<IsTruncated>true</IsTruncated>"
                               "<NextPartNumberMarker>1</NextPartNumberMarker>"));
  s3.transport.Answer(200, {}, PartsXml(PartXml(3), kPartsEnd));
  const Result<UploadedParts> listed = s3.store->ListParts(s3.context, "k", Secret("U"));
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->parts.size(), 2U);
  EXPECT_EQ(listed->parts[1].index, 2U);
  EXPECT_EQ(listed->parts[1].size_bytes, 5U);
  EXPECT_NE(listed->parts[1].digests.Find(DigestKind::kCrc64Nvme), nullptr);
  EXPECT_EQ(s3.transport.last().Line(),
            "GET http://127.0.0.1:9000/lake/k?max-parts=1000&part-number-marker=1&uploadId=U");
}

TEST(S3Uploads, BrokenPartListsFail) {
  const std::string again = "<IsTruncated>true</IsTruncated>";
  for (const std::string& xml :
       {PartsXml(PartXml(2) + PartXml(1), kPartsEnd), PartsXml(PartXml(1) + PartXml(1), kPartsEnd),
        PartsXml(PartXml(0), kPartsEnd), PartsXml(PartXml(10'001), kPartsEnd),
        PartsXml(PartXml(1), again), PartsXml(PartXml(1), ""),
        PartsXml("<Part><PartNumber>1</PartNumber><Size>1</Size></Part>", kPartsEnd)}) {
    FakeS3 s3;
    s3.transport.Answer(200, {}, xml);
    EXPECT_EQ(s3.store->ListParts(s3.context, "k", Secret("U")).status().kind(),
              ErrorKind::kCorrupted)
        << xml;
  }
}

TEST(S3Uploads, OpenUploadsAreListedOverAllPages) {
  FakeS3 s3;
  const std::string first =
      "<ListMultipartUploadsResult><EncodingType>url</EncodingType>"
      "<Upload><Key>p%2Fa+b</Key><UploadId>U1</UploadId>"
      "<Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload>"
      "<IsTruncated>true</IsTruncated><NextKeyMarker>p%2Fa+b</NextKeyMarker>"
      "<NextUploadIdMarker>U1</NextUploadIdMarker></ListMultipartUploadsResult>";
  s3.transport.Answer(200, {}, first);
  s3.transport.Answer(200, {},
                      "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
                      "</ListMultipartUploadsResult>");
  const auto uploads = s3.store->ListUploads(s3.context, "p/");
  ASSERT_TRUE(uploads.ok()) << uploads.status();
  ASSERT_EQ(uploads->size(), 1U);
  EXPECT_EQ(uploads->at(0).key, "p/a b");
  EXPECT_EQ(uploads->at(0).upload_id.Reveal(), "U1");
  EXPECT_EQ(s3.transport.last().Line(),
            "GET http://127.0.0.1:9000/lake?encoding-type=url&key-marker=p%2Fa%20b&"
            "max-uploads=1000&prefix=p%2F&upload-id-marker=U1&uploads=");
  s3.transport.Answer(200, {}, first);
  EXPECT_EQ(s3.store->ListUploads(s3.context, "q/").status().kind(), ErrorKind::kCorrupted);
}

TEST(S3Uploads, AbortOfAnUnknownUploadIsASuccess) {
  FakeS3 s3;
  s3.transport.Answer(204);
  EXPECT_TRUE(s3.store->AbortUpload(s3.context, s3.permit, "k", Secret("U")).ok());
  EXPECT_EQ(s3.transport.last().Line(), "DELETE http://127.0.0.1:9000/lake/k?uploadId=U");
  s3.transport.Answer(404, {}, ErrorXml("NoSuchUpload"));
  EXPECT_TRUE(s3.store->AbortUpload(s3.context, s3.permit, "k", Secret("U")).ok());
  s3.transport.Answer(404, {}, ErrorXml("NoSuchBucket"));
  EXPECT_EQ(s3.store->AbortUpload(s3.context, s3.permit, "k", Secret("U")).kind(),
            ErrorKind::kContainerNotFound);
  EXPECT_EQ(s3.meter.requests(RequestClass::kDelete), 3U);
}

}  // namespace
}  // namespace godwit

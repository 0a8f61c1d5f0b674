#include <gtest/gtest.h>

#include "lib/store/s3/s3_store.h"
#include "tests/unit/s3/fake_s3.h"

// Copies inside the service, and metadata that is set by one.

namespace godwit {
namespace {

std::string CopyXml(std::string_view more = "") {
  return "<CopyObjectResult><ETag>&quot;e2&quot;</ETag>"
         "<LastModified>2026-01-02T03:04:05.000Z</LastModified>" +
         std::string(more) + "</CopyObjectResult>";
}

Result<PutReceipt> Copy(FakeS3& s3, const PutOptions& options = {}) {
  return s3.store->Copy(s3.context, s3.permit, {"other", "x?y", "v1"}, "k", options);
}

TEST(S3Copy, SourceIsPinnedAndItsMetadataStays) {
  FakeS3 s3;
  s3.BeMinio();
  s3.transport.Answer(200, {}, "   \n" + CopyXml());
  PutOptions options;
  options.attributes.storage_class = "STANDARD_IA";
  const Result<PutReceipt> receipt = Copy(s3, options);
  EXPECT_EQ(ProofOf(receipt), "e2 service-copy");
  EXPECT_EQ(receipt->modified.time, ParseRfc3339("2026-01-02T03:04:05Z")->time);
  const SentRequest& sent = s3.transport.last();
  EXPECT_EQ(sent.Line(), "PUT http://127.0.0.1:9000/lake/k");
  EXPECT_EQ(sent.Header("x-amz-copy-source"), "/other/x%3Fy");
  EXPECT_EQ(sent.Header("x-amz-copy-source-if-match"), "\"v1\"");
  EXPECT_EQ(sent.Header("x-amz-metadata-directive"), "COPY");
  EXPECT_EQ(sent.Header("x-amz-storage-class"), "STANDARD_IA");
  EXPECT_EQ(s3.meter.requests(RequestClass::kCopy), 1U);
}

TEST(S3Copy, OtherAttributesReplaceAllOfThem) {
  FakeS3 s3;
  s3.BeMinio();
  s3.transport.Answer(200, {}, CopyXml());
  PutOptions options;
  options.attributes.content_type = "text/plain";
  options.attributes.tags = {{"a", "b"}};
  ASSERT_TRUE(Copy(s3, options).ok());
  EXPECT_EQ(s3.transport.last().Header("x-amz-metadata-directive"), "REPLACE");
  EXPECT_EQ(s3.transport.last().Header("content-type"), "text/plain");
  EXPECT_EQ(s3.transport.last().Header("x-amz-tagging-directive"), "REPLACE");
  EXPECT_EQ(s3.transport.last().Header("x-amz-tagging"), "a=b");
}

TEST(S3Copy, ErrorInsideASuccessIsAFailure) {
  FakeS3 s3;
  s3.BeMinio();
  s3.transport.Answer(200, {{"x-amz-request-id", "R3"}}, "  \n" + ErrorXml("InternalError"));
  const Status status = Copy(s3).status();
  EXPECT_EQ(status.ToString(), "cannot copy 's3://lake/k': said so (InternalError, request R1)");
  EXPECT_EQ(status.kind(), ErrorKind::kUnavailable);
  EXPECT_TRUE(status.maybe_applied());
}

TEST(S3Copy, BrokenSuccessesAreDamage) {
  for (const std::string& body : {std::string(), std::string("<html/>"), CopyXml().substr(0, 30),
                                  std::string("<CopyObjectResult/>"),
                                  std::string("<CopyPartResult><ETag>e</ETag></CopyPartResult>")}) {
    FakeS3 s3;
    s3.BeMinio();
    s3.transport.Answer(200, {}, body);
    const Status status = Copy(s3).status();
    EXPECT_EQ(status.kind(), ErrorKind::kCorrupted) << body;
    EXPECT_TRUE(status.maybe_applied()) << body;
  }
}

TEST(S3Copy, ChecksumOfTheCopyIsCompared) {
  FakeS3 s3;
  s3.BeMinio();
  PutOptions options;
  options.digests.Set(Digest::Crc64Nvme(0x3377857006524257));
  s3.transport.Answer(200, {}, CopyXml("<ChecksumCRC64NVME>M3eFcAZSQlc=</ChecksumCRC64NVME>"));
  const Result<PutReceipt> receipt = Copy(s3, options);
  EXPECT_EQ(receipt->digests.all().size(), 1U);
  EXPECT_EQ(s3.transport.last().Header("x-amz-checksum-algorithm"), "CRC64NVME");
  s3.transport.Answer(200, {}, CopyXml("<ChecksumCRC64NVME>AAAAAAAAAAE=</ChecksumCRC64NVME>"));
  EXPECT_EQ(Copy(s3, options).status().kind(), ErrorKind::kCorrupted);
}

TEST(S3Copy, LostPinIsTheSourcesChange) {
  FakeS3 s3;
  s3.BeMinio();
  s3.transport.Answer(412, {}, ErrorXml("PreconditionFailed"));
  EXPECT_EQ(ProofOf(Copy(s3)), "precondition-failed: the source object has changed");
}

TEST(S3Copy, ServicesThatDoNotPinTheSourceAreNotAsked) {
  FakeS3 s3;
  EXPECT_EQ(ProofOf(Copy(s3)),
            "unsupported: this S3 service is not known to copy a pinned version");
  EXPECT_TRUE(s3.transport.sent.empty());
}

TEST(S3Copy, MetadataIsSetByACopyOntoItself) {
  FakeS3 s3;
  s3.BeMinio();
  ObjectAttributes attributes;
  attributes.user_metadata = {{"a", "b"}};
  s3.transport.Answer(200, {}, CopyXml());
  EXPECT_EQ(ProofOf(s3.store->SetMetadata(s3.context, s3.permit, "k", "v1", attributes)),
            "e2 service-copy");
  const SentRequest& sent = s3.transport.last();
  EXPECT_EQ(sent.Header("x-amz-copy-source"), "/lake/k");
  EXPECT_EQ(sent.Header("x-amz-copy-source-if-match"), "\"v1\"");
  EXPECT_EQ(sent.Header("if-match"), "\"v1\"");
  EXPECT_EQ(sent.Header("x-amz-metadata-directive"), "REPLACE");
  EXPECT_EQ(sent.Header("x-amz-meta-a"), "b");
}

}  // namespace
}  // namespace godwit

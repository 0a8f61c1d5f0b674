#include "lib/store/s3/s3_body.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "lib/base/digest_text.h"
#include "tests/unit/s3/fake_s3.h"

namespace godwit {
namespace {

S3Protection Protection(S3Checksum checksum) {
  S3Protection protection;
  protection.checksum = checksum;
  return protection;
}

S3Request Attached(ByteSource& source, const S3Protection& protection,
                   const DigestSet& known = {}) {
  S3Request request;
  S3Body::Prepare(source, known, protection).AttachTo(request);
  return request;
}

std::string Header(const S3Request& request, std::string_view name) {
  return std::string(request.headers.Find(name).value_or("(absent)"));
}

TEST(S3Body, EachChecksumHasItsHeader) {
  MemorySource source = SourceOf("hello");
  EXPECT_EQ(
      Header(Attached(source, Protection(S3Checksum::kCrc64Nvme)), "x-amz-checksum-crc64nvme"),
      "M3eFcAZSQlc=");
  EXPECT_EQ(Header(Attached(source, Protection(S3Checksum::kCrc32c)), "x-amz-checksum-crc32c"),
            "mnG7TA==");
  EXPECT_EQ(Header(Attached(source, Protection(S3Checksum::kMd5)), "content-md5"),
            "XUFAKrxLKna5cZ2REBfFkg==");
  const S3Request none = Attached(source, Protection(S3Checksum::kNone));
  EXPECT_TRUE(none.headers.all().empty());
  EXPECT_EQ(none.payload_hash, "UNSIGNED-PAYLOAD");
}

TEST(S3Body, KnownDigestsAreBelievedAndTheBodyIsNotRead) {
  StreamSource source("hello");
  const S3Request request =
      Attached(source, Protection(S3Checksum::kCrc64Nvme), DigestSet{Digest::Crc64Nvme(1)});
  EXPECT_EQ(Header(request, "x-amz-checksum-crc64nvme"), "AAAAAAAAAAE=");
  EXPECT_EQ(source.reads, 0);
}

TEST(S3Body, PlainHttpToOthersSignsTheBytes) {
  MemorySource source = SourceOf("Welcome to Amazon S3.");
  S3Protection protection = Protection(S3Checksum::kCrc64Nvme);
  protection.sign_payload = protection.trailer_allowed = true;
  EXPECT_EQ(Attached(source, protection).payload_hash,
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
}

TEST(S3Body, StreamToOthersOverPlainHttpIsSignedPieceByPiece) {
  StreamSource stream("Welcome to Amazon S3.");
  S3Protection protection = Protection(S3Checksum::kCrc64Nvme);
  protection.sign_payload = true;
  const S3Request request = Attached(stream, protection, DigestSet{Digest::Crc64Nvme(1)});
  EXPECT_EQ(request.payload_hash, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
  EXPECT_EQ(Header(request, "content-encoding"), "aws-chunked");
  EXPECT_EQ(Header(request, "x-amz-decoded-content-length"), "21");
  EXPECT_EQ(Header(request, "x-amz-checksum-crc64nvme"), "AAAAAAAAAAE=");
  EXPECT_EQ(stream.reads, 0);
}

TEST(S3Body, StreamWithoutADigestIsReadOnceWithItsChecksumBehindIt) {
  StreamSource source("hello");
  S3Protection protection = Protection(S3Checksum::kCrc64Nvme);
  protection.trailer_allowed = true;
  const S3Body body = S3Body::Prepare(source, {}, protection);
  EXPECT_EQ(source.reads, 0);
  EXPECT_FALSE(body.resendable());
  EXPECT_FALSE(body.sent().has_value());
  S3Request request;
  request.headers.Add("content-encoding", "gzip");
  body.AttachTo(request);
  EXPECT_EQ(request.payload_hash, "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  EXPECT_EQ(Header(request, "content-encoding"), "gzip,aws-chunked");
  EXPECT_EQ(Header(request, "x-amz-decoded-content-length"), "5");
  EXPECT_EQ(Header(request, "x-amz-trailer"), "x-amz-checksum-crc64nvme");
  EXPECT_EQ(ReadAll(*request.body),
            "5\r\nhello\r\n0\r\nx-amz-checksum-crc64nvme:M3eFcAZSQlc=\r\n\r\n");
  EXPECT_EQ(Base64Of(*body.sent()), "M3eFcAZSQlc=");
}

// Nothing goes ahead of these bytes and nothing may follow them: the ETag must prove them.
TEST(S3Body, StreamThatCannotCarryAChecksumIsHashedOnItsWay) {
  StreamSource source("hello");
  const S3Body body = S3Body::Prepare(source, {}, Protection(S3Checksum::kCrc64Nvme));
  S3Request request;
  body.AttachTo(request);
  EXPECT_EQ(ReadAll(*request.body), "hello");
  EXPECT_FALSE(body.sent().has_value());
  ASSERT_NE(body.known().Find(DigestKind::kMd5), nullptr);
  EXPECT_EQ(Base64Of(*body.known().Find(DigestKind::kMd5)), "XUFAKrxLKna5cZ2REBfFkg==");
}

TEST(S3Body, OnlyMissingDigestsAreComputed) {
  const std::string text(100'000, 'x');
  const std::array kinds{DigestKind::kCrc64Nvme, DigestKind::kMd5, DigestKind::kSha256};
  const DigestSet digests =
      CompleteDigests(DigestSet{Digest::Crc64Nvme(1)}, kinds, std::as_bytes(std::span(text)));
  EXPECT_EQ(digests.all().size(), 3U);
  EXPECT_EQ(*digests.Find(DigestKind::kCrc64Nvme), Digest::Crc64Nvme(1));
}

}  // namespace
}  // namespace godwit

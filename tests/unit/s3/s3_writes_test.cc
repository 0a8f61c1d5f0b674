#include <gtest/gtest.h>

#include "lib/store/s3/s3_store.h"
#include "tests/unit/s3/fake_s3.h"

// Put: what is sent, what proves it, and what happens at services that know less
// than Amazon does. The body is "hello" throughout.

namespace godwit {
namespace {

constexpr char kMd5Base64[] = "XUFAKrxLKna5cZ2REBfFkg==";
constexpr char kOther[] = "00000000000000000000000000000000";

Result<PutReceipt> Put(FakeS3& s3, const PutOptions& options = {}) {
  MemorySource body = SourceOf("hello");
  return s3.store->Put(s3.context, s3.permit, "a b", options, body);
}

PutOptions Condition(const WriteCondition& condition) {
  PutOptions options;
  options.condition = condition;
  return options;
}

TEST(S3Put, BodyGoesWithItsChecksumAndTheAnswerProvesIt) {
  FakeS3 s3;
  PutOptions options;
  options.attributes.content_type = "text/plain";
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  const Result<PutReceipt> receipt = Put(s3, options);
  EXPECT_EQ(ProofOf(receipt), std::string(kHelloMd5) + " crc64nvme");
  EXPECT_EQ(receipt->digests.all().size(), 1U);
  const SentRequest& sent = s3.transport.last();
  EXPECT_EQ(sent.Line(), "PUT http://127.0.0.1:9000/lake/a%20b");
  EXPECT_EQ(sent.body, "hello");
  EXPECT_EQ(sent.Header("content-type"), "text/plain");
  EXPECT_EQ(sent.Header("x-amz-checksum-crc64nvme"), kHelloCrc);
  EXPECT_EQ(sent.Header("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_EQ(s3.meter.sent_bytes(), 5U);
  EXPECT_EQ(s3.meter.requests(RequestClass::kPut), 1U);
}

TEST(S3Put, OtherChecksumInTheAnswerIsDamage) {
  FakeS3 s3;
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", "AAAAAAAAAAE="}}));
  const Status status = Put(s3).status();
  EXPECT_EQ(Brief(status), "corrupted: the service stored other bytes than were sent");
  EXPECT_TRUE(status.maybe_applied());
}

TEST(S3Put, AnswerWithoutAnEtagIsNotS3s) {
  FakeS3 s3;
  s3.transport.Answer(200, {}, "<html>Welcome</html>");
  const Status status = Put(s3).status();
  EXPECT_EQ(Brief(status), "corrupted: the answer has no ETag");
  EXPECT_TRUE(status.maybe_applied());
}

TEST(S3Put, ServiceThatIgnoresChecksumsIsProvenByItsEtagAndRemembered) {
  FakeS3 s3;
  s3.transport.Answer(200, Etag(kHelloMd5));
  EXPECT_EQ(ProofOf(Put(s3)), std::string(kHelloMd5) + " md5");
  EXPECT_EQ(s3.transport.sent.size(), 1U);
  s3.transport.Answer(200, Etag(kHelloMd5));
  EXPECT_EQ(ProofOf(Put(s3)), std::string(kHelloMd5) + " md5");
  EXPECT_EQ(s3.transport.last().Header("content-md5"), kMd5Base64);
  EXPECT_EQ(s3.transport.last().Header("x-amz-checksum-crc64nvme"), "(absent)");
}

TEST(S3Put, ServiceThatProvesNothingGetsTheObjectAgainWithItsMd5) {
  FakeS3 s3;
  s3.transport.Answer(200, Etag("first"));
  s3.transport.Answer(200, Etag("second"));
  EXPECT_EQ(ProofOf(Put(s3, Condition(WriteCondition::CreateOnly()))), "second none");
  ASSERT_EQ(s3.transport.sent.size(), 2U);
  EXPECT_EQ(s3.transport.sent[0].Header("if-none-match"), "*");
  // Only in place of what the first one left there.
  EXPECT_EQ(s3.transport.sent[1].Header("if-match"), "\"first\"");
  EXPECT_EQ(s3.transport.sent[1].Header("if-none-match"), "(absent)");
  EXPECT_EQ(s3.transport.sent[1].Header("content-md5"), kMd5Base64);
}

TEST(S3Put, RefusedChecksumIsReplacedByMd5AndRemembered) {
  FakeS3 s3;
  s3.transport.Answer(400, {},
                      "<Error><Code>InvalidArgument</Code><Message>Unsupported header "
                      "'x-amz-checksum-crc64nvme'</Message></Error>");
  s3.transport.Answer(200, Etag(kHelloMd5));
  EXPECT_EQ(ProofOf(Put(s3)), std::string(kHelloMd5) + " md5");
  s3.transport.Answer(200, Etag(kHelloMd5));
  EXPECT_EQ(ProofOf(Put(s3)), std::string(kHelloMd5) + " md5");
  ASSERT_EQ(s3.transport.sent.size(), 3U);
  EXPECT_EQ(s3.transport.sent[2].Header("content-md5"), kMd5Base64);
}

TEST(S3Put, RefusalThatMd5DoesNotCureIsNotRemembered) {
  FakeS3 s3;
  s3.transport.Answer(501, {}, ErrorXml("NotImplemented"));
  s3.transport.Answer(501, {}, ErrorXml("NotImplemented"));
  EXPECT_EQ(ProofOf(Put(s3)), "unsupported: said so");
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  EXPECT_EQ(ProofOf(Put(s3)), std::string(kHelloMd5) + " crc64nvme");
}

TEST(S3Put, DamageOnTheWayIsNotTakenForAMissingFeature) {
  FakeS3 s3;
  s3.transport.Answer(400, {}, ErrorXml("XAmzContentChecksumMismatch"));
  EXPECT_EQ(Put(s3).status().kind(), ErrorKind::kCorrupted);
  EXPECT_EQ(s3.transport.sent.size(), 1U);
}

TEST(S3Put, KnownServiceMustNotForgetItsChecksums) {
  FakeS3 s3;
  s3.BeMinio();
  s3.transport.Answer(200, Etag("5f-1"));
  // Neither checksum nor MD5: stored, but unproven.
  EXPECT_EQ(ProofOf(Put(s3)), "5f-1 none");
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  EXPECT_EQ(ProofOf(Put(s3)), std::string(kHelloMd5) + " crc64nvme");
}

TEST(S3Put, ExplicitChecksumIsKept) {
  FakeS3 s3([](S3Config& config) { config.checksum = S3Checksum::kCrc32c; });
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc32c", "mnG7TA=="}}));
  EXPECT_EQ(ProofOf(Put(s3)), std::string(kHelloMd5) + " crc32c");
  EXPECT_EQ(s3.transport.last().Header("x-amz-checksum-crc32c"), "mnG7TA==");
  s3.transport.Answer(501, {}, ErrorXml("NotImplemented"));
  EXPECT_EQ(ProofOf(Put(s3)), "unsupported: said so");
  EXPECT_EQ(s3.transport.left(), 0U);
}

TEST(S3Put, NoChecksumProvesNothing) {
  FakeS3 s3([](S3Config& config) { config.checksum = S3Checksum::kNone; });
  s3.transport.Answer(200, Etag(kHelloMd5));
  EXPECT_EQ(ProofOf(Put(s3)), std::string(kHelloMd5) + " none");
  EXPECT_EQ(s3.transport.last().Header("content-md5"), "(absent)");
}

TEST(S3Put, Md5ThatTheEtagContradictsIsDamage) {
  FakeS3 s3([](S3Config& config) { config.checksum = S3Checksum::kMd5; });
  s3.BeMinio();
  s3.transport.Answer(200, Etag(kOther));
  EXPECT_EQ(ProofOf(Put(s3)), "corrupted: the service stored other bytes than were sent");
  // Encrypted with its own key an object has another ETag; its MD5 was checked on arrival.
  s3.transport.Answer(200, Etag(kOther, {{"x-amz-server-side-encryption", "aws:kms"}}));
  EXPECT_EQ(ProofOf(Put(s3)), std::string(kOther) + " md5");
}

TEST(S3Put, PlainHttpToAnotherMachineSignsTheBytes) {
  FakeS3 s3([](S3Config& config) {
    config.endpoint = "http://minio.example";
    config.allow_http = true;
  });
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  ASSERT_TRUE(Put(s3).ok());
  EXPECT_EQ(s3.transport.last().Header("x-amz-content-sha256"),
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
}

TEST(S3Put, StreamsAreSentInOnePassWhereTrailersAreKnown) {
  FakeS3 s3;
  s3.BeMinio();
  StreamSource body("hello");
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  EXPECT_EQ(ProofOf(s3.store->Put(s3.context, s3.permit, "k", {}, body)),
            std::string(kHelloMd5) + " crc64nvme");
  EXPECT_EQ(s3.transport.last().Header("x-amz-content-sha256"),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  EXPECT_EQ(s3.transport.last().Header("content-encoding"), "aws-chunked");
  EXPECT_EQ(s3.meter.sent_bytes(), 5U);
}

TEST(S3Put, ClaimIsAddedWhereTheServiceKeepsNoCrc) {
  FakeS3 s3;
  PutOptions options;
  options.digests.Set(Digest::Crc64Nvme(0x3377857006524257));
  s3.transport.Answer(200, Etag(kHelloMd5));
  ASSERT_TRUE(Put(s3, options).ok());
  EXPECT_EQ(s3.transport.last().Header("x-amz-meta-godwit_crc64nvme"), "3377857006524257");

  FakeS3 minio;
  minio.BeMinio();
  minio.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  ASSERT_TRUE(Put(minio, options).ok());
  EXPECT_EQ(minio.transport.last().Header("x-amz-meta-godwit_crc64nvme"), "(absent)");
}

TEST(S3Put, ConditionsAreSentAndTheirLossIsTold) {
  FakeS3 s3;
  s3.BeMinio();
  s3.transport.Answer(412, {}, ErrorXml("PreconditionFailed"));
  EXPECT_EQ(ProofOf(Put(s3, Condition(WriteCondition::CreateOnly()))),
            "precondition-failed: the object at the target has changed");
  EXPECT_EQ(s3.transport.last().Header("if-none-match"), "*");
  s3.transport.Answer(404, {}, ErrorXml("NoSuchKey"));
  EXPECT_EQ(Put(s3, Condition(WriteCondition::IfVersion("v"))).status().kind(),
            ErrorKind::kPreconditionFailed);
  EXPECT_EQ(s3.transport.last().Header("if-match"), "\"v\"");
  s3.transport.Answer(409, {}, ErrorXml("ConditionalRequestConflict"));
  EXPECT_EQ(Put(s3, Condition(WriteCondition::IfVersion("v"))).status().kind(),
            ErrorKind::kConflict);
  EXPECT_EQ(s3.transport.left(), 0U);
}

TEST(S3Put, UnknownServiceMayWantTheEtagUnquoted) {
  FakeS3 s3;
  s3.transport.Answer(412, {}, ErrorXml("PreconditionFailed"));
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  ASSERT_TRUE(Put(s3, Condition(WriteCondition::IfVersion("v"))).ok());
  EXPECT_EQ(s3.transport.last().Header("if-match"), "v");
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  ASSERT_TRUE(Put(s3, Condition(WriteCondition::IfVersion("w"))).ok());
  EXPECT_EQ(s3.transport.last().Header("if-match"), "w");
  EXPECT_EQ(s3.transport.sent.size(), 3U);
}

TEST(S3Put, ConditionLostTwiceIsLost) {
  FakeS3 s3;
  s3.transport.Answer(412, {}, ErrorXml("PreconditionFailed"));
  s3.transport.Answer(412, {}, ErrorXml("PreconditionFailed"));
  EXPECT_EQ(Put(s3, Condition(WriteCondition::IfVersion("v"))).status().kind(),
            ErrorKind::kPreconditionFailed);
  // The next one is quoted again: nothing was learned.
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  ASSERT_TRUE(Put(s3, Condition(WriteCondition::IfVersion("v"))).ok());
  EXPECT_EQ(s3.transport.last().Header("if-match"), "\"v\"");
}

TEST(S3Put, CephGetsItsEtagsUnquotedFromTheFirstAnswerOn) {
  FakeS3 s3;
  s3.transport.Answer(412,
                      {{"x-amz-request-id", "tx000003eef92cfc961a3fa-006b036add-100c-default"}},
                      ErrorXml("PreconditionFailed"));
  s3.transport.Answer(200, Etag(kHelloMd5));
  ASSERT_TRUE(Put(s3, Condition(WriteCondition::IfVersion("v"))).ok());
  EXPECT_EQ(s3.transport.last().Header("if-match"), "v");
}

TEST(S3Put, ServiceWithoutConditionsGetsNoneAndTheUserIsTold) {
  FakeS3 s3;
  s3.transport.Answer(400, {},
                      "<Error><Code>InvalidArgument</Code><Message>If-None-Match is not "
                      "supported</Message></Error>");
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  ASSERT_TRUE(Put(s3, Condition(WriteCondition::CreateOnly())).ok());
  EXPECT_EQ(s3.transport.last().Header("if-none-match"), "(absent)");
  EXPECT_NE(s3.log_text.str().find("knows no conditional writes"), std::string::npos);
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  ASSERT_TRUE(Put(s3, Condition(WriteCondition::CreateOnly())).ok());
  EXPECT_EQ(s3.transport.sent.size(), 3U);
}

TEST(S3Put, KnownServiceThatRefusesAConditionFails) {
  FakeS3 s3;
  s3.BeMinio();
  s3.transport.Answer(501, {}, ErrorXml("NotImplemented"));
  EXPECT_EQ(Put(s3, Condition(WriteCondition::CreateOnly())).status().kind(),
            ErrorKind::kUnsupported);
  EXPECT_EQ(s3.transport.left(), 0U);
}

TEST(S3Put, MissingBucketIsNotAMissingObject) {
  FakeS3 s3;
  s3.transport.Answer(404, {}, ErrorXml("NoSuchBucket"));
  const Status status = Put(s3).status();
  EXPECT_EQ(status.kind(), ErrorKind::kContainerNotFound);
  EXPECT_EQ(status.object(), "s3://lake");
}

TEST(S3Put, AttributesThatCannotBeSentFailBeforeAnythingIs) {
  FakeS3 s3;
  PutOptions options;
  options.attributes.user_metadata = {{"a", "b\nc"}};
  EXPECT_EQ(Put(s3, options).status().ToString(),
            "cannot write 's3://lake/a b': the value of 'a' has a line break or a zero byte");
  EXPECT_TRUE(s3.transport.sent.empty());
}

}  // namespace
}  // namespace godwit

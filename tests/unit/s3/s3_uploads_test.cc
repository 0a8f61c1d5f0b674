#include <gtest/gtest.h>

#include "lib/store/s3/s3_store.h"
#include "tests/unit/s3/fake_s3.h"

namespace godwit {
namespace {

std::string CompletedXml(std::string_view etag, std::string_view more = "") {
  return "\n \n<CompleteMultipartUploadResult><ETag>&quot;" + std::string(etag) + "&quot;</ETag>" +
         std::string(more) + "</CompleteMultipartUploadResult>";
}

Result<PartReceipt> PutPart(FakeS3& s3, const Secret& id, std::uint32_t index = 0) {
  UploadPart part;
  part.index = index;
  MemorySource body = SourceOf("hello");
  return s3.store->PutPart(s3.context, s3.permit, "k", id, part, body);
}

// Two parts of "hello" as the service confirmed them.
std::vector<PartReceipt> Parts(bool with_md5 = false) {
  std::vector<PartReceipt> parts(2);
  for (std::uint32_t i = 0; i < 2; ++i) {
    parts[i].index = i;
    parts[i].size_bytes = 5;
    parts[i].token = kHelloMd5;
    parts[i].digests.Set(Digest::Crc64Nvme(0x3377857006524257));
    if (with_md5) parts[i].digests.Set(*Md5OfEtag(kHelloMd5));
  }
  return parts;
}

FinishOptions Whole() {
  FinishOptions options;
  options.size_bytes = 10;
  options.digests.Set(Digest::Crc64Nvme(0x3377857006524257));  // Of the whole, for the test.
  return options;
}

std::string Finish(FakeS3& s3, const Secret& id, const std::vector<PartReceipt>& parts = Parts(),
                   const FinishOptions& options = Whole()) {
  return ProofOf(s3.store->FinishUpload(s3.context, s3.permit, "k", id, parts, options));
}

constexpr char kWhole[] = "<ChecksumCRC64NVME>M3eFcAZSQlc=</ChecksumCRC64NVME>";

TEST(S3Uploads, UploadIsBegunWithAttributesAndAChecksumOfTheWhole) {
  FakeS3 s3;
  UploadOptions options;
  options.attributes.content_type = "text/plain";
  s3.transport.Answer(200, {}, kBegun);
  const Result<Secret> id = s3.store->BeginUpload(s3.context, s3.permit, "a b", options);
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(id->Reveal(), "U/+1");
  const SentRequest& sent = s3.transport.last();
  EXPECT_EQ(sent.Line(), "POST http://127.0.0.1:9000/lake/a%20b?uploads=");
  EXPECT_EQ(sent.Header("content-type"), "text/plain");
  EXPECT_EQ(sent.Header("x-amz-checksum-algorithm"), "CRC64NVME");
  EXPECT_EQ(sent.Header("x-amz-checksum-type"), "FULL_OBJECT");
  EXPECT_EQ(s3.meter.requests(RequestClass::kPut), 1U);
}

TEST(S3Uploads, RefusedChecksumBeginsWithout) {
  FakeS3 s3;
  s3.transport.Answer(400, {},
                      "<Error><Code>InvalidRequest</Code><Message>Checksum algorithm is "
                      "not supported</Message></Error>");
  const Secret id = Begin(s3);
  EXPECT_EQ(s3.transport.last().Header("x-amz-checksum-algorithm"), "(absent)");
  s3.transport.Answer(200, Etag(kHelloMd5));
  const Result<PartReceipt> part = PutPart(s3, id);
  EXPECT_EQ(s3.transport.last().Header("content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");
  EXPECT_NE(part->digests.Find(DigestKind::kMd5), nullptr);
}

TEST(S3Uploads, AnswerWithoutAnIdIsNotS3s) {
  FakeS3 s3;
  s3.transport.Answer(200, {}, "<InitiateMultipartUploadResult/>");
  const Status status = s3.store->BeginUpload(s3.context, s3.permit, "k", {}).status();
  EXPECT_EQ(Brief(status), "corrupted: the answer has no upload id");
  EXPECT_TRUE(status.maybe_applied());
}

TEST(S3Uploads, PartsCarryTheirChecksum) {
  FakeS3 s3;
  const Secret id = Begin(s3);
  s3.transport.Answer(200, Etag(kHelloMd5, {{"x-amz-checksum-crc64nvme", kHelloCrc}}));
  const Result<PartReceipt> part = PutPart(s3, id, 6);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(s3.transport.last().Line(),
            "PUT http://127.0.0.1:9000/lake/k?partNumber=7&uploadId=U%2F%2B1");
  EXPECT_EQ(s3.transport.last().Header("x-amz-checksum-crc64nvme"), kHelloCrc);
  EXPECT_EQ(part->index, 6U);
  EXPECT_EQ(part->size_bytes, 5U);
  EXPECT_EQ(part->token, kHelloMd5);
  EXPECT_EQ(part->digests.Find(DigestKind::kCrc64Nvme)->crc64nvme(), 0x3377857006524257U);
}

TEST(S3Uploads, PartThatNothingProvesGoesAgainWithItsMd5) {
  FakeS3 s3;
  const Secret id = Begin(s3);
  s3.transport.Answer(200, Etag("x"));
  s3.transport.Answer(200, Etag("y"));
  const Result<PartReceipt> part = PutPart(s3, id);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(part->token, "y");
  EXPECT_EQ(s3.transport.last().Header("content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");
  EXPECT_EQ(s3.transport.last().Header("if-match"), "(absent)");
}

TEST(S3Uploads, UnknownUploadOfAPartIsNotFound) {
  FakeS3 s3;
  const Secret id = Begin(s3);
  s3.transport.Answer(404, {}, ErrorXml("NoSuchUpload"));
  EXPECT_EQ(Brief(PutPart(s3, id).status()), "not-found: no such upload");
}

TEST(S3Uploads, FinishGivesChecksumSizeAndConditionAndComparesTheAnswer) {
  FakeS3 s3;
  s3.BeMinio();
  const Secret id = Begin(s3);
  s3.transport.Answer(200, {}, CompletedXml("e-2", kWhole));
  FinishOptions options = Whole();
  options.condition = WriteCondition::IfVersion("v");
  EXPECT_EQ(Finish(s3, id, Parts(), options), "e-2 crc64nvme");
  const SentRequest& sent = s3.transport.last();
  EXPECT_EQ(sent.Line(), "POST http://127.0.0.1:9000/lake/k?uploadId=U%2F%2B1");
  EXPECT_EQ(sent.Header("x-amz-checksum-crc64nvme"), kHelloCrc);
  EXPECT_EQ(sent.Header("x-amz-checksum-type"), "FULL_OBJECT");
  EXPECT_EQ(sent.Header("x-amz-mp-object-size"), "10");
  EXPECT_EQ(sent.Header("if-match"), "\"v\"");
  EXPECT_NE(sent.body.find("<PartNumber>2</PartNumber>"), std::string::npos);
  EXPECT_NE(sent.body.find("<ChecksumCRC64NVME>"), std::string::npos);
}

TEST(S3Uploads, OtherChecksumOfTheWholeIsDamage) {
  FakeS3 s3;
  s3.BeMinio();
  const Secret id = Begin(s3);
  s3.transport.Answer(200, {},
                      CompletedXml("e-2", "<ChecksumCRC64NVME>AAAAAAAAAAE=</ChecksumCRC64NVME>"));
  EXPECT_EQ(Finish(s3, id), "corrupted: the service stored other bytes than were sent");
}

TEST(S3Uploads, ChecksumThatTheFinishDoesNotRepeatIsAskedByHead) {
  FakeS3 s3;
  s3.BeMinio();
  const Secret id = Begin(s3);
  const Fields head{{"ETag", "\"e-2\""},
                    {"Last-Modified", "Fri, 24 May 2013 00:00:00 GMT"},
                    {"Content-Length", "10"},
                    {"x-amz-checksum-crc64nvme", kHelloCrc}};
  s3.transport.Answer(200, {}, CompletedXml("e-2"));
  s3.transport.Answer(200, head);
  EXPECT_EQ(Finish(s3, id), "e-2 crc64nvme");
  EXPECT_EQ(s3.transport.last().method, HttpMethod::kHead);
}

TEST(S3Uploads, ErrorInsideASuccessIsAFailure) {
  FakeS3 s3;
  const Secret id = Begin(s3);
  s3.transport.Answer(200, {}, "\n\n" + ErrorXml("InternalError"));
  const Result<PutReceipt> receipt =
      s3.store->FinishUpload(s3.context, s3.permit, "k", id, Parts(), Whole());
  EXPECT_EQ(receipt.status().kind(), ErrorKind::kUnavailable);
  EXPECT_TRUE(receipt.status().maybe_applied());
  s3.transport.Answer(200, {}, ErrorXml("PreconditionFailed"));
  EXPECT_EQ(Finish(s3, id), "precondition-failed: the source object has changed");
}

TEST(S3Uploads, BrokenFinishAnswersAreDamageThatMayBeDone) {
  for (const std::string& body :
       {std::string("\n\n\n"), CompletedXml("e-2").substr(0, 60), std::string("<Other/>")}) {
    FakeS3 s3;
    const Secret id = Begin(s3);
    s3.transport.Answer(200, {}, body);
    const Status status =
        s3.store->FinishUpload(s3.context, s3.permit, "k", id, Parts(), Whole()).status();
    EXPECT_EQ(status.kind(), ErrorKind::kCorrupted) << body;
    EXPECT_TRUE(status.maybe_applied()) << body;
  }
}

TEST(S3Uploads, FinishFailuresAreToldApart) {
  struct Case {
    int status;
    const char* code;
    ErrorKind kind;
  };
  for (const Case& item : {Case{404, "NoSuchUpload", ErrorKind::kNotFound},
                           Case{412, "PreconditionFailed", ErrorKind::kPreconditionFailed},
                           Case{409, "ConditionalRequestConflict", ErrorKind::kConflict},
                           Case{400, "InvalidPart", ErrorKind::kCorrupted},
                           Case{400, "BadDigest", ErrorKind::kCorrupted},
                           Case{400, "EntityTooSmall", ErrorKind::kInvalidArgument},
                           Case{404, "NoSuchKey", ErrorKind::kPreconditionFailed}}) {
    FakeS3 s3;
    s3.BeMinio();
    const Secret id = Begin(s3);
    FinishOptions options = Whole();
    options.condition = WriteCondition::IfVersion("v");
    s3.transport.Answer(item.status, {}, ErrorXml(item.code));
    EXPECT_EQ(
        s3.store->FinishUpload(s3.context, s3.permit, "k", id, Parts(), options).status().kind(),
        item.kind)
        << item.code;
  }
}

TEST(S3Uploads, WithoutChecksumsTheEtagOfThePartsProves) {
  FakeS3 s3([](S3Config& config) { config.checksum = S3Checksum::kMd5; });
  s3.BeMinio();
  const Secret id = Begin(s3);
  const std::string etag = *EtagOfParts(Parts(true));
  s3.transport.Answer(200, {}, CompletedXml(etag));
  EXPECT_EQ(Finish(s3, id, Parts(true)), etag + " part-md5");
  EXPECT_EQ(s3.transport.last().Header("x-amz-checksum-crc64nvme"), "(absent)");
  s3.transport.Answer(200, {}, CompletedXml("e-2"));
  EXPECT_EQ(Finish(s3, id, Parts(true)),
            "corrupted: the service stored other bytes than were sent");
}

TEST(S3Uploads, UnknownServicesMayMakeTheirOwnEtags) {
  FakeS3 s3([](S3Config& config) { config.checksum = S3Checksum::kMd5; });
  const Secret id = Begin(s3);
  s3.transport.Answer(200, {}, CompletedXml("random"));
  EXPECT_EQ(Finish(s3, id, Parts(true)), "random none");
}

TEST(S3Uploads, EtagThatTheFinishDoesNotTellIsAskedByHead) {
  FakeS3 s3([](S3Config& config) { config.checksum = S3Checksum::kMd5; });
  const Secret id = Begin(s3);
  const std::string etag = *EtagOfParts(Parts(true));
  s3.transport.Answer(200, {}, CompletedXml(""));
  s3.transport.Answer(200, Etag(etag, {{"Last-Modified", "Fri, 24 May 2013 00:00:00 GMT"},
                                       {"Content-Length", "10"}}));
  EXPECT_EQ(Finish(s3, id, Parts(true)), etag + " part-md5");
  s3.transport.Answer(200, {}, CompletedXml(""));
  s3.transport.Answer(
      200, Etag("someone-elses",
                {{"Last-Modified", "Fri, 24 May 2013 00:00:00 GMT"}, {"Content-Length", "10"}}));
  EXPECT_EQ(Finish(s3, id, Parts(true)), "corrupted: the answer has no ETag");
}

TEST(S3Uploads, PartsMustBeWholeAndInOrder) {
  FakeS3 s3;
  const Secret id = Begin(s3);
  std::vector<PartReceipt> gap = Parts();
  gap[1].index = 2;
  EXPECT_EQ(Finish(s3, id, gap), "invalid-argument: part 2 of the upload is missing");
  FinishOptions larger = Whole();
  larger.size_bytes = 11;
  EXPECT_EQ(Finish(s3, id, Parts(), larger), "invalid-argument: the parts have 10 of 11 bytes");
  EXPECT_EQ(s3.transport.sent.size(), 1U);
}

TEST(S3Uploads, CopiedPartsNameTheirRange) {
  FakeS3 s3;
  s3.BeMinio();
  const Secret id = Begin(s3, true);
  EXPECT_EQ(s3.transport.last().Header("x-amz-checksum-algorithm"), "(absent)");
  UploadPart part;
  part.index = 1;
  part.offset = 100;
  s3.transport.Answer(200, {}, "<CopyPartResult><ETag>&quot;p&quot;</ETag></CopyPartResult>");
  const Result<PartReceipt> receipt =
      s3.store->CopyPart(s3.context, s3.permit, "k", id, part, {"other", "s", "v"}, 50);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->token, "p");
  EXPECT_EQ(receipt->size_bytes, 50U);
  EXPECT_EQ(s3.transport.last().Header("x-amz-copy-source-range"), "bytes=100-149");
  EXPECT_EQ(s3.transport.last().Header("x-amz-copy-source-if-match"), "\"v\"");
  s3.transport.Answer(200, {}, CompletedXml("e-2"));
  EXPECT_EQ(Finish(s3, id), "e-2 service-copy");
}

TEST(S3Uploads, FailedCopyOfAPartInsideASuccessIsAFailure) {
  FakeS3 s3;
  s3.BeMinio();
  const Secret id = Begin(s3, true);
  s3.transport.Answer(200, {}, " " + ErrorXml("SlowDown"));
  EXPECT_EQ(
      s3.store->CopyPart(s3.context, s3.permit, "k", id, {}, {"o", "s", "v"}, 5).status().kind(),
      ErrorKind::kThrottled);
}

TEST(S3Uploads, UploadOfAnEarlierRunIsFinishedAsItWasBegun) {
  FakeS3 s3;
  s3.BeMinio();
  // It was begun without a checksum: its parts have none, and its finish must not name one.
  s3.transport.Answer(200, {},
                      PartsXml("<Part><PartNumber>1</PartNumber><ETag>e</ETag><Size>5</Size>"
                               "</Part>",
                               kPartsEnd));
  ASSERT_TRUE(s3.store->ListParts(s3.context, "k", Secret("U")).ok());
  s3.transport.Answer(200, Etag(kHelloMd5));
  ASSERT_TRUE(PutPart(s3, Secret("U"), 1).ok());
  EXPECT_EQ(s3.transport.last().Header("x-amz-checksum-crc64nvme"), "(absent)");
  EXPECT_EQ(s3.transport.last().Header("content-md5"), "XUFAKrxLKna5cZ2REBfFkg==");
  s3.transport.Answer(200, {}, CompletedXml("e-2"));
  EXPECT_EQ(Finish(s3, Secret("U")), "e-2 none");
  EXPECT_EQ(s3.transport.last().Header("x-amz-checksum-crc64nvme"), "(absent)");
}

}  // namespace
}  // namespace godwit

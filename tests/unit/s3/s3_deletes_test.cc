#include <gtest/gtest.h>

#include "lib/store/s3/s3_store.h"
#include "tests/unit/s3/fake_s3.h"

namespace godwit {
namespace {

constexpr char kDone[] = "<DeleteResult/>";

std::string Delete(FakeS3& s3, const std::vector<DeleteRequest>& requests) {
  const Result<std::vector<Status>> statuses = s3.store->Delete(s3.context, s3.permit, requests);
  if (!statuses.ok()) return "whole: " + Brief(statuses.status());
  std::string text;
  for (const Status& status : *statuses) text += Brief(status) + "; ";
  return text;
}

TEST(S3Delete, ManyKeysGoInOneSignedBatchWithItsMd5) {
  FakeS3 s3;
  s3.transport.Answer(200, {}, kDone);
  EXPECT_EQ(Delete(s3, {{"a&b", ""}, {"c", "v"}}), "ok; ok; ");
  const SentRequest& sent = s3.transport.last();
  EXPECT_EQ(sent.Line(), "POST http://127.0.0.1:9000/lake?delete=");
  EXPECT_NE(sent.body.find("<Key>a&amp;b</Key>"), std::string::npos);
  EXPECT_EQ(sent.body.find("<ETag>"), std::string::npos);
  EXPECT_NE(sent.Header("content-md5"), "(absent)");
  EXPECT_NE(sent.Header("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_EQ(s3.meter.requests(RequestClass::kDelete), 1U);
}

TEST(S3Delete, AmazonTakesVersionsInTheBatch) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(200, {{"x-amz-request-id", "R"}},
                      "<DeleteResult><Error><Key>b</Key><Code>PreconditionFailed</Code>"
                      "<Message>m</Message></Error></DeleteResult>");
  EXPECT_EQ(Delete(s3, {{"a", "v1"}, {"b", "v2"}}),
            "ok; precondition-failed: the object at the target has changed; ");
  EXPECT_NE(s3.transport.last().body.find("<Key>a</Key><ETag>v1</ETag>"), std::string::npos);
}

TEST(S3Delete, ErrorsOfSingleKeysAreTold) {
  FakeS3 s3;
  s3.transport.Answer(
      200, {},
      "<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
      "<Error><Key>c</Key><Code>InternalError</Code><Message>oops</Message></Error>"
      "<Error><Key>d</Key><Code>NoSuchKey</Code></Error></DeleteResult>");
  const std::vector<DeleteRequest> requests{{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}};
  const Result<std::vector<Status>> statuses = s3.store->Delete(s3.context, s3.permit, requests);
  ASSERT_TRUE(statuses.ok());
  EXPECT_TRUE(statuses->at(0).ok());
  EXPECT_EQ(statuses->at(1).ToString(),
            "cannot delete 's3://lake/b': permission denied (AccessDenied)");
  EXPECT_EQ(statuses->at(2).kind(), ErrorKind::kUnavailable);
  EXPECT_TRUE(statuses->at(2).maybe_applied());
  EXPECT_TRUE(statuses->at(3).ok());
}

TEST(S3Delete, I16AnswerThatIsNotTheServicesIsNoSuccess) {
  FakeS3 s3;
  s3.transport.Answer(200, {{"content-type", "text/html"}}, "<html>Sign in</html>");
  s3.transport.Answer(200, {{"content-type", "text/html"}}, "<html>Sign in</html>");
  const DeleteRequest request{"a", ""};
  const auto statuses = s3.store->Delete(s3.context, s3.permit, {&request, 1});
  ASSERT_TRUE(statuses.ok());
  EXPECT_TRUE(statuses->front().Is(ErrorKind::kCorrupted)) << statuses->front();
  EXPECT_TRUE(statuses->front().maybe_applied());
  EXPECT_FALSE(s3.store->AbortUpload(s3.context, s3.permit, "a", Secret("u")).ok());
  s3.transport.Answer(200, {{"x-amz-request-id", "R"}});
  EXPECT_TRUE(s3.store->AbortUpload(s3.context, s3.permit, "a", Secret("u")).ok());
}

TEST(S3Delete, FailedBatchFailsWhole) {
  FakeS3 s3;
  const std::vector<DeleteRequest> two{{"a", ""}, {"b", ""}};
  s3.transport.Answer(500);
  EXPECT_EQ(Delete(s3, two), "whole: unavailable: the service failed");
  s3.transport.Answer(200, {}, ErrorXml("SlowDown"));
  EXPECT_EQ(Delete(s3, two), "whole: throttled: the service asks for fewer requests");
  s3.transport.Answer(200, {}, "<html/>");
  EXPECT_TRUE(Delete(s3, two).starts_with("whole: corrupted: "));
  s3.transport.Answer(200, {},
                      "<DeleteResult><Error><Key>z</Key><Code>X</Code></Error></DeleteResult>");
  EXPECT_EQ(Delete(s3, two), "whole: corrupted: the answer names a key that was not asked for");
  const Result<std::vector<Status>> lost = [&] {
    s3.transport.Fail(Status(ErrorKind::kUnavailable, "reset").WithMaybeApplied(true));
    return s3.store->Delete(s3.context, s3.permit, two);
  }();
  EXPECT_TRUE(lost.status().maybe_applied());
}

TEST(S3Delete, KeysThatXmlCannotHoldGoAlone) {
  FakeS3 s3;
  s3.transport.Answer(200, {}, kDone);
  s3.transport.Answer(204);
  EXPECT_EQ(Delete(s3, {{"a", ""}, {"x\x01y", ""}, {"b", ""}}), "ok; ok; ok; ");
  EXPECT_EQ(s3.transport.last().Line(), "DELETE http://127.0.0.1:9000/lake/x%01y");
  EXPECT_EQ(s3.transport.sent[0].body.find('\x01'), std::string::npos);
}

TEST(S3Delete, OneKeyGoesAloneWithItsVersion) {
  FakeS3 s3;
  s3.BeMinio();
  s3.transport.Answer(204);
  EXPECT_EQ(Delete(s3, {{"a", "v"}}), "ok; ");
  EXPECT_EQ(s3.transport.last().Line(), "DELETE http://127.0.0.1:9000/lake/a");
  EXPECT_EQ(s3.transport.last().Header("if-match"), "\"v\"");
}

TEST(S3Delete, ServicesThatTakeVersionsOnlyAloneGetThemAlone) {
  FakeS3 s3;
  s3.transport.Answer(200, {{"Server", "VERSITYGW"}});
  (void)s3.store->Locate(s3.context);
  s3.transport.Answer(200, {}, kDone);
  s3.transport.Answer(412, {}, ErrorXml("PreconditionFailed"));
  s3.transport.Answer(204);
  EXPECT_EQ(Delete(s3, {{"a", ""}, {"b", "v"}, {"c", ""}, {"d", "w"}}),
            "ok; precondition-failed: the object at the target has changed; ok; ok; ");
  EXPECT_EQ(s3.transport.left(), 0U);
}

TEST(S3Delete, MissingKeyIsASuccessAndAMissingBucketIsNot) {
  FakeS3 s3;
  s3.BeMinio();
  s3.transport.Answer(404, {}, ErrorXml("NoSuchKey"));
  EXPECT_EQ(Delete(s3, {{"a", "v"}}), "ok; ");
  s3.transport.Answer(404, {}, ErrorXml("NoSuchBucket"));
  EXPECT_EQ(Delete(s3, {{"a", ""}}), "container-not-found: no such bucket; ");
  s3.transport.Answer(404, {}, "<html/>");
  EXPECT_TRUE(Delete(s3, {{"a", ""}}).starts_with("corrupted: "));
}

TEST(S3Delete, NothingAndTooMuchSendNothing) {
  FakeS3 s3;
  EXPECT_EQ(Delete(s3, {}), "");
  EXPECT_EQ(Delete(s3, std::vector<DeleteRequest>(1001, {"k", ""})),
            "whole: invalid-argument: too many keys in one delete");
  EXPECT_EQ(Delete(s3, {{"", ""}}), "whole: invalid-argument: the key is empty");
  EXPECT_TRUE(s3.transport.sent.empty());
}

}  // namespace
}  // namespace godwit

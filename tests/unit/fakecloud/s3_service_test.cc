#include <gmock/gmock.h>

#include "fakecloud/encoding.h"
#include "tests/unit/fakecloud/cloud_test.h"

namespace godwit {
namespace {

using testing::ElementsAre;

class S3ServiceTest : public CloudTest {};

TEST_F(S3ServiceTest, RefusesWrongSecretKeyClockAndAnonymous) {
  Put("k", "x");
  signer_.secret_key = "wrong";
  EXPECT_EQ(Get("k").Element("Code"), "SignatureDoesNotMatch");
  signer_ = RawSigner();
  signer_.access_key = "unknown";
  EXPECT_EQ(Get("k").Element("Code"), "InvalidAccessKeyId");
  signer_ = RawSigner();
  signer_.clock_offset_seconds = -1200;
  const RawAnswer skewed = Get("k");
  EXPECT_EQ(skewed.Element("Code"), "RequestTimeTooSkewed");
  EXPECT_EQ(skewed.Element("MaxAllowedSkewMilliseconds"), "900000");
  RawConnection anonymous(endpoint());
  anonymous.Send("GET /lake/k HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(anonymous.Receive().Element("Code"), "AccessDenied");
}

TEST_F(S3ServiceTest, ServersClockCanBeWrong) {
  options_.clock_offset_seconds = 1200;
  EXPECT_EQ(Get("k").Element("Code"), "RequestTimeTooSkewed");
  signer_.clock_offset_seconds = 1200;
  EXPECT_EQ(Get("k").Element("Code"), "NoSuchKey");
}

TEST_F(S3ServiceTest, PublicBucketNeedsNoSignatureToRead) {
  options_.public_buckets = {"lake"};
  Put("k", "x");
  RawConnection anonymous(endpoint());
  anonymous.Send("GET /lake/k HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(anonymous.Receive().body, "x");
  anonymous.Send("DELETE /lake/k HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(anonymous.Receive().Element("Code"), "AccessDenied");
}

TEST_F(S3ServiceTest, SessionTokenMustBeTheRightOne) {
  options_.credentials = {{"temporary", "secret", "token"}};
  signer_.access_key = "temporary";
  signer_.secret_key = "secret";
  EXPECT_EQ(Get("k").Element("Code"), "InvalidToken");
  signer_.session_token = "token";
  EXPECT_EQ(Get("k").Element("Code"), "NoSuchKey");
}

TEST_F(S3ServiceTest, WrongRegionNamesTheRightOne) {
  options_.buckets = {"lake", "pond@eu-central-1"};
  const RawAnswer answer = Request("GET", "/pond");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.Element("Code"), "AuthorizationHeaderMalformed");
  EXPECT_EQ(answer.Element("Region"), "eu-central-1");
  EXPECT_EQ(Request("HEAD", "/pond").Header("x-amz-bucket-region"), "eu-central-1");
  signer_.region = "eu-central-1";
  EXPECT_EQ(Request("GET", "/pond").status, 200);
}

TEST_F(S3ServiceTest, HostNamesTheBucket) {
  Put("a//b", "x");
  const auto get = [&](const std::string& host, const std::string& target) {
    return Call(endpoint(), {"GET", target, {{"host", host}}, "", ""}, signer_);
  };
  EXPECT_EQ(get("lake.s3.localhost:1", "/a//b").body, "x");
  EXPECT_EQ(get("lake.s3.amazonaws.com", "/a//b").body, "x");
  EXPECT_EQ(get("lake.s3.us-east-1.amazonaws.com", "/a//b").body, "x");
  EXPECT_EQ(get("s3.localhost", "/lake/a//b").body, "x");
}

TEST_F(S3ServiceTest, BucketsAreCreatedOnceAndMayBelongToOthers) {
  options_.foreign_buckets = {"taken"};
  EXPECT_EQ(Request("PUT", "/pond").status, 200);
  EXPECT_EQ(Request("PUT", "/pond").Element("Code"), "BucketAlreadyOwnedByYou");
  EXPECT_EQ(Request("PUT", "/taken").Element("Code"), "BucketAlreadyExists");
  EXPECT_EQ(Request("GET", "/taken").Element("Code"), "AccessDenied");
  EXPECT_EQ(Request("PUT", "/No_Name").Element("Code"), "InvalidBucketName");
  EXPECT_EQ(Request("GET", "/none").Element("Code"), "NoSuchBucket");
  EXPECT_EQ(Request("HEAD", "/lake").Header("x-amz-bucket-region"), "us-east-1");
  EXPECT_THAT(Request("GET", "/").Elements("Name"), ElementsAre("lake", "pond"));
}

TEST_F(S3ServiceTest, ErrorsHaveDocumentAndRequestIdButHeadHasNoBody) {
  const RawAnswer get = Get("none");
  EXPECT_EQ(get.Element("RequestId"), get.Header("x-amz-request-id"));
  EXPECT_EQ(get.Element("Key"), "none");
  const RawAnswer head = Request("HEAD", "/lake/none");
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.body, "");
  EXPECT_NE(head.Header("x-amz-request-id"), get.Header("x-amz-request-id"));
}

TEST_F(S3ServiceTest, UnknownOperationIsNotAllowed) {
  EXPECT_EQ(Request("PATCH", "/lake/k").Element("Code"), "MethodNotAllowed");
}

TEST_F(S3ServiceTest, RequestsAreCountedByOperation) {
  Put("k", "12345");
  Get("k");
  Get("k");
  Request("HEAD", "/lake/none");
  const FakeCounters counters = cloud().Counters();
  EXPECT_EQ(counters.Requests("s3:PutObject"), 1U);
  EXPECT_EQ(counters.Requests("s3:GetObject"), 2U);
  EXPECT_EQ(counters.Requests("s3:HeadObject"), 1U);
  EXPECT_EQ(counters.TotalRequests(), 4U);
  EXPECT_EQ(counters.statuses.at("404"), 1U);
  EXPECT_EQ(counters.bytes_received, 5U);
  cloud().ResetCounters();
  EXPECT_EQ(cloud().Counters().TotalRequests(), 0U);
}

TEST_F(S3ServiceTest, ControlAddressReadsAndCommands) {
  Put("%01", "12345", {{"x-amz-meta-a", "1"}});
  const std::string control = cloud().control_endpoint();
  const auto call = [&](const std::string& method, const std::string& target,
                        const std::string& body = "") {
    return Call(control, {method, target, {}, body, ""});
  };
  EXPECT_NE(call("GET", "/counters").body.find("\"s3:PutObject\":1"), std::string::npos);
  const std::string objects = call("GET", "/objects?bucket=lake").body;
  EXPECT_NE(objects.find("\"key_b64\":\"AQ==\""), std::string::npos) << objects;
  EXPECT_NE(objects.find("\"metadata\":{\"a\":\"1\"}"), std::string::npos) << objects;
  EXPECT_EQ(call("POST", "/faults", "[{}]").body,
            "{\"error\":\"fault script, rule 0: field 'do' is missing\"}\n");
  EXPECT_EQ(call("POST", "/faults", R"([{"do":{"fault":"lose_answer"}}])").status, 200);
  EXPECT_EQ(Get("k").status, 0);
  EXPECT_EQ(call("POST", "/reset").status, 200);
  EXPECT_EQ(call("GET", "/objects?bucket=lake").body, "[]\n");
  EXPECT_EQ(call("GET", "/uploads?bucket=lake").body, "[]\n");
  EXPECT_EQ(call("GET", "/nothing").status, 404);
  EXPECT_EQ(call("POST", "/shutdown").status, 200);
  cloud().WaitForStopRequest();
}

TEST_F(S3ServiceTest, DirectAccessMeetsNoFaultsAndIsNotCounted) {
  SetFaults(R"([{"do":{"fault":"lose_answer"},"times":0}])");
  ASSERT_TRUE(cloud().PutObject("lake", "k", "x", {{"content-type", "a/b"}}).ok());
  EXPECT_EQ(cloud().GetObject("lake", "k"), "x");
  EXPECT_EQ(cloud().ListObjects("lake").at(0).headers.at("content-type"), "a/b");
  EXPECT_TRUE(cloud().RemoveObject("lake", "k"));
  EXPECT_FALSE(cloud().RemoveObject("lake", "k"));
  EXPECT_TRUE(cloud().PutObject("none", "k", "x").Is(ErrorKind::kContainerNotFound));
  EXPECT_EQ(cloud().Counters().TotalRequests(), 0U);
}

}  // namespace
}  // namespace godwit

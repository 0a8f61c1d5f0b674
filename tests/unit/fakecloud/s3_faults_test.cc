#include <gmock/gmock.h>

#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"
#include "tests/unit/fakecloud/cloud_test.h"

namespace godwit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class S3FaultsTest : public CloudTest {
 protected:
  RawAnswer List(const std::string& token = "") {
    return Request("GET", "/lake?list-type=2&max-keys=2" +
                              (token.empty() ? ""
                                             : "&continuation-token=" +
                                                   fakecloud::EncodeCanonical(token, false)));
  }
  void Fill() {
    for (const std::string key : {"a", "b", "c", "d", "e"}) {
      ASSERT_TRUE(cloud().PutObject("lake", key, key).ok());
    }
  }
};

TEST_F(S3FaultsTest, StatusComesBeforeOrAfterTheEffect) {
  SetFaults(R"([{"on":{"key":"before"},"do":{"fault":"status","status":503,"code":"SlowDown",
                 "retry_after":7}},
                {"on":{"key":"after"},"do":{"fault":"status","status":500,"when":"after"}}])");
  const RawAnswer before = Put("before", "x");
  EXPECT_EQ(before.status, 503);
  EXPECT_EQ(before.Element("Code"), "SlowDown");
  EXPECT_EQ(before.Header("retry-after"), "7");
  EXPECT_EQ(Put("after", "x").Element("Code"), "InternalError");
  EXPECT_EQ(cloud().ListObjects("lake").size(), 1U);
  EXPECT_EQ(cloud().ListObjects("lake").at(0).key, "after");
  EXPECT_EQ(Put("before", "x").status, 200) << "once only";
}

TEST_F(S3FaultsTest, LostAnswerHasTakenEffectUnlessBefore) {
  SetFaults(R"([{"on":{"key":"done"},"do":{"fault":"lose_answer"}},
                {"on":{"key":"undone"},
                 "do":{"fault":"lose_answer","by":"close","when":"before"}}])");
  const RawAnswer done = Put("done", "x");
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(done.end, AnswerEnd::kReset);
  const RawAnswer undone = Put("undone", "x");
  EXPECT_EQ(undone.status, 0);
  EXPECT_EQ(undone.end, AnswerEnd::kClosed);
  EXPECT_EQ(cloud().ListObjects("lake").at(0).key, "done");
  EXPECT_EQ(Fired(0) + Fired(1), 2U);
}

TEST_F(S3FaultsTest, EveryKindOfWriteCanLoseItsAnswer) {
  options_.part_bytes_min = 1;
  Put("source", "x");
  RawAnswer begun = Request("POST", "/lake/k?uploads");
  const std::string upload = "uploadId=" + begun.Element("UploadId");
  SetFaults(R"([{"do":{"fault":"lose_answer"},"times":0}])");
  EXPECT_EQ(Request("PUT", "/lake/k?partNumber=1&" + upload, "x").status, 0);
  const std::string etag = fakecloud::ToHex(fakecloud::Md5("x"));
  EXPECT_EQ(Request("POST", "/lake/k?" + upload,
                    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + etag +
                        "</ETag></Part></CompleteMultipartUpload>")
                .status,
            0);
  EXPECT_EQ(Request("PUT", "/lake/copy", "", {{"x-amz-copy-source", "/lake/source"}}).status, 0);
  EXPECT_EQ(Request("DELETE", "/lake/source").status, 0);
  EXPECT_EQ(Request("POST", "/lake/other?uploads").status, 0);
  std::vector<std::string> keys;
  for (const FakeObject& object : cloud().ListObjects("lake")) keys.push_back(object.key);
  EXPECT_THAT(keys, ElementsAre("copy", "k"));
  EXPECT_EQ(cloud().OpenUploads("lake").at(0).key, "other");
}

TEST_F(S3FaultsTest, BodiesOfDownloadsListingsAndErrorsAreCut) {
  Put("k", std::string(5000, 'x'));
  SetFaults(R"([{"on":{"op":"Get"},"do":{"fault":"cut_body","after":4999,"by":"rst"}},
                {"on":{"op":"List"},"do":{"fault":"cut_body","after":100},"times":2},
                {"on":{"op":"List","nth":2},"do":{"fault":"status","status":500}}])");
  EXPECT_EQ(Get("k").body.size(), 4999U);
  for (const int status : {200, 500}) {
    const RawAnswer listing = List();
    EXPECT_EQ(listing.status, status);
    EXPECT_EQ(listing.body.size(), 100U);
    EXPECT_EQ(listing.end, AnswerEnd::kClosed);
  }
}

TEST_F(S3FaultsTest, BodiesOfRequestsAreCut) {
  SetFaults(R"([{"do":{"fault":"cut_body","side":"request","after":100}},
                {"on":{"nth":2},
                 "do":{"fault":"cut_body","side":"request","after":4999,"by":"rst"}}])");
  for (const AnswerEnd end : {AnswerEnd::kClosed, AnswerEnd::kReset}) {
    const RawAnswer put = Put("k", std::string(5000, 'x'));
    EXPECT_EQ(put.status, 0);
    EXPECT_EQ(put.end, end);
  }
  EXPECT_THAT(cloud().ListObjects("lake"), IsEmpty());
  EXPECT_EQ(Fired(0) + Fired(1), 2U);
}

TEST_F(S3FaultsTest, OkWithErrorDoesNotCarryOut) {
  Put("source", "x");
  SetFaults(R"([{"on":{"op":"Copy"},"do":{"fault":"ok_with_error","code":"SlowDown"}},
                {"on":{"op":"Copy"},"do":{"fault":"whitespace","count":50}}])");
  const RawAnswer copy = Request("PUT", "/lake/copy", "", {{"x-amz-copy-source", "/lake/source"}});
  EXPECT_EQ(copy.status, 200);
  EXPECT_EQ(copy.Element("Code"), "SlowDown");
  EXPECT_NE(copy.body.find("?>\n" + std::string(50, ' ') + "<Error>"), std::string::npos);
  EXPECT_FALSE(cloud().GetObject("lake", "copy"));
}

TEST_F(S3FaultsTest, BatchDeleteFailsForSomeKeys) {
  Fill();
  SetFaults(R"([{"on":{"op":"Delete"},"do":{"fault":"ok_with_error","keys":"b"}}])");
  const std::string body =
      "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>";
  const RawAnswer answer = Request("POST", "/lake?delete", body,
                                   {{"content-md5", fakecloud::ToBase64(fakecloud::Md5(body))}});
  EXPECT_EQ(answer.Element("Code"), "InternalError");
  EXPECT_EQ(answer.Elements("Deleted").size(), 1U);
  EXPECT_TRUE(cloud().GetObject("lake", "b"));
  EXPECT_FALSE(cloud().GetObject("lake", "a"));
}

TEST_F(S3FaultsTest, FlippedRequestIsNoticedByTheServer) {
  SetFaults(R"([{"on":{"op":"Put"},"do":{"fault":"corrupt","side":"request","offset":"middle"}},
                {"on":{"op":"Put"},"do":{"fault":"corrupt","side":"request","how":"zero"}},
                {"on":{"op":"Put","nth":2},"do":{"fault":"corrupt","side":"request",
                 "how":"digest_header"}}])");
  EXPECT_EQ(Put("k", "abc").Element("Code"), "XAmzContentSHA256Mismatch");
  EXPECT_EQ(Put("k", "hello", {{"x-amz-checksum-crc32", "NhCmhg=="}}).Element("Code"), "BadDigest");
  EXPECT_TRUE(cloud().ListObjects("lake").empty());
}

TEST_F(S3FaultsTest, FlippedStoreKeepsTheDigestsOfTheGoodBytes) {
  SetFaults(R"([{"on":{"op":"Put"},"do":{"fault":"corrupt","side":"stored","offset":-1}}])");
  EXPECT_EQ(Put("k", "hello").Header("etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
  EXPECT_EQ(Get("k").body, "helln");
}

TEST_F(S3FaultsTest, FlippedResponseIsRightTheNextTime) {
  Put("k", "hello");
  SetFaults(R"([{"on":{"op":"Get"},"do":{"fault":"corrupt","offset":"first","bit":7}},
                {"on":{"op":"Get","nth":2},"do":{"fault":"corrupt","how":"zero"}},
                {"on":{"op":"Get","nth":3},"do":{"fault":"corrupt","how":"length_header",
                 "delta":3}},
                {"on":{"op":"Get","nth":4},"do":{"fault":"corrupt","how":"digest_header"}}])");
  EXPECT_EQ(Get("k").body,
            "\xE8"
            "ello");
  EXPECT_EQ(Get("k").body, std::string(5, '\0'));
  EXPECT_EQ(Get("k").Header("content-length"), "8");
  const RawAnswer digest = Get("k", {{"x-amz-checksum-mode", "ENABLED"}});
  EXPECT_EQ(digest.Header("x-amz-checksum-crc64nvme"), "03eFcAZSQlc=");
  EXPECT_EQ(Get("k").body, "hello");
}

TEST_F(S3FaultsTest, SwapReplacesTheObjectBehindAReader) {
  Put("k", "hello");
  SetFaults(R"([{"on":{"op":"Get","nth":2},"do":{"fault":"swap","text":"other"}}])");
  EXPECT_EQ(Get("k").body, "hello") << "not a range read";
  const RawAnswer first = Get("k", {{"range", "bytes=0-1"}});
  const HeaderList pinned = {{"range", "bytes=2-4"}, {"if-match", first.Header("etag")}};
  EXPECT_EQ(Get("k", pinned).body, "llo");
  EXPECT_EQ(Get("k", pinned).status, 412);
  EXPECT_EQ(Get("k").body, "other");
}

TEST_F(S3FaultsTest, ListingLiesOnThePageAskedFor) {
  Fill();
  const std::string first = List().Element("NextContinuationToken");
  SetFaults(R"([{"do":{"fault":"listing","how":"unordered","page":1}},
                {"do":{"fault":"listing","how":"repeated_token","page":2}},
                {"do":{"fault":"listing","how":"missing_end","page":2}}])");
  EXPECT_THAT(List().Elements("Key"), ElementsAre("b", "a"));
  SetFaults(R"([{"do":{"fault":"listing","how":"repeated_token","page":2}}])");
  EXPECT_THAT(List().Elements("Key"), ElementsAre("a", "b"));
  const RawAnswer repeated = List(first);
  EXPECT_THAT(repeated.Elements("Key"), ElementsAre("c", "d"));
  EXPECT_EQ(repeated.Element("NextContinuationToken"), first);
  SetFaults(R"([{"on":{"op":"List"},"do":{"fault":"listing","how":"missing_end","page":2}}])");
  EXPECT_NE(List().Element("NextContinuationToken"), "");
  const RawAnswer cut = List(first);
  EXPECT_THAT(cut.Elements("Key"), ElementsAre("c"));
  EXPECT_EQ(cut.Element("IsTruncated"), "false");
  EXPECT_THAT(List(first).Elements("Key"), ElementsAre("c", "d")) << "once only";
}

TEST_F(S3FaultsTest, ExpiredCredentialsAreReplacedByFreshOnes) {
  options_.credentials.push_back({"fresh", "secret", ""});
  SetFaults(R"([{"do":{"fault":"expire_credentials","after":1}}])");
  EXPECT_EQ(Put("k", "x").status, 200);
  EXPECT_EQ(Get("k").Element("Code"), "ExpiredToken");
  EXPECT_EQ(Get("k").status, 400);
  signer_.access_key = "fresh";
  signer_.secret_key = "secret";
  EXPECT_EQ(Get("k").body, "x");
}

TEST_F(S3FaultsTest, BodyIsReplacedAltogether) {
  SetFaults(R"([{"do":{"fault":"replace_body","preset":"captive_portal"}},
                {"on":{"nth":2},"do":{"fault":"replace_body","preset":"empty"}},
                {"on":{"nth":3},"do":{"fault":"replace_body","preset":"wrong_root"}},
                {"on":{"nth":4},"do":{"fault":"replace_body","text":"hm","type":"a/b",
                 "status":403}}])");
  const RawAnswer portal = List();
  EXPECT_EQ(portal.status, 200);
  EXPECT_EQ(portal.Header("content-type"), "text/html");
  EXPECT_EQ(List().body, "");
  EXPECT_NE(List().body.find("<Surprise>"), std::string::npos);
  const RawAnswer own = List();
  EXPECT_EQ(own.status, 403);
  EXPECT_EQ(own.body, "hm");
  EXPECT_EQ(own.Header("content-type"), "a/b");
}

TEST_F(S3FaultsTest, RedirectNamesAnotherHostSchemeOrRegion) {
  SetFaults(R"([{"do":{"fault":"redirect","host":"elsewhere:1","scheme":"https"}},
                {"on":{"nth":2},"do":{"fault":"redirect","status":301,"region":"eu-west-1"}}])");
  const RawAnswer temporary = Get("k%20?versionId=1");
  EXPECT_EQ(temporary.status, 307);
  EXPECT_EQ(temporary.Element("Code"), "TemporaryRedirect");
  EXPECT_EQ(temporary.Header("location"), "https://elsewhere:1/lake/k%20?versionId=1");
  const RawAnswer permanent = Get("k");
  EXPECT_EQ(permanent.Element("Code"), "PermanentRedirect");
  EXPECT_EQ(permanent.Header("location"), "");
  EXPECT_EQ(permanent.Header("x-amz-bucket-region"), "eu-west-1");
}

TEST_F(S3FaultsTest, ThrottleRefusesBeyondTheRate) {
  SetFaults(
      R"([{"on":{"op":"Head"},"do":{"fault":"throttle","requests_per_second":0,"burst":2}}])");
  std::vector<int> statuses;
  for (int i = 0; i < 4; ++i) statuses.push_back(Request("HEAD", "/lake/k").status);
  EXPECT_THAT(statuses, ElementsAre(404, 404, 503, 503));
  EXPECT_EQ(Fired(0), 2U);
}

TEST_F(S3FaultsTest, RequestCanStallAndBeSlowOnItsWayIn) {
  SetFaults(R"([{"on":{"key":"slow"},"do":{"fault":"slow","side":"request",
                 "bytes_per_second":1000}},
                {"on":{"key":"stalled"},"do":{"fault":"stall","side":"request","after":2,
                 "seconds":0.05}},
                {"on":{"key":"dead"},"do":{"fault":"stall","side":"request"}}])");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Put("slow", std::string(100, 'x')).status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(90));
  const auto stalled = std::chrono::steady_clock::now();
  EXPECT_EQ(Put("stalled", "abcd").status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - stalled, std::chrono::milliseconds(45));
  {
    RawConnection leaving(endpoint());
    leaving.Send(signer_.Sign({"PUT", "/lake/dead", {}, "x", ""}, HostOf(endpoint())));
    EXPECT_EQ(leaving.ReceiveWithin(30), "");
  }
  cloud().Stop();
  EXPECT_FALSE(cloud().GetObject("lake", "dead"));
}

TEST_F(S3FaultsTest, AnswerCanStallBeforeItsFirstByte) {
  SetFaults(R"([{"do":{"fault":"stall","seconds":0.05}},{"on":{"nth":2},"do":{"fault":"stall"}}])");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(List().status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(45));
  RawConnection waiting(endpoint());
  waiting.Send(signer_.Sign({"GET", "/lake", {}, "", ""}, HostOf(endpoint())));
  EXPECT_EQ(waiting.ReceiveWithin(30), "");
}

TEST_F(S3FaultsTest, FaultsOfRequestsThatAreRefusedStillCount) {
  SetFaults(R"([{"do":{"fault":"cut_body","after":10}}])");
  signer_.secret_key = "wrong";
  EXPECT_EQ(Get("k").body.size(), 10U);
  EXPECT_EQ(Fired(0), 1U);
}

}  // namespace
}  // namespace godwit

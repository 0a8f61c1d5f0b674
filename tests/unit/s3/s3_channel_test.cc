#include "lib/store/s3/s3_channel.h"

#include <gtest/gtest.h>

#include "tests/unit/s3/fake_s3.h"

// Addresses, signatures, and the causes for which a request is sent again.

namespace godwit {
namespace {

constexpr char kEmptyPage[] =
    "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
const Fields kAwsId{{"x-amz-request-id", "R9"}};

std::string ListOf(FakeS3& s3) { return Brief(s3.store->List(s3.context, {}).status()); }

TEST(S3Channel, RequestsAreSignedForTheirHostAndRegion) {
  FakeS3 s3;
  s3.transport.Answer(200, {}, kEmptyPage);
  ASSERT_EQ(ListOf(s3), "ok");
  const SentRequest& sent = s3.transport.last();
  EXPECT_EQ(sent.Line(),
            "GET http://127.0.0.1:9000/lake?encoding-type=url&list-type=2&max-keys=1000");
  EXPECT_TRUE(sent.Header("authorization")
                  .starts_with("AWS4-HMAC-SHA256 Credential=AK/20260102/us-east-1/s3/aws4_request, "
                               "SignedHeaders=host;x-amz-content-sha256;x-amz-date;"
                               "x-amz-security-token, Signature="));
  EXPECT_EQ(sent.Header("x-amz-date"), "20260102T030405Z");
  EXPECT_EQ(sent.Header("x-amz-security-token"), "token-of-AK");
}

TEST(S3Channel, AnonymousRequestsCarryNothingOfASignature) {
  FakeS3 s3([](S3Config& config) {
    config.anonymous = true;
    config.credentials = nullptr;
  });
  s3.transport.Answer(200, {}, kEmptyPage);
  ASSERT_EQ(ListOf(s3), "ok");
  for (const char* name : {"authorization", "x-amz-date", "x-amz-content-sha256"}) {
    EXPECT_EQ(s3.transport.last().Header(name), "(absent)") << name;
  }
  EXPECT_EQ(*s3.store->CredentialSetId(), "anonymous");
}

TEST(S3Channel, SuccessOfAmazonNeedsItsRequestId) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(200, {}, kEmptyPage);
  EXPECT_EQ(ListOf(s3), "corrupted: the answer does not look like S3's");
  s3.transport.Answer(200, kAwsId, kEmptyPage);
  EXPECT_EQ(ListOf(s3), "ok");
}

TEST(S3Channel, RedirectToTheBucketsRegionIsFollowedOnceAndRemembered) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(301, {{"x-amz-bucket-region", "eu-west-1"}}, ErrorXml("PermanentRedirect"));
  s3.transport.Answer(200, kAwsId, kEmptyPage);
  s3.transport.Answer(200, kAwsId, kEmptyPage);
  ASSERT_EQ(ListOf(s3), "ok");
  ASSERT_EQ(ListOf(s3), "ok");
  ASSERT_EQ(s3.transport.sent.size(), 3U);
  for (const std::size_t i : {1U, 2U}) {
    const SentRequest& sent = s3.transport.sent[i];
    EXPECT_TRUE(sent.url.starts_with("https://lake.s3.eu-west-1.amazonaws.com/?")) << sent.url;
    EXPECT_NE(sent.Header("authorization").find("/eu-west-1/s3/"), std::string::npos);
  }
  EXPECT_EQ(s3.meter.requests(RequestClass::kList), 3U);
}

TEST(S3Channel, RegionMayComeFromTheErrorBody) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(400, {},
                      ErrorXml("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"));
  s3.transport.Answer(200, kAwsId, kEmptyPage);
  ASSERT_EQ(ListOf(s3), "ok");
  EXPECT_TRUE(s3.transport.last().url.starts_with("https://lake.s3.eu-west-1.amazonaws.com/"));
}

TEST(S3Channel, HeadAsksTheBucketForItsRegion) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(400);
  s3.transport.Answer(301, {{"x-amz-bucket-region", "eu-west-1"}});
  s3.transport.Answer(404, kAwsId);
  EXPECT_EQ(Brief(s3.store->Head(s3.context, "k").status()), "not-found: no such object");
  ASSERT_EQ(s3.transport.sent.size(), 3U);
  EXPECT_EQ(s3.transport.sent[1].Line(), "HEAD https://lake.s3.us-east-1.amazonaws.com/");
  EXPECT_EQ(s3.transport.sent[2].Line(), "HEAD https://lake.s3.eu-west-1.amazonaws.com/k");
}

TEST(S3Channel, CustomEndpointIsSignedAgainForTheRegionItNamesOnTheSameHost) {
  FakeS3 s3;
  s3.transport.Answer(400, {}, ErrorXml("AuthorizationHeaderMalformed", "<Region>garage</Region>"));
  s3.transport.Answer(200, {}, kEmptyPage);
  ASSERT_EQ(ListOf(s3), "ok");
  EXPECT_TRUE(s3.transport.last().url.starts_with("http://127.0.0.1:9000/lake?"));
  EXPECT_NE(s3.transport.last().Header("authorization").find("/garage/s3/"), std::string::npos);
}

TEST(S3Channel, TemporaryRedirectIsFollowedButNotRemembered) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(307, {{"Location", "https://lake.s3-us-west-2.amazonaws.com/?list-type=9"}},
                      ErrorXml("TemporaryRedirect"));
  s3.transport.Answer(200, kAwsId, kEmptyPage);
  s3.transport.Answer(200, kAwsId, kEmptyPage);
  ASSERT_EQ(ListOf(s3), "ok");
  ASSERT_EQ(ListOf(s3), "ok");
  EXPECT_EQ(s3.transport.sent[1].url,
            "https://lake.s3-us-west-2.amazonaws.com/?encoding-type=url&list-type=2&max-keys=1000");
  EXPECT_TRUE(s3.transport.sent[2].url.starts_with("https://lake.s3.us-east-1."));
}

TEST(S3Channel, RedirectsElsewhereAreErrors) {
  for (const std::string& location :
       {std::string("https://evil.example/lake"), std::string("http://lake.s3.amazonaws.com/"),
        std::string("https://lake.s3.amazonaws.com.evil.example/"), std::string("/relative")}) {
    FakeS3 s3 = FakeS3::Amazon();
    s3.transport.Answer(307, {{"Location", location}}, ErrorXml("TemporaryRedirect"));
    EXPECT_TRUE(ListOf(s3).starts_with("corrupted: the service redirects to")) << ListOf(s3);
    EXPECT_EQ(s3.transport.sent.size(), 1U);
  }
}

TEST(S3Channel, SecondRedirectIsTheServicesFailure) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(301, {{"x-amz-bucket-region", "eu-west-1"}}, ErrorXml("PermanentRedirect"));
  s3.transport.Answer(301, {{"x-amz-bucket-region", "eu-west-2"}}, ErrorXml("PermanentRedirect"));
  EXPECT_EQ(ListOf(s3), "invalid-argument: said so");
  EXPECT_EQ(s3.transport.sent.size(), 2U);
}

TEST(S3Channel, RegionThatIsNoNameIsNotFollowed) {
  FakeS3 s3 = FakeS3::Amazon();
  s3.transport.Answer(301, {{"x-amz-bucket-region", "evil.example/"}},
                      ErrorXml("PermanentRedirect"));
  EXPECT_EQ(ListOf(s3), "invalid-argument: said so");
  EXPECT_EQ(s3.transport.sent.size(), 1U);
}

TEST(S3Channel, SkewedClockIsCorrectedForTheWholeRun) {
  FakeS3 s3;
  s3.transport.Answer(403, {{"Date", "Fri, 02 Jan 2026 03:24:05 GMT"}},
                      ErrorXml("RequestTimeTooSkewed"));
  s3.transport.Answer(200, {}, kEmptyPage);
  s3.transport.Answer(200, {}, kEmptyPage);
  ASSERT_EQ(ListOf(s3), "ok");
  ASSERT_EQ(ListOf(s3), "ok");
  EXPECT_EQ(s3.transport.sent[1].Header("x-amz-date"), "20260102T032405Z");
  EXPECT_EQ(s3.transport.sent[2].Header("x-amz-date"), "20260102T032405Z");
  EXPECT_NE(s3.log_text.str().find("differs from the service's by 1200 s"), std::string::npos);
}

TEST(S3Channel, WrongSignatureIsTheClocksFaultOnlyIfItIsFarOff) {
  FakeS3 near;
  near.transport.Answer(403, {{"Date", "Fri, 02 Jan 2026 03:06:00 GMT"}},
                        ErrorXml("SignatureDoesNotMatch"));
  EXPECT_EQ(ListOf(near), "unauthenticated: the service rejects the credentials: said so");
  EXPECT_EQ(near.transport.sent.size(), 1U);

  FakeS3 far;
  far.transport.Answer(403, {{"Date", "Fri, 02 Jan 2026 02:44:05 GMT"}},
                       ErrorXml("SignatureDoesNotMatch"));
  far.transport.Answer(200, {}, kEmptyPage);
  EXPECT_EQ(ListOf(far), "ok");
  EXPECT_EQ(far.transport.last().Header("x-amz-date"), "20260102T024405Z");
}

TEST(S3Channel, ClockIsCorrectedOnceForARequest) {
  FakeS3 s3;
  for (int i = 0; i < 2; ++i) {
    s3.transport.Answer(403, {{"Date", "Fri, 02 Jan 2026 03:24:05 GMT"}},
                        ErrorXml("RequestTimeTooSkewed"));
  }
  EXPECT_TRUE(ListOf(s3).starts_with("unauthenticated: "));
  EXPECT_EQ(s3.transport.left(), 0U);
}

TEST(S3Channel, ExpiredTokenIsRenewedOnce) {
  FakeS3 s3([](S3Config& config) {
    config.credentials = std::make_shared<FakeCredentials>(std::vector<std::string>{"OLD", "NEW"});
  });
  s3.transport.Answer(400, {}, ErrorXml("ExpiredToken"));
  s3.transport.Answer(200, {}, kEmptyPage);
  ASSERT_EQ(ListOf(s3), "ok");
  EXPECT_NE(s3.transport.sent[0].Header("authorization").find("=OLD/"), std::string::npos);
  EXPECT_NE(s3.transport.sent[1].Header("authorization").find("=NEW/"), std::string::npos);
  EXPECT_EQ(s3.transport.sent[1].Header("x-amz-security-token"), "token-of-NEW");
}

TEST(S3Channel, ExpiredTokenThatCannotBeRenewedIsNotSentAgain) {
  FakeS3 s3;
  s3.transport.Answer(400, {}, ErrorXml("ExpiredToken"));
  EXPECT_TRUE(ListOf(s3).starts_with("unauthenticated: "));
  EXPECT_EQ(s3.transport.sent.size(), 1U);
}

TEST(S3Channel, SecretsAreKeptOutOfTheLog) {
  FakeS3 s3;
  s3.transport.Answer(200, {}, kEmptyPage);
  ASSERT_EQ(ListOf(s3), "ok");
  s3.log.Info("secret-of-AK and token-of-AK");
  EXPECT_EQ(s3.log_text.str().find("of-AK"), std::string::npos);
}

TEST(S3Channel, MissingCredentialsFailBeforeAnythingIsSent) {
  class None final : public AwsCredentialProvider {
    Result<AwsCredentials> Get(bool) override {
      return Status(ErrorKind::kUnauthenticated, "no credentials: tried everything");
    }
  };
  FakeS3 s3([](S3Config& config) { config.credentials = std::make_shared<None>(); });
  const Status status = s3.store->List(s3.context, {}).status();
  EXPECT_EQ(status.ToString(), "cannot sign in for 's3://lake': no credentials: tried everything");
  EXPECT_TRUE(s3.transport.sent.empty());
}

TEST(S3Channel, StoppedCallsSendNothing) {
  FakeS3 s3;
  std::stop_source stop;
  stop.request_stop();
  s3.context.stop = stop.get_token();
  EXPECT_EQ(s3.store->List(s3.context, {}).status().kind(), ErrorKind::kCancelled);
  EXPECT_TRUE(s3.transport.sent.empty());
}

TEST(S3Channel, LostAnswersOfChangesAreMarked) {
  FakeS3 s3;
  s3.transport.Fail(Status(ErrorKind::kUnavailable, "reset").WithMaybeApplied(true));
  MemorySource body = SourceOf("x");
  const Status lost = s3.store->Put(s3.context, s3.permit, "k", {}, body).status();
  EXPECT_TRUE(lost.maybe_applied());
  EXPECT_EQ(lost.ToString(), "cannot write 's3://lake/k': reset");
}

TEST(S3Channel, FailureNamesOperationObjectAndWhatTheServiceSaid) {
  FakeS3 s3([](S3Config& config) { config.name = "minio-fra:lake"; });
  s3.transport.Answer(403, {{"x-amz-request-id", "R7"}}, ErrorXml("AccessDenied"));
  StringSink sink;
  const Status status = s3.store->Get(s3.context, "a/b", {}, sink).status();
  EXPECT_EQ(status.ToString(),
            "cannot read 'minio-fra:lake/a/b': permission denied (AccessDenied, request R1)");
}

TEST(S3Channel, PlainMissingHeadIsBelievedOnlyWithTheMarksOfS3) {
  FakeS3 s3;
  s3.transport.Answer(404, {{"Content-Type", "text/html"}});
  EXPECT_EQ(Brief(s3.store->Head(s3.context, "k").status()),
            "corrupted: the answer does not look like S3's");
  s3.transport.Answer(404, {{"Content-Type", "application/xml"}});
  EXPECT_EQ(s3.store->Head(s3.context, "k").status().kind(), ErrorKind::kNotFound);
  s3.transport.Answer(404, kAwsId);
  EXPECT_EQ(s3.store->Head(s3.context, "k").status().kind(), ErrorKind::kNotFound);
  StringSink sink;
  s3.transport.Answer(404, {}, "<html>not here</html>");
  EXPECT_EQ(Brief(s3.store->Get(s3.context, "k", {}, sink).status()),
            "corrupted: the answer does not look like S3's");
}

TEST(S3Channel, LargeBodiesWaitForAmazonsConsent) {
  FakeS3 s3 = FakeS3::Amazon();
  const std::string large(1 << 20, 'x');
  for (const std::string& text : {large, std::string("x")}) {
    s3.transport.Answer(500);
    MemorySource body = SourceOf(text);
    (void)s3.store->Put(s3.context, s3.permit, "k", {}, body);
    EXPECT_EQ(s3.transport.expect_continue, text == large);
  }
}

TEST(S3Channel, WithoutCredentialsOrAWayThereIsNoStore) {
  FakeS3 s3;
  S3Config config;
  config.bucket = "lake";
  EXPECT_EQ(Brief(S3Store::Create(config, s3.transport, s3.clock, s3.log).status()),
            "invalid-argument: no source of credentials was given");
  config.anonymous = true;
  config.endpoint = "ftp://x";
  EXPECT_EQ(S3Store::Create(config, s3.transport, s3.clock, s3.log).status().kind(),
            ErrorKind::kInvalidArgument);
}

TEST(S3Channel, EqualKeysHaveEqualSetIds) {
  const auto id_of = [](const char* id) {
    FakeS3 s3([id](S3Config& config) {
      config.credentials = std::make_shared<FakeCredentials>(std::vector<std::string>{id});
    });
    return *s3.store->CredentialSetId();
  };
  EXPECT_EQ(id_of("A"), id_of("A"));
  EXPECT_NE(id_of("A"), id_of("B"));
  EXPECT_EQ(id_of("AKSECRET").find("AKSECRET"), std::string::npos);
}

}  // namespace
}  // namespace godwit

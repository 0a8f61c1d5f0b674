#include "fakecloud/s3_auth.h"

#include <gtest/gtest.h>

#include "fakecloud/encoding.h"

// The vectors of the S3 documentation, with their dates as the present.

namespace fakecloud {
namespace {

constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

class S3AuthTest : public testing::Test {
 protected:
  S3AuthTest() {
    request_.method = "GET";
    request_.headers.Add("Host", "examplebucket.s3.amazonaws.com");
    request_.headers.Add("x-amz-date", "20130524T000000Z");
    request_.headers.Add("x-amz-content-sha256", kEmptyHash);
  }

  void Authorize(const std::string& signed_headers, const std::string& signature) {
    request_.headers.Set("Authorization",
                         "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
                         "aws4_request, SignedHeaders=" +
                             signed_headers + ", Signature=" + signature);
  }

  // The error's code; "" if the request is accepted.
  std::string Verdict() {
    const AuthRules rules{&credentials_, region_, now_};
    const S3Result<S3Identity> result =
        Authenticate(request_, *QueryParams::Parse(request_.query), rules);
    const S3Error* error = ErrorOf(result);
    return error == nullptr ? std::string() : error->code;
  }

  Request request_;
  std::vector<S3Credential> credentials_{
      {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""}};
  std::string region_ = "us-east-1";
  std::int64_t now_ = *ParseBasicTime("20130524T000000Z");
};

constexpr char kUsual[] = "host;x-amz-content-sha256;x-amz-date";

TEST_F(S3AuthTest, AcceptsGetWithRange) {
  request_.path = "/test.txt";
  request_.headers.Add("Range", "bytes=0-9");
  Authorize("host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(Verdict(), "");
  request_.headers.Set("Range", "bytes=0-8");
  EXPECT_EQ(Verdict(), "SignatureDoesNotMatch");
}

TEST_F(S3AuthTest, AcceptsQueriesInAnyOrder) {
  request_.path = "/";
  Authorize(kUsual, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  request_.query = "max-keys=2&prefix=J";
  EXPECT_EQ(Verdict(), "");
  request_.query = "prefix=J&max-keys=2";
  EXPECT_EQ(Verdict(), "");
  request_.query = "prefix=K&max-keys=2";
  EXPECT_EQ(Verdict(), "SignatureDoesNotMatch");
}

TEST_F(S3AuthTest, AcceptsParameterWithoutValue) {
  request_.path = "/";
  request_.query = "lifecycle";
  Authorize(kUsual, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(Verdict(), "");
}

TEST_F(S3AuthTest, AcceptsPutWithStorageClass) {
  request_.method = "PUT";
  request_.path = "/test%24file.text";
  request_.headers.Set("x-amz-content-sha256",
                       "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
  request_.headers.Add("Date", "Fri, 24 May 2013 00:00:00 GMT");
  request_.headers.Add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  Authorize("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(Verdict(), "");
}

TEST_F(S3AuthTest, AcceptsOddKeyAndRefusesOtherSpellings) {
  request_.path = "/a%20b/c%2Bd/e%2541//%C3%A9%3D~%28x%29%27%2A%21";
  Authorize(kUsual, "f7a74055d7accf335570ac3f6d6da871f6599828acb1993b916dc6de1e71bb12");
  EXPECT_EQ(Verdict(), "");
  // Another way to write the same key: the server encodes it as above before it verifies.
  request_.path = "/a%20b/c%2bd/e%2541//%c3%a9=~(x)'*!";
  EXPECT_EQ(Verdict(), "");
  request_.path = "/a%20b/c%2Bd/e%2541/%C3%A9%3D~%28x%29%27%2A%21";
  EXPECT_EQ(Verdict(), "SignatureDoesNotMatch");
}

TEST_F(S3AuthTest, AcceptsPresignedUrlUntilItExpires) {
  Request presigned;
  presigned.method = "GET";
  presigned.path = "/test.txt";
  presigned.headers.Add("Host", "examplebucket.s3.amazonaws.com");
  presigned.query =
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
      "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
      "X-Amz-SignedHeaders=host&X-Amz-Signature="
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
  request_ = presigned;
  EXPECT_EQ(Verdict(), "");
  now_ += 86'400;
  EXPECT_EQ(Verdict(), "");
  now_ += 1;
  EXPECT_EQ(Verdict(), "AccessDenied");
  now_ -= 86'401 + 901;
  EXPECT_EQ(Verdict(), "AccessDenied") << "not yet valid";
  now_ += 901;
  request_.query.replace(request_.query.find("=86400"), 6, "=604801");
  EXPECT_EQ(Verdict(), "AuthorizationQueryParametersError");
}

TEST_F(S3AuthTest, AllowsAQuarterOfAnHourOfSkew) {
  request_.path = "/";
  request_.query = "lifecycle=";
  Authorize(kUsual, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  for (const std::int64_t skew : {-900, 900}) {
    now_ += skew;
    EXPECT_EQ(Verdict(), "") << skew;
    now_ += skew > 0 ? 1 : -1;
    EXPECT_EQ(Verdict(), "RequestTimeTooSkewed") << skew;
    now_ -= skew + (skew > 0 ? 1 : -1);
  }
}

TEST_F(S3AuthTest, TellsWrongRegionServiceAndKeyApart) {
  request_.path = "/";
  Authorize(kUsual, "00");
  region_ = "eu-west-1";
  EXPECT_EQ(Verdict(), "AuthorizationHeaderMalformed");
  region_ = "us-east-1";
  EXPECT_EQ(Verdict(), "SignatureDoesNotMatch");
  credentials_[0].session_token = "t";
  EXPECT_EQ(Verdict(), "InvalidToken");
  credentials_.clear();
  EXPECT_EQ(Verdict(), "InvalidAccessKeyId");
}

TEST_F(S3AuthTest, WantsHostAndEveryAmzHeaderSigned) {
  request_.path = "/";
  Authorize("x-amz-content-sha256;x-amz-date", "00");
  EXPECT_EQ(Verdict(), "AccessDenied");
  Authorize(kUsual, "00");
  request_.headers.Add("x-amz-meta-a", "b");
  EXPECT_EQ(Verdict(), "AccessDenied");
}

TEST_F(S3AuthTest, RefusesMalformedAndMissingPieces) {
  request_.path = "/";
  request_.headers.Set("Authorization", "AWS AKIA:sig");
  EXPECT_EQ(Verdict(), "InvalidRequest");
  request_.headers.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/b");
  EXPECT_EQ(Verdict(), "AuthorizationHeaderMalformed");
  Authorize(kUsual, "00");
  request_.headers.Remove("x-amz-date");
  EXPECT_EQ(Verdict(), "AccessDenied");
  request_.headers.Remove("x-amz-content-sha256");
  EXPECT_EQ(Verdict(), "InvalidRequest");
}

TEST_F(S3AuthTest, RequestWithoutSignatureIsAnonymous) {
  request_.path = "/";
  const AuthRules rules{&credentials_, region_, now_};
  const S3Result<S3Identity> result = Authenticate(request_, QueryParams(), rules);
  ASSERT_EQ(ErrorOf(result), nullptr);
  EXPECT_TRUE(std::get<S3Identity>(result).anonymous);
}

}  // namespace
}  // namespace fakecloud

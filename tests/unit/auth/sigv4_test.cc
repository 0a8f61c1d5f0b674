#include "lib/auth/sigv4.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "lib/base/text.h"

// The vectors of the S3 documentation, with its example keys.

namespace godwit {
namespace {

constexpr std::string_view kHost = "examplebucket.s3.amazonaws.com";
constexpr SigV4Scope kScope{"us-east-1"};

AwsCredentials ExampleKeys() {
  AwsCredentials keys;
  keys.access_key_id = "AKIAIOSFODNN7EXAMPLE";
  keys.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
  return keys;
}

Timestamp ExampleTime() { return ParseRfc3339("2013-05-24T00:00:00Z")->time; }

std::string HeaderOf(const HttpHeaders& headers, std::string_view name) {
  return std::string(headers.Find(name).value_or("(absent)"));
}

// The signature that `request` gets.
std::string SignatureOf(const SigV4Request& request, HttpHeaders headers = {},
                        std::string_view payload_hash = kEmptyPayloadSha256) {
  SigV4Signer signer;
  signer.Sign(request, kScope, ExampleKeys(), payload_hash, ExampleTime(), headers);
  const std::string authorization = HeaderOf(headers, "authorization");
  return authorization.substr(authorization.rfind('=') + 1);
}

TEST(SigV4, SigningKeyIsThatOfTheDocumentation) {
  SigV4Signer signer;
  const SigV4Signer::Key key =
      signer.SigningKey("20130524", kScope, ExampleKeys().secret_access_key);
  EXPECT_EQ(HexEncode({reinterpret_cast<const char*>(key.data()), key.size()}),
            "dbb893acc010964918f1fd433add87c70e8b0db6be30c1fbeafefa5ec6ba8378");
}

TEST(SigV4, GetWithRange) {
  HttpHeaders headers;
  headers.Add("Range", "bytes=0-9");
  EXPECT_EQ(SignatureOf({HttpMethod::kGet, kHost, "/test.txt", ""}, headers),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, GetWithQuery) {
  const std::string query = CanonicalQuery({{"prefix", "J"}, {"max-keys", "2"}});
  EXPECT_EQ(SignatureOf({HttpMethod::kGet, kHost, "/", query}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, ParameterWithoutValueIsSignedWithAnEqualsSign) {
  EXPECT_EQ(SignatureOf({HttpMethod::kGet, kHost, "/", CanonicalQuery({{"lifecycle", ""}})}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(SigV4, PutWithSignedPayload) {
  HttpHeaders headers;
  headers.Add("Date", "Fri, 24 May 2013 00:00:00 GMT");
  headers.Add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  EXPECT_EQ(SignatureOf({HttpMethod::kPut, kHost, "/test%24file.text", ""}, headers,
                        "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, KeyWithEveryKindOfByteIsEncodedOnce) {
  const std::string path = "/" + PercentEncode("a b/c+d/e%41//\xC3\xA9=~(x)'*!", true);
  EXPECT_EQ(path, "/a%20b/c%2Bd/e%2541//%C3%A9%3D~%28x%29%27%2A%21");
  EXPECT_EQ(SignatureOf({HttpMethod::kGet, kHost, path, ""}),
            "f7a74055d7accf335570ac3f6d6da871f6599828acb1993b916dc6de1e71bb12");
}

// The next three were computed by botocore.

TEST(SigV4, KeysOfCloudStorageSignTheXmlApiForTheRegionAuto) {
  AwsCredentials keys;
  keys.access_key_id = "GOOGTS7C7FUP3AIRVJTE2BCDKINBTES3HC2GY5CBFJDCQ2SYHV6A6XXVTJFSA";
  keys.secret_access_key = Secret("bGoa+V7g/yqDXvKRqq+JTFn4uQZbPiQJo4pf9RzJ");
  const std::string path =
      "/bucket/" + PercentEncode("a b/c+d/%41//\xC3\xA9~\xF0\x9F\x98\x80/x=1&y?#", true);
  HttpHeaders headers;
  headers.Add("Range", "bytes=0-9");
  SigV4Signer signer;
  signer.Sign({HttpMethod::kGet, "storage.googleapis.com", path, ""}, {"auto"}, keys,
              kEmptyPayloadSha256, ParseRfc3339("2024-11-01T12:00:00Z")->time, headers);
  EXPECT_EQ(HeaderOf(headers, "authorization"),
            "AWS4-HMAC-SHA256 Credential="
            "GOOGTS7C7FUP3AIRVJTE2BCDKINBTES3HC2GY5CBFJDCQ2SYHV6A6XXVTJFSA/20241101/auto/s3/"
            "aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature="
            "ee19b1420d5389b78583ab5250e7a6b2045d3f9c8da9cde1376033b76abd2a7e");
}

TEST(SigV4, QueryOfOddCharactersEmptyValuesAndOneNameTwice) {
  const std::string query = CanonicalQuery({{"x", "2"},
                                            {"x", "10"},
                                            {"uploads", ""},
                                            {"prefix", "a b+c/\xC3\xA9~%41"},
                                            {"delimiter", "/"}});
  EXPECT_EQ(query, "delimiter=%2F&prefix=a%20b%2Bc%2F%C3%A9~%2541&uploads=&x=10&x=2");
  HttpHeaders headers;
  SigV4Signer signer;
  signer.Sign({HttpMethod::kGet, "b.s3.eu-central-1.amazonaws.com", "/", query}, {"eu-central-1"},
              ExampleKeys(), kEmptyPayloadSha256, ParseRfc3339("2024-11-01T12:00:00Z")->time,
              headers);
  EXPECT_TRUE(HeaderOf(headers, "authorization")
                  .ends_with("b7c302f8d11a552de6674b3806ff70a4853e7549e5da7a3fe876c20d96a04cdc"));
}

TEST(SigV4, RepeatedAndSpacedHeadersWithASessionToken) {
  AwsCredentials keys = ExampleKeys();
  keys.session_token = Secret("FwoGZXIvYXdzEXAMPLE//////////token==");
  HttpHeaders headers;
  for (const auto& [name, value] :
       {std::pair("x-amz-meta-b", "two   words"),
        std::pair("Content-MD5", "XrY7u+Ae7tCTyyK7j1rNww=="),
        std::pair("x-amz-meta-unicode", "=?UTF-8?B?w6k=?="),
        std::pair("x-amz-tagging", "a%20b=c%2Bd"), std::pair("X-Amz-Meta-A", "1"),
        std::pair("x-amz-meta-a", "2")}) {
    headers.Add(name, value);
  }
  SigV4Signer signer;
  signer.Sign({HttpMethod::kPut, "b.s3.eu-central-1.amazonaws.com", "/k~", ""}, {"eu-central-1"},
              keys, kUnsignedPayload, ParseRfc3339("2024-11-01T12:00:00Z")->time, headers);
  EXPECT_TRUE(HeaderOf(headers, "authorization")
                  .ends_with("38a838a0148b095fcb966d1058da563dcf734a0640934a336fd6444f876edf3f"));
}

TEST(SigV4, PresignedGet) {
  SigV4Signer signer;
  const std::string query =
      signer.Presign({HttpMethod::kGet, kHost, "/test.txt", ""}, kScope, ExampleKeys(),
                     std::chrono::seconds(86400), ExampleTime(), {});
  EXPECT_EQ(query,
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
            "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
            "X-Amz-SignedHeaders=host&X-Amz-Signature="
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(SigV4, PresignedQueryHoldsTheRequestsOwnParametersInOrder) {
  SigV4Signer signer;
  const std::string query =
      signer.Presign({HttpMethod::kGet, kHost, "/k", "partNumber=1&versionId=v"}, kScope,
                     ExampleKeys(), std::chrono::seconds(60), ExampleTime(), {});
  EXPECT_LT(query.find("X-Amz-SignedHeaders"), query.find("&partNumber=1&versionId=v&X-Amz-Sig"));
}

TEST(SigV4, AuthorizationNamesScopeAndSignedHeaders) {
  HttpHeaders headers;
  headers.Add("User-Agent", "godwit");
  headers.Add("Expect", "100-continue");
  headers.Add("Content-MD5", "x");
  SigV4Signer signer;
  signer.Sign({HttpMethod::kPut, kHost, "/k", ""}, kScope, ExampleKeys(), kUnsignedPayload,
              ExampleTime(), headers);
  EXPECT_TRUE(
      HeaderOf(headers, "authorization")
          .starts_with("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/"
                       "s3/aws4_request, SignedHeaders=content-md5;host;"
                       "x-amz-content-sha256;x-amz-date, Signature="));
  EXPECT_EQ(HeaderOf(headers, "x-amz-date"), "20130524T000000Z");
  EXPECT_EQ(HeaderOf(headers, "x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_FALSE(headers.Find("x-amz-security-token").has_value());
}

TEST(SigV4, SessionTokenIsSentAndSigned) {
  AwsCredentials keys = ExampleKeys();
  keys.session_token = Secret("token");
  HttpHeaders headers;
  SigV4Signer signer;
  signer.Sign({HttpMethod::kGet, kHost, "/", ""}, kScope, keys, kEmptyPayloadSha256, ExampleTime(),
              headers);
  EXPECT_EQ(HeaderOf(headers, "x-amz-security-token"), "token");
  EXPECT_NE(HeaderOf(headers, "authorization").find("x-amz-date;x-amz-security-token,"),
            std::string::npos);
}

TEST(SigV4, CanonicalHeadersAreTrimmedFoldedAndJoined) {
  HttpHeaders headers;
  headers.Add("X-Amz-Meta-B", "  two   words ");
  headers.Add("x-amz-meta-a", "1");
  headers.Add("X-AMZ-META-A", "2");
  EXPECT_EQ(SigV4CanonicalRequest({HttpMethod::kDelete, "h:9000", "", "q="}, headers, "HASH"),
            "DELETE\n/\nq=\nhost:h:9000\nx-amz-meta-a:1,2\nx-amz-meta-b:two words\n\n"
            "host;x-amz-meta-a;x-amz-meta-b\nHASH");
}

TEST(SigV4, CanonicalQueryEncodesAndSortsByEncodedNameThenValue) {
  EXPECT_EQ(CanonicalQuery({{"b", "2/3"}, {"a", "z"}, {"a", "\x01 +"}, {"uploads", ""}}),
            "a=%01%20%2B&a=z&b=2%2F3&uploads=");
}

TEST(SigV4, CachedKeyFollowsSecretDayAndRegion) {
  SigV4Signer signer;
  const Secret secret("a");
  const SigV4Signer::Key first = signer.SigningKey("20130524", kScope, secret);
  EXPECT_NE(signer.SigningKey("20130525", kScope, secret), first);
  EXPECT_NE(signer.SigningKey("20130524", {"eu-west-1"}, secret), first);
  EXPECT_NE(signer.SigningKey("20130524", kScope, Secret("b")), first);
  EXPECT_NE(signer.SigningKey("20130524", {"us-east-1", "sts"}, secret), first);
  EXPECT_EQ(signer.SigningKey("20130524", kScope, secret), first);
}

}  // namespace
}  // namespace godwit

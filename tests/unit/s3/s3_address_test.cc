#include "lib/store/s3/s3_address.h"

#include <gtest/gtest.h>

#include "tests/unit/s3/fake_s3.h"

namespace godwit {
namespace {

S3Config Config(std::string bucket, std::string endpoint = "") {
  S3Config config;
  config.bucket = std::move(bucket);
  config.endpoint = std::move(endpoint);
  return config;
}

// The whole address of `key`.
std::string AddressOf(const S3Config& config, std::string_view key, std::string_view region) {
  const Result<S3Route> route = MakeS3Route(config, region);
  return route.ok() ? route->origin + route->PathOf(key) : Brief(route.status());
}

std::string Redirected(const S3Config& config, std::string_view url) {
  const Result<S3Route> from = MakeS3Route(config, "us-east-1");
  const Result<S3Route> route = RedirectedS3Route(config, *from, url, "us-east-1");
  return route.ok() ? route->origin + route->PathOf("k") : Brief(route.status());
}

TEST(S3Address, AmazonBucketsStandInTheHost) {
  EXPECT_EQ(AddressOf(Config("lake"), "a b/c", "eu-west-1"),
            "https://lake.s3.eu-west-1.amazonaws.com/a%20b/c");
  EXPECT_EQ(AddressOf(Config("lake"), "", "us-east-1"), "https://lake.s3.us-east-1.amazonaws.com/");
  EXPECT_EQ(AddressOf(Config("lake"), "k", "cn-north-1"),
            "https://lake.s3.cn-north-1.amazonaws.com.cn/k");
}

TEST(S3Address, DottedAndOldBucketNamesStandInThePath) {
  EXPECT_EQ(AddressOf(Config("a.b"), "k", "us-east-1"), "https://s3.us-east-1.amazonaws.com/a.b/k");
  EXPECT_EQ(AddressOf(Config("Old_Name"), "", "us-east-1"),
            "https://s3.us-east-1.amazonaws.com/Old_Name");
}

TEST(S3Address, FipsAndDualstackHosts) {
  S3Config config = Config("lake");
  config.fips = config.dualstack = true;
  EXPECT_EQ(AddressOf(config, "k", "us-gov-west-1"),
            "https://lake.s3-fips.dualstack.us-gov-west-1.amazonaws.com/k");
}

TEST(S3Address, OtherEndpointsKeepTheirPrefixAndTakeTheBucketInThePath) {
  EXPECT_EQ(AddressOf(Config("lake", "http://127.0.0.1:9000"), "k", "r"),
            "http://127.0.0.1:9000/lake/k");
  EXPECT_EQ(AddressOf(Config("lake", "https://h.example/s3"), "", "r"),
            "https://h.example/s3/lake");
  S3Config config = Config("lake", "https://h.example");
  config.addressing = S3Addressing::kVirtual;
  EXPECT_EQ(AddressOf(config, "k", "r"), "https://lake.h.example/k");
}

TEST(S3Address, LeadingAndDoubleSlashesAndDotsOfKeysStay) {
  const S3Config config = Config("lake", "http://127.0.0.1:9000");
  EXPECT_EQ(AddressOf(config, "/a//b", "r"), "http://127.0.0.1:9000/lake//a//b");
  EXPECT_EQ(AddressOf(config, "../x/./y", "r"), "http://127.0.0.1:9000/lake/../x/./y");
  EXPECT_EQ(AddressOf(config, "q?#%2F+&", "r"), "http://127.0.0.1:9000/lake/q%3F%23%252F%2B%26");
}

TEST(S3Address, PlainHttpNeedsPermissionBeyondLoopback) {
  S3Config config = Config("lake", "http://minio.example");
  EXPECT_EQ(AddressOf(config, "k", "r"),
            "invalid-argument: endpoint http://minio.example would send data unencrypted; use "
            "https, or set allow_http = true on the remote");
  config.allow_http = true;
  EXPECT_EQ(AddressOf(config, "k", "r"), "http://minio.example/lake/k");
  EXPECT_EQ(AddressOf(Config("lake", "http://s3.localhost:1"), "k", "r"),
            "http://s3.localhost:1/lake/k");
}

TEST(S3Address, RegionsThatAreNoNamesAreRefused) {
  for (const std::string_view region : {"", "a.b", "a/b", "-a", "a-", "a b", "a@evil"}) {
    EXPECT_FALSE(MakeS3Route(Config("lake"), region).ok()) << region;
  }
}

TEST(S3Address, AmazonHostsAreTakenApart) {
  EXPECT_EQ(ParseAmazonHost("s3.eu-west-1.amazonaws.com")->region, "eu-west-1");
  EXPECT_EQ(ParseAmazonHost("s3-eu-west-1.amazonaws.com")->region, "eu-west-1");
  EXPECT_EQ(ParseAmazonHost("s3.amazonaws.com")->region, "us-east-1");
  EXPECT_EQ(ParseAmazonHost("s3-external-1.amazonaws.com")->region, "us-east-1");
  const std::optional<AmazonHost> fips =
      ParseAmazonHost("s3-fips.dualstack.us-gov-west-1.amazonaws.com");
  EXPECT_TRUE(fips->fips && fips->dualstack);
  EXPECT_EQ(fips->region, "us-gov-west-1");
  for (const std::string_view host :
       {"s3-accelerate.amazonaws.com", "bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com",
        "lake.s3.eu-west-1.amazonaws.com", "sts.amazonaws.com", "s3.eu-west-1.evil.example",
        "s3x.eu-west-1.amazonaws.com", "x.s3-accesspoint.us-west-2.amazonaws.com"}) {
    EXPECT_FALSE(ParseAmazonHost(host).has_value()) << host;
  }
}

TEST(S3Address, RedirectsStayWithAmazon) {
  EXPECT_EQ(Redirected(Config("lake"), "https://lake.s3-us-west-2.amazonaws.com/other?x"),
            "https://lake.s3-us-west-2.amazonaws.com/k");
  EXPECT_EQ(Redirected(Config("lake"), "https://s3.us-west-2.amazonaws.com/lake/k"),
            "https://s3.us-west-2.amazonaws.com/lake/k");
  for (const std::string_view url :
       {"http://lake.s3.us-west-2.amazonaws.com/k", "https://evil.example/lake/k",
        "https://lake.evil.example/k", "https://lake.s3.us-west-2.amazonaws.com:8443/k",
        "https://evil.s3.us-west-2.amazonaws.com/k", "https://sts.amazonaws.com/",
        "https://s3.us-west-2.amazonaws.com.evil.example/k"}) {
    EXPECT_TRUE(Redirected(Config("lake"), url)
                    .starts_with("invalid-argument: the service "
                                 "redirects to http"))
        << url << " " << Redirected(Config("lake"), url);
  }
  EXPECT_EQ(Redirected(Config("lake"), "https://user@s3.amazonaws.com/"),
            "invalid-argument: the service redirects to an address that cannot be used");
}

TEST(S3Address, RedirectsStayWithTheConfiguredEndpoint) {
  const S3Config config = Config("lake", "https://h.example:9000");
  EXPECT_EQ(Redirected(config, "https://lake.h.example:9000/x"), "https://lake.h.example:9000/k");
  EXPECT_EQ(Redirected(config, "https://eu.h.example:9000/x"), "https://eu.h.example:9000/lake/k");
  EXPECT_EQ(Redirected(config, "https://h.example:9001/x"),
            "invalid-argument: the service redirects to https://h.example:9001, which is not part "
            "of the configured service");
  EXPECT_FALSE(Redirected(config, "http://h.example:9000/x").starts_with("http"));
  EXPECT_FALSE(Redirected(config, "https://evilh.example:9000/x").starts_with("http"));
  EXPECT_FALSE(Redirected(config, "https://lake.s3.amazonaws.com/x").starts_with("http"));
}

TEST(S3Address, IdentityIsEqualForEverySpelling) {
  EXPECT_EQ(S3Identity(Config("lake")), "amazonaws.com/lake");
  S3Config other_region = Config("lake");
  other_region.region = "eu-west-1";
  EXPECT_EQ(S3Identity(other_region), S3Identity(Config("lake")));
  other_region.region = "cn-north-1";
  EXPECT_NE(S3Identity(other_region), S3Identity(Config("lake")));
  EXPECT_EQ(S3Identity(Config("lake", "http://127.0.0.1:9000")),
            S3Identity(Config("lake", "http://LOCALHOST:9000")));
  EXPECT_EQ(S3Identity(Config("lake", "https://H.example")), "h.example/lake");
  EXPECT_EQ(S3Identity(Config("lake", "https://h.example:443")), "h.example/lake");
  EXPECT_NE(S3Identity(Config("lake", "http://127.0.0.1:9000")),
            S3Identity(Config("lake", "http://127.0.0.1:9001")));
}

}  // namespace
}  // namespace godwit

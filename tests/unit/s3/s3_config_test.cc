#include "lib/store/s3/s3_config.h"

#include <gtest/gtest.h>

#include <map>

#include "lib/store/s3/s3_address.h"
#include "tests/unit/s3/fake_s3.h"

namespace godwit {
namespace {

struct Machine {
  std::map<std::string, std::string, std::less<>> variables{{"HOME", "/h"}};
  std::string config_file;
  S3Settings settings;

  Machine() { settings.bucket = "lake"; }

  Result<S3Config> Resolve() const {
    return ResolveS3Config(
        settings,
        [this](std::string_view name) -> std::optional<std::string> {
          const auto found = variables.find(name);
          if (found == variables.end()) return std::nullopt;
          return found->second;
        },
        [this](const std::string& path) -> Result<std::string> {
          if (path != "/h/.aws/config" || config_file.empty()) {
            return Status(ErrorKind::kNotFound, "no such file");
          }
          return config_file;
        });
  }
  S3Config Config() const {
    Result<S3Config> config = Resolve();
    EXPECT_TRUE(config.ok()) << config.status();
    return config.ok() ? *config : S3Config();
  }
};

TEST(S3Config, WithoutSettingsItIsAmazonsFirstRegion) {
  const S3Config config = Machine().Config();
  EXPECT_EQ(config.endpoint, "");
  EXPECT_EQ(config.region, "us-east-1");
  EXPECT_EQ(config.checksum, S3Checksum::kAuto);
  EXPECT_NE(config.credentials, nullptr);
}

TEST(S3Config, EndpointComesFromSettingThenVariablesThenProfile) {
  Machine machine;
  machine.config_file =
      "[default]\nendpoint_url = https://general\nservices = mine\n[services mine]\ns3 =\n"
      "  endpoint_url = https://services\n";
  EXPECT_EQ(machine.Config().endpoint, "https://services");
  machine.config_file = "[default]\nendpoint_url = https://general\n";
  EXPECT_EQ(machine.Config().endpoint, "https://general");
  machine.variables["AWS_ENDPOINT_URL"] = "https://all";
  EXPECT_EQ(machine.Config().endpoint, "https://all");
  machine.variables["AWS_ENDPOINT_URL_S3"] = "https://s3only/";
  EXPECT_EQ(machine.Config().endpoint, "https://s3only");
  machine.settings.endpoint = "https://remote";
  EXPECT_EQ(machine.Config().endpoint, "https://remote");
}

TEST(S3Config, ConfiguredEndpointsCanBeIgnored) {
  Machine machine;
  machine.variables["AWS_ENDPOINT_URL"] = "https://all";
  machine.variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(machine.Config().endpoint, "");
  machine.settings.endpoint = "https://remote";
  EXPECT_EQ(machine.Config().endpoint, "https://remote");
}

TEST(S3Config, RegionComesFromSettingThenVariablesThenProfileThenHost) {
  Machine machine;
  machine.settings.endpoint = "https://s3.eu-west-3.amazonaws.com";
  EXPECT_EQ(machine.Config().region, "eu-west-3");
  EXPECT_EQ(machine.Config().endpoint, "");
  machine.config_file = "[default]\nregion = eu-north-1\n";
  EXPECT_EQ(machine.Config().region, "eu-north-1");
  machine.variables["AWS_DEFAULT_REGION"] = "eu-west-2";
  EXPECT_EQ(machine.Config().region, "eu-west-2");
  machine.variables["AWS_REGION"] = "eu-west-1";
  EXPECT_EQ(machine.Config().region, "eu-west-1");
  machine.settings.region = "ap-south-1";
  EXPECT_EQ(machine.Config().region, "ap-south-1");
}

TEST(S3Config, HostsOfOtherServicesTellTheirRegion) {
  Machine machine;
  machine.settings.endpoint = "https://acct.r2.cloudflarestorage.com";
  EXPECT_EQ(machine.Config().region, "auto");
  machine.settings.endpoint = "https://s3.us-west-004.backblazeb2.com";
  EXPECT_EQ(machine.Config().region, "us-west-004");
  machine.settings.endpoint = "https://s3.eu-central-1.wasabisys.com";
  EXPECT_EQ(machine.Config().region, "eu-central-1");
}

TEST(S3Config, ProfileOfTheRemoteIsTheOneThatCounts) {
  Machine machine;
  machine.variables["AWS_PROFILE"] = "ber";
  machine.config_file =
      "[profile ber]\nregion = ber-1\n[profile fra]\nregion = fra-1\nca_bundle = /fra.pem\n"
      "s3 =\n  addressing_style = virtual\n";
  EXPECT_EQ(machine.Config().region, "ber-1");
  machine.settings.credentials.profile = "fra";
  const S3Config config = machine.Config();
  EXPECT_EQ(config.region, "fra-1");
  EXPECT_EQ(config.ca_bundle, "/fra.pem");
  EXPECT_EQ(config.addressing, S3Addressing::kVirtual);
}

TEST(S3Config, CaBundleComesFromSettingThenVariable) {
  Machine machine;
  machine.variables["AWS_CA_BUNDLE"] = "/a.pem";
  EXPECT_EQ(machine.Config().ca_bundle, "/a.pem");
  machine.settings.ca_bundle = "/b.pem";
  EXPECT_EQ(machine.Config().ca_bundle, "/b.pem");
}

TEST(S3Config, ChecksumsOnlyWhereRequiredMeansMd5) {
  Machine machine;
  machine.variables["AWS_REQUEST_CHECKSUM_CALCULATION"] = "WHEN_REQUIRED";
  EXPECT_EQ(machine.Config().checksum, S3Checksum::kMd5);
  machine.settings.checksum = "crc32c";
  EXPECT_EQ(machine.Config().checksum, S3Checksum::kCrc32c);
}

TEST(S3Config, AnonymousNeedsNoCredentials) {
  Machine machine;
  machine.settings.anonymous = true;
  EXPECT_EQ(machine.Config().credentials, nullptr);
}

TEST(S3Config, FipsAndDualstackComeFromVariablesAndHosts) {
  Machine machine;
  machine.variables["AWS_USE_FIPS_ENDPOINT"] = "true";
  machine.variables["AWS_USE_DUALSTACK_ENDPOINT"] = "true";
  EXPECT_TRUE(machine.Config().fips && machine.Config().dualstack);
  machine.settings.endpoint = "https://h.example";
  EXPECT_FALSE(machine.Config().fips || machine.Config().dualstack);
  machine.settings.endpoint = "https://s3-fips.us-east-2.amazonaws.com";
  EXPECT_TRUE(machine.Config().fips);
  EXPECT_FALSE(machine.Config().dualstack);
}

TEST(S3Config, ImpossibleSettingsAreNamed) {
  const auto failure = [](const std::function<void(Machine&)>& change) {
    Machine machine;
    change(machine);
    const Result<S3Config> config = machine.Resolve();
    return config.ok() ? "ok" : Brief(config.status());
  };
  EXPECT_EQ(failure([](Machine& m) { m.settings.addressing = "x"; }),
            "invalid-argument: addressing 'x' is none of auto, path, virtual");
  EXPECT_EQ(failure([](Machine& m) { m.settings.checksum = "sha1"; }),
            "invalid-argument: checksum 'sha1' is none of auto, crc64nvme, crc32c, md5, none");
  EXPECT_EQ(failure([](Machine& m) { m.settings.region = "a.b"; }),
            "invalid-argument: 'a.b' is not a region");
  EXPECT_EQ(failure([](Machine& m) { m.settings.bucket = "a/b"; }),
            "invalid-argument: not a bucket name");
  EXPECT_EQ(failure([](Machine& m) { m.settings.bucket = ".."; }),
            "invalid-argument: not a bucket name");
  EXPECT_EQ(failure([](Machine& m) { m.settings.bucket = "arn:aws:s3:::x"; }),
            "unsupported: access point ARNs are not supported");
  EXPECT_EQ(failure([](Machine& m) { m.settings.bucket = "b--use1-az1--x-s3"; }),
            "unsupported: directory buckets are not supported");
  EXPECT_EQ(failure([](Machine& m) { m.settings.endpoint = "https://h.example?x=1"; }),
            "invalid-argument: endpoint 'https://h.example?x=1' has a query");
  EXPECT_TRUE(failure([](Machine& m) {
                m.settings.endpoint = "minio:9000";
              }).starts_with("invalid-argument: endpoint 'minio:9000' is not a usable URL"));
  EXPECT_TRUE(failure([](Machine& m) {
                m.settings.endpoint = "http://h.example";
              }).starts_with("invalid-argument: endpoint http://h.example would send data"));
}

}  // namespace
}  // namespace godwit

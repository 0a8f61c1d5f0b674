#include "lib/store/s3/s3_promises.h"

#include <gtest/gtest.h>

#include "lib/store/s3/s3_knowledge.h"

namespace godwit {
namespace {

HttpHeaders Server(std::string_view name, std::string_view request_id = "") {
  HttpHeaders headers;
  if (!name.empty()) headers.Add("Server", name);
  if (!request_id.empty()) headers.Add("x-amz-request-id", request_id);
  return headers;
}

TEST(S3Promises, AmazonIsKnownByItsHostsAlone) {
  EXPECT_TRUE(PromisesOfHost("lake.s3.eu-west-1.amazonaws.com").is_aws);
  EXPECT_TRUE(PromisesOfHost("s3.cn-north-1.amazonaws.com.cn").is_aws);
  EXPECT_FALSE(PromisesOfHost("amazonaws.com.evil.example").is_aws);
  EXPECT_FALSE(PromisesOfHost("notamazonaws.com").is_aws);
  EXPECT_EQ(PromisesOfServer("AmazonS3", ""), nullptr);
}

TEST(S3Promises, HostsAndServersFindTheirRows) {
  EXPECT_EQ(PromisesOfHost("acct.r2.cloudflarestorage.com").service, "Cloudflare R2");
  EXPECT_EQ(PromisesOfHost("s3.us-west-004.backblazeb2.com").service, "Backblaze B2");
  EXPECT_EQ(PromisesOfHost("storage.googleapis.com").service, "Google Cloud Storage");
  EXPECT_EQ(PromisesOfHost("minio.example").service, "this S3 service");
  EXPECT_EQ(PromisesOfServer("MinIO/RELEASE.2025", "")->service, "MinIO");
  EXPECT_EQ(PromisesOfServer("VERSITYGW", "")->service, "versitygw");
  EXPECT_EQ(PromisesOfServer("Ceph Object Gateway (squid)", "")->service, "Ceph");
  EXPECT_EQ(PromisesOfServer("nginx", ""), nullptr);
}

TEST(S3Promises, CephWithoutAServerHeaderIsKnownByItsRequestIds) {
  const S3Promises* row = PromisesOfServer("", "tx000003eef92cfc961a3fa-006b036add-100c-default");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->service, "Ceph");
  EXPECT_EQ(PromisesOfServer("", "tx000003eef92cfc961a3fa-006b036add"), nullptr);  // Swift.
  EXPECT_EQ(PromisesOfServer("", "18EA7AD9C1D4C4DF"), nullptr);
}

TEST(S3Promises, UnknownServicesPromiseLittle) {
  const Capabilities capabilities = CapabilitiesOf(PromisesOfHost("x.example"));
  EXPECT_FALSE(capabilities.condition_on_put);
  EXPECT_EQ(capabilities.condition_on_finish, ConditionSupport::kNone);
  EXPECT_FALSE(capabilities.condition_on_delete);
  EXPECT_FALSE(capabilities.server_copy);
  EXPECT_EQ(capabilities.digests_stored, std::vector{DigestKind::kMd5});
}

TEST(S3Promises, AmazonPromisesEverything) {
  const Capabilities capabilities = CapabilitiesOf(PromisesOfHost("s3.amazonaws.com"));
  EXPECT_TRUE(capabilities.condition_on_put);
  EXPECT_EQ(capabilities.condition_on_finish, ConditionSupport::kAtFinish);
  EXPECT_TRUE(capabilities.condition_on_delete);
  EXPECT_TRUE(capabilities.condition_on_copy);
  EXPECT_TRUE(capabilities.server_copy);
  EXPECT_TRUE(capabilities.set_metadata);
}

TEST(S3Promises, MinioDoesNotPromiseConditionalDeletes) {
  EXPECT_FALSE(CapabilitiesOf(*PromisesOfServer("MinIO", "")).condition_on_delete);
  EXPECT_TRUE(CapabilitiesOf(*PromisesOfServer("MinIO", "")).condition_on_put);
}

TEST(S3Knowledge, FirstServerHeaderDecidesAndOldReferencesStayValid) {
  S3Knowledge knowledge(PromisesOfHost("127.0.0.1"), S3Checksum::kAuto);
  const Capabilities& before = knowledge.capabilities();
  knowledge.SeeAnswer(Server("nginx"));
  EXPECT_FALSE(knowledge.IsKnown());
  knowledge.SeeAnswer(Server("MinIO"));
  EXPECT_EQ(knowledge.promises().service, "MinIO");
  EXPECT_TRUE(knowledge.capabilities().condition_on_put);
  EXPECT_FALSE(before.condition_on_put);
  knowledge.SeeAnswer(Server("VERSITYGW"));
  EXPECT_EQ(knowledge.promises().service, "MinIO");
}

TEST(S3Knowledge, ServerHeaderCannotChangeAKnownHost) {
  S3Knowledge knowledge(PromisesOfHost("s3.amazonaws.com"), S3Checksum::kAuto);
  knowledge.SeeAnswer(Server("MinIO"));
  EXPECT_TRUE(knowledge.promises().is_aws);
}

TEST(S3Knowledge, RefusedChecksumIsRememberedOnlyUntilOneWasChecked) {
  S3Knowledge refused(PromisesOfHost("x.example"), S3Checksum::kAuto);
  EXPECT_EQ(refused.BodyChecksum(), S3Checksum::kCrc64Nvme);
  refused.ChecksumIsUnknown();
  EXPECT_EQ(refused.BodyChecksum(), S3Checksum::kMd5);

  S3Knowledge checked(PromisesOfHost("x.example"), S3Checksum::kAuto);
  checked.ChecksumWasChecked();
  checked.ChecksumIsUnknown();
  EXPECT_EQ(checked.BodyChecksum(), S3Checksum::kCrc64Nvme);
}

TEST(S3Knowledge, SettingDecidesWhatIsStored) {
  const S3Promises& aws = PromisesOfHost("s3.amazonaws.com");
  S3Knowledge crc32c(aws, S3Checksum::kCrc32c);
  EXPECT_EQ(crc32c.capabilities().digests_stored,
            (std::vector{DigestKind::kCrc32c, DigestKind::kMd5}));
  S3Knowledge md5(aws, S3Checksum::kMd5);
  EXPECT_EQ(md5.capabilities().digests_stored, std::vector{DigestKind::kMd5});
  EXPECT_EQ(md5.BodyChecksum(), S3Checksum::kMd5);
}

}  // namespace
}  // namespace godwit

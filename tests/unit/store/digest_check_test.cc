#include "lib/store/digest_check.h"

#include <gtest/gtest.h>

#include "lib/crypto/sha256.h"
#include "tests/contract/test_bytes.h"

namespace godwit {
namespace {

DigestSet AllOf(std::string_view bytes) {
  DigestSet all = CrcsOf(bytes);
  all.Set(Digest(DigestKind::kMd5, Md5(bytes)));
  all.Set(Digest(DigestKind::kSha256, Sha256(bytes)));
  return all;
}

Status Check(DigestCheck& check, std::string_view bytes) {
  check.Update(AsBytes(bytes.substr(0, 2)));
  check.Update(AsBytes(bytes.substr(2)));
  return check.Finish();
}

TEST(DigestCheck, RightDigestsAreConfirmed) {
  const DigestSet all = AllOf("bytes");
  DigestCheck check(all);
  EXPECT_TRUE(Check(check, "bytes").ok());
  EXPECT_EQ(check.confirmed(), all);
  EXPECT_EQ(check.proof(), WriteProof::kCrc64Nvme);
}

TEST(DigestCheck, EachWrongDigestIsNamed) {
  const DigestSet others = AllOf("other");
  for (const Digest& wrong : others.all()) {
    const DigestSet digests{wrong};
    DigestCheck check(digests);
    const Status status = Check(check, "bytes");
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.kind(), ErrorKind::kCorrupted);
    EXPECT_EQ(status.message().find(DigestName(wrong.kind())), 0u) << status;
  }
}

TEST(DigestCheck, CheapestComparesOneDigestOnly) {
  DigestSet digests = AllOf("bytes");
  digests.Set(Digest(DigestKind::kMd5, Md5(std::string_view("other"))));
  DigestCheck check(digests, DigestCheck::Extent::kCheapest);
  EXPECT_TRUE(Check(check, "bytes").ok());
  EXPECT_EQ(check.confirmed().all().size(), 1u);
}

TEST(DigestCheck, NothingGivenProvesNothing) {
  DigestCheck check({});
  EXPECT_TRUE(Check(check, "bytes").ok());
  EXPECT_EQ(check.proof(), WriteProof::kNone);
}

}  // namespace
}  // namespace godwit

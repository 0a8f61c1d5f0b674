#include "lib/base/digest_text.h"

#include <gtest/gtest.h>

namespace godwit {
namespace {

TEST(DigestText, Base64HasTheHighestByteFirst) {
  // The check value of CRC-32C, of the text "123456789".
  const Digest crc = Digest::Crc32c(0xE3069283);
  EXPECT_EQ(Base64Of(crc), "4waSgw==");
  EXPECT_EQ(DigestFromBase64(DigestKind::kCrc32c, "4waSgw=="), crc);
}

TEST(DigestText, OtherLengthsAndOtherTextAreNoDigest) {
  for (const char* text : {"", "4waS", "4waSgwA=", "4waSgw==-2", "####", "4waSgw"}) {
    EXPECT_EQ(DigestFromBase64(DigestKind::kCrc32c, text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace godwit

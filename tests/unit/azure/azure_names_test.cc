#include "lib/store/azure/azure_names.h"

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/store/azure/azure_block_id.h"

namespace godwit {
namespace {

TEST(AzureNames, IdentifiersStayThemselves) {
  for (const char* name : {"mtime", "godwit_crc64nvme", "_a", "a_", "a1", "ab_yx"}) {
    EXPECT_EQ(EncodeMetadataName(name), name);
    EXPECT_EQ(DecodeMetadataName(name), name);
  }
}

TEST(AzureNames, OtherBytesAreEscaped) {
  EXPECT_EQ(EncodeMetadataName("x-y"), "x_x2dy");
  EXPECT_EQ(EncodeMetadataName("1st"), "_x31st");
  EXPECT_EQ(EncodeMetadataName("a.b c"), "a_x2eb_x20c");
  EXPECT_EQ(EncodeMetadataName("\xC3\xA9"), "_xc3_xa9");
  EXPECT_EQ(EncodeMetadataName("a_xylo"), "a_x5fxylo");
}

TEST(AzureNames, NamesThatOthersChoseStayThemselves) {
  for (const char* name : {"a_xylo", "_x", "a_x2", "a_x2D", "a_x62", "_xff", "rename_key_x"}) {
    EXPECT_EQ(DecodeMetadataName(name), name);
  }
}

TEST(AzureNames, EveryNameComesBack) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(seed);
  Random random(seed);
  constexpr std::string_view kAlphabet = "abx_019-. /~";
  for (int round = 0; round < 20'000; ++round) {
    std::string name;
    for (std::uint64_t i = random.Below(12); i-- > 0;) {
      name += kAlphabet[random.Below(kAlphabet.size())];
    }
    const std::string encoded = EncodeMetadataName(name);
    ASSERT_EQ(DecodeMetadataName(encoded), name) << encoded;
  }
}

TEST(AzureBlockId, TellsUploadIndexAndCrc) {
  const AzureUpload upload{"0123abcd", 32};
  const std::string id = FormatAzureBlockId(upload, 49'999, 0x00FF00FF12345678);
  EXPECT_EQ(id, "gw10123abcd4999900ff00ff12345678");
  const auto read = AzureBlockId::Parse(id);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->identity, "0123abcd");
  EXPECT_EQ(read->index, 49'999u);
  EXPECT_EQ(read->crc64nvme, 0x00FF00FF12345678u);
}

TEST(AzureBlockId, IsOfTheUploadsWidthWithOrWithoutCrc) {
  for (const std::size_t width : {32UL, 36UL, 48UL, 64UL}) {
    const AzureUpload upload{"0123abcd", width};
    for (const std::optional<std::uint64_t> crc :
         {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(1)}) {
      const std::string id = FormatAzureBlockId(upload, 7, crc);
      EXPECT_EQ(id.size(), width);
      const auto read = AzureBlockId::Parse(id);
      ASSERT_TRUE(read.has_value()) << id;
      EXPECT_EQ(read->crc64nvme, crc);
    }
    const auto again = AzureUpload::FromId(upload.ToId());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->width, width);
  }
}

TEST(AzureBlockId, ForeignIdsAreNotTakenForOurs) {
  for (const char* id : {"", "block-00001", "gw1", "gw10123ABCD00007................",
                         "gw10123abcd0000x................", "gw20123abcd00007................",
                         "gw10123abcd00007zzzzzzzzzzzzzzzz", "gw10123abcd00007................x"}) {
    EXPECT_FALSE(AzureBlockId::Parse(id).has_value()) << id;
  }
  EXPECT_FALSE(AzureUpload::FromId(Secret("0123abcd.31")).has_value());
  EXPECT_FALSE(AzureUpload::FromId(Secret("s3-upload-id")).has_value());
}

}  // namespace
}  // namespace godwit

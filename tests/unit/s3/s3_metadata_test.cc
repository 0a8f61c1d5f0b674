#include "lib/store/s3/s3_metadata.h"

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/http/header_text.h"
#include "tests/unit/s3/fake_s3.h"

namespace godwit {
namespace {

std::string Header(const HttpHeaders& headers, std::string_view name) {
  return std::string(headers.Find(name).value_or("(absent)"));
}

TEST(S3Metadata, AttributesBecomeHeadersAndComeBack) {
  ObjectAttributes attributes;
  attributes.content_type = "text/plain; charset=utf-8";
  attributes.cache_control = "no-cache";
  attributes.content_encoding = "gzip";
  attributes.content_disposition = "attachment; filename=\"x\"";
  attributes.content_language = "de";
  attributes.storage_class = "STANDARD_IA";
  attributes.mtime = ParseEpochSeconds("1700000000.123456789");
  attributes.claimed_crc64nvme = 0xae8b14860a799888;
  attributes.user_metadata = {{"color", "gr\xC3\xBCn"}, {"plain", "a  b"}};
  HttpHeaders headers;
  ASSERT_TRUE(AddAttributeHeaders(attributes, true, headers).ok());
  EXPECT_EQ(Header(headers, "x-amz-meta-mtime"), "1700000000.123456789");
  EXPECT_EQ(Header(headers, "x-amz-meta-godwit_crc64nvme"), "ae8b14860a799888");
  EXPECT_EQ(Header(headers, "x-amz-meta-color"), "=?UTF-8?B?Z3LDvG4=?=");
  EXPECT_EQ(Header(headers, "x-amz-storage-class"), "STANDARD_IA");
  EXPECT_EQ(AttributesFromHeaders(headers), attributes);
}

TEST(S3Metadata, EmptyAttributesAddNothing) {
  HttpHeaders headers;
  ASSERT_TRUE(AddAttributeHeaders({}, true, headers).ok());
  EXPECT_TRUE(headers.all().empty());
}

TEST(S3Metadata, TagsAreEncodedAsAQueryOrLeftOut) {
  ObjectAttributes attributes;
  attributes.tags = {{"b", ""}, {"a b", "1+/="}};
  HttpHeaders with;
  ASSERT_TRUE(AddAttributeHeaders(attributes, true, with).ok());
  EXPECT_EQ(Header(with, "x-amz-tagging"), "a%20b=1%2B%2F%3D&b=");
  HttpHeaders without;
  ASSERT_TRUE(AddAttributeHeaders(attributes, false, without).ok());
  EXPECT_TRUE(without.all().empty());
}

TEST(S3Metadata, LineBreaksAndBadNamesAreRefused) {
  const auto failure = [](const ObjectAttributes& attributes) {
    HttpHeaders headers;
    return Brief(AddAttributeHeaders(attributes, true, headers));
  };
  ObjectAttributes attributes;
  attributes.user_metadata = {{"a", "x\r\nx-evil: 1"}};
  EXPECT_EQ(failure(attributes),
            "invalid-argument: the value of 'a' has a line break or a zero byte");
  attributes.user_metadata = {{"a", std::string("x\0y", 3)}};
  EXPECT_FALSE(failure(attributes) == "ok");
  attributes.user_metadata = {{"a b", "x"}};
  EXPECT_EQ(failure(attributes), "invalid-argument: 'a b' cannot be the name of S3 metadata");
  attributes.user_metadata = {{"", "x"}};
  EXPECT_FALSE(failure(attributes) == "ok");
  attributes.user_metadata.clear();
  attributes.content_type = "a\nb";
  EXPECT_EQ(failure(attributes),
            "invalid-argument: the value of 'content-type' has a line break or a zero byte");
}

TEST(S3Metadata, ClaimComesInHexOrBase64) {
  HttpHeaders headers;
  headers.Add("X-Amz-Meta-Godwit_Crc64nvme", "rosUhgp5mIg=");
  EXPECT_EQ(AttributesFromHeaders(headers).claimed_crc64nvme, 0xae8b14860a799888);
  headers.Set("X-Amz-Meta-Godwit_Crc64nvme", "zz");
  EXPECT_FALSE(AttributesFromHeaders(headers).claimed_crc64nvme.has_value());
}

TEST(S3Metadata, MtimeThatIsNoTimeStaysUserMetadata) {
  HttpHeaders headers;
  headers.Add("x-amz-meta-mtime", "yesterday");
  const ObjectAttributes attributes = AttributesFromHeaders(headers);
  EXPECT_FALSE(attributes.mtime.has_value());
  EXPECT_EQ(attributes.user_metadata.at("mtime"), "yesterday");
}

TEST(S3Metadata, NamesAreLowerCaseAndRepeatedFieldsOneList) {
  HttpHeaders headers;
  headers.Add("X-Amz-Meta-Color", "red");
  headers.Add("x-amz-meta-color", "blue");
  EXPECT_EQ(AttributesFromHeaders(headers).user_metadata.at("color"), "red,blue");
}

TEST(S3Metadata, UploadFramingIsNoContentEncoding) {
  HttpHeaders headers;
  headers.Add("content-encoding", "aws-chunked");
  EXPECT_EQ(AttributesFromHeaders(headers).content_encoding, "");
  headers.Set("content-encoding", "gzip, aws-chunked");
  EXPECT_EQ(AttributesFromHeaders(headers).content_encoding, "gzip");
  headers.Set("content-encoding", "aws-chunked,br");
  EXPECT_EQ(AttributesFromHeaders(headers).content_encoding, "br");
}

TEST(S3Metadata, HeaderTextOfOtherWritersIsRead) {
  EXPECT_EQ(DecodeHeaderText("=?utf-8?q?gr=C3=BCn_%41?="), "gr\xC3\xBCn %41");
  EXPECT_EQ(DecodeHeaderText("=?ISO-8859-1?Q?gr=FCn?="), "gr\xC3\xBCn");
  EXPECT_EQ(DecodeHeaderText("=?UTF-8?B?w6k=?= =?UTF-8?B?w6k=?="), "\xC3\xA9\xC3\xA9");
  EXPECT_EQ(DecodeHeaderText("a =?UTF-8?B?w6k=?= b"), "a \xC3\xA9 b");
  for (const char* broken :
       {"=?", "=?UTF-8", "=?UTF-8?B", "=?UTF-8?B?", "=?UTF-8?B?w6k=", "=?UTF-8?X?w6k=?=",
        "=?koi8-r?B?w6k=?=", "=?UTF-8?B?!?=", "=?UTF-8?Q?=4?=", "plain = text?"}) {
    EXPECT_EQ(DecodeHeaderText(broken), broken);
  }
}

TEST(S3Metadata, LongTextIsSplitIntoWordsAtCodePoints) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "\xE2\x82\xAC";
  const std::string encoded = EncodeHeaderText(text);
  for (std::size_t begin = 0; begin < encoded.size();) {
    const std::size_t end = std::min(encoded.find(' ', begin), encoded.size());
    const std::string word = encoded.substr(begin, end - begin);
    EXPECT_LE(word.size(), 75U);
    EXPECT_TRUE(IsValidUtf8(DecodeHeaderText(word))) << word;
    begin = end + 1;
  }
  EXPECT_EQ(DecodeHeaderText(encoded), text);
}

// Any text without line breaks survives the way through a header.
TEST(S3Metadata, EveryTextRoundTrips) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(seed);
  Random random(seed);
  const std::string alphabet = "a=?B_ \t\xC3\xA9\x7F\x01%Q-";
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    const std::uint64_t length = random.Below(120);
    for (std::uint64_t j = 0; j < length; ++j) text += alphabet[random.Below(alphabet.size())];
    const std::string encoded = EncodeHeaderText(text);
    ASSERT_EQ(DecodeHeaderText(encoded), text);
    for (const char c : encoded) ASSERT_TRUE(c >= 0x20 && c < 0x7F);
  }
}

}  // namespace
}  // namespace godwit

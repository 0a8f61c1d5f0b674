#include "lib/crypto/hmac.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace godwit {
namespace {

std::string Hex(std::span<const std::uint8_t> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string Counting(char first, char last) {
  std::string text;
  for (char byte = first; byte <= last; ++byte) text += byte;
  return text;
}

struct Golden {
  std::string key;
  std::string data;
  std::string_view mac;
};

// RFC 4231, cases 1-4, 6 and 7 (5 is truncated).
const std::array<Golden, 6> kGolden{{
    {std::string(20, '\x0b'), "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {std::string(20, '\xaa'), std::string(50, '\xdd'),
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {Counting(1, 25), std::string(50, '\xcd'),
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {std::string(131, '\xaa'),
     "This is a test using a larger than block-size key and a larger than block-size data. The "
     "key needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
}};

TEST(HmacSha256, AgreesWithRfc4231) {
  for (const Golden& golden : kGolden) {
    EXPECT_EQ(Hex(HmacSha256(golden.key, golden.data)), golden.mac) << golden.data;
  }
}

TEST(HmacSha256, EmptyKeyIsNotTheLastKey) {
  static constexpr std::string_view kEmptyMac =
      "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  HmacSha256("another key", "data");
  EXPECT_EQ(Hex(HmacSha256(std::string_view(), std::string_view())), kEmptyMac);
  EXPECT_EQ(Hex(HmacSha256("", "")), kEmptyMac);
}

// The signing key of the S3 documentation's examples.
TEST(HmacSha256, ChainsIntoTheSigV4SigningKey) {
  const Sha256Bytes date = HmacSha256("AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524");
  const Sha256Bytes region = HmacSha256(date, "us-east-1");
  const Sha256Bytes service = HmacSha256(region, "s3");
  EXPECT_EQ(Hex(HmacSha256(service, "aws4_request")),
            "dbb893acc010964918f1fd433add87c70e8b0db6be30c1fbeafefa5ec6ba8378");
}

}  // namespace
}  // namespace godwit

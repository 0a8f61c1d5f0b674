#include "fakecloud/aws_chunked.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "fakecloud/digests.h"

// The example of the S3 documentation: 66,560 bytes of 'a' in chunks of 64 KiB and 1 KiB.

namespace fakecloud {
namespace {

class TextBody final : public RequestBody {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  std::ptrdiff_t Read(std::span<std::byte> buffer) override {
    // Small pieces, so that framing is cut everywhere.
    const std::size_t count = std::min({buffer.size(), text_.size() - at_, std::size_t{1000}});
    std::memcpy(buffer.data(), text_.data() + at_, count);
    at_ += count;
    return static_cast<std::ptrdiff_t>(count);
  }
  std::optional<std::uint64_t> announced_size() const override { return text_.size(); }

 private:
  const std::string text_;
  std::size_t at_ = 0;
};

S3Identity DocumentedIdentity() {
  S3Identity identity;
  std::string key = HmacSha256("AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524");
  key = HmacSha256(HmacSha256(HmacSha256(key, "us-east-1"), "s3"), "aws4_request");
  identity.signing_key = key;
  identity.scope = "20130524/us-east-1/s3/aws4_request";
  identity.timestamp = "20130524T000000Z";
  identity.signature = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
  identity.payload_hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
  return identity;
}

std::string DocumentedBody() {
  return "10000;chunk-signature="
         "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
         std::string(65536, 'a') +
         "\r\n400;chunk-signature="
         "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
         std::string(1024, 'a') +
         "\r\n0;chunk-signature="
         "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
}

struct Decoded {
  std::string data;
  bool complete = false;
  bool signature_failed = false;
  std::vector<std::pair<std::string, std::string>> trailers;
};

Decoded Decode(const std::string& wire, const S3Identity& identity) {
  TextBody text(wire);
  AwsChunkedBody body(text, identity, 0);
  Decoded decoded;
  std::array<std::byte, 777> buffer;
  std::ptrdiff_t got;
  while ((got = body.Read(buffer)) > 0) {
    decoded.data.append(reinterpret_cast<const char*>(buffer.data()),
                        static_cast<std::size_t>(got));
  }
  decoded.complete = got == 0;
  decoded.signature_failed = body.signature_failed();
  decoded.trailers = body.trailers();
  return decoded;
}

TEST(AwsChunked, DocumentedSignedChunksAreAccepted) {
  const Decoded decoded = Decode(DocumentedBody(), DocumentedIdentity());
  EXPECT_TRUE(decoded.complete);
  EXPECT_EQ(decoded.data, std::string(66560, 'a'));
}

TEST(AwsChunked, ChangedByteOfASignedChunkIsNoticed) {
  for (const std::size_t at : {std::size_t{100}, DocumentedBody().size() - 200}) {
    std::string wire = DocumentedBody();
    ASSERT_EQ(wire[at], 'a');
    wire[at] = 'b';
    const Decoded decoded = Decode(wire, DocumentedIdentity());
    EXPECT_FALSE(decoded.complete);
    EXPECT_TRUE(decoded.signature_failed);
  }
}

TEST(AwsChunked, MissingLastChunkIsNotComplete) {
  const std::string wire = DocumentedBody();
  EXPECT_FALSE(Decode(wire.substr(0, wire.rfind("0;chunk")), DocumentedIdentity()).complete);
}

TEST(AwsChunked, UnsignedTrailersAreRead) {
  S3Identity identity;
  identity.payload_hash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
  const Decoded decoded =
      Decode("3\r\nabc\r\n1\r\nd\r\n0\r\nX-Amz-Checksum-Crc32: v==\r\n\r\n", identity);
  EXPECT_TRUE(decoded.complete);
  EXPECT_EQ(decoded.data, "abcd");
  EXPECT_THAT(decoded.trailers, testing::ElementsAre(testing::Pair("x-amz-checksum-crc32", "v==")));
  EXPECT_FALSE(Decode("3\r\nabcX\r\n0\r\n\r\n", identity).complete) << "chunk too long";
  EXPECT_FALSE(Decode("x\r\n", identity).complete);
}

}  // namespace
}  // namespace fakecloud

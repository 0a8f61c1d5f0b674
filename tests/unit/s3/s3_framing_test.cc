#include "lib/store/s3/s3_framing.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "lib/base/digest_text.h"
#include "lib/base/random.h"
#include "lib/checksum/crc.h"
#include "lib/store/s3/s3_wire.h"
#include "tests/unit/s3/fake_s3.h"

namespace godwit {
namespace {

constexpr std::size_t kPiece = 64 << 10;
constexpr std::size_t kSizes[] = {0,          1,          kPiece - 1,        kPiece,
                                  kPiece + 1, 2 * kPiece, 2 * kPiece + 12345};

std::string RandomText(Random& random, std::size_t length) {
  std::string text(length, '\0');
  for (char& c : text) c = static_cast<char>(random.Next());
  return text;
}

// Undoes the framing; the text behind the data is left in `tail`.
std::string Unframe(std::string_view framed, std::string& tail) {
  std::string data;
  for (;;) {
    const std::size_t line = framed.find("\r\n");
    const std::uint64_t length = std::stoull(std::string(framed.substr(0, line)), nullptr, 16);
    framed.remove_prefix(line + 2);
    if (length == 0) break;
    data += framed.substr(0, length);
    EXPECT_EQ(framed.substr(length, 2), "\r\n");
    framed.remove_prefix(length + 2);
  }
  tail = framed;
  return data;
}

// That of the S3 documentation's example "chunked upload".
SigV4ChunkSigner DocumentedSigner() {
  SigV4Signer signer;
  return SigV4ChunkSigner(signer.SigningKey("20130524", {"us-east-1"},
                                            Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
                          "20130524T000000Z", "20130524/us-east-1/s3/aws4_request",
                          "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
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

TEST(TrailerSource, BodiesOfEverySizeComeApartAgain) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(seed);
  Random random(seed);
  for (const std::size_t size : kSizes) {
    const std::string text = RandomText(random, size);
    StreamSource source(text);
    TrailerSource framed(source, DigestKind::kCrc32c);
    std::string tail;
    EXPECT_EQ(Unframe(ReadAll(framed), tail), text) << size;
    const Digest crc = Digest::Crc32c(Crc32c(0, std::as_bytes(std::span(text))));
    EXPECT_EQ(tail, "x-amz-checksum-crc32c:" + Base64Of(crc) + "\r\n\r\n");
    EXPECT_EQ(framed.digest(), crc);
  }
}

TEST(SignedSource, IsTheDocumentedExample) {
  StreamSource source(std::string(66'560, 'a'));
  SignedSource framed(source, DocumentedSigner());
  EXPECT_EQ(framed.size_bytes(), 66'824U);
  EXPECT_EQ(ReadAll(framed), DocumentedBody());
}

TEST(SignedSource, SizeIsKnownBeforehand) {
  for (const std::size_t size : kSizes) {
    StreamSource source(std::string(size, 'x'));
    SignedSource framed(source, DocumentedSigner());
    EXPECT_EQ(framed.size_bytes(), SignedSource::FramedBytes(size));
    EXPECT_EQ(ReadAll(framed).size(), framed.size_bytes()) << size;
  }
}

// libcurl rewinds a body when a connection that it reused turned out to be dead.
TEST(FramedSource, BeginsAgainFromTheFirstByteOnly) {
  StreamSource source(std::string(200'000, 'x'));
  SignedSource framed(source, DocumentedSigner());
  const std::string whole = ReadAll(framed);
  std::vector<std::byte> buffer(100);
  ASSERT_TRUE(framed.Read(0, buffer).ok());
  EXPECT_EQ(framed.Read(90'000, buffer).status().kind(), ErrorKind::kInternal);
  EXPECT_EQ(ReadAll(framed), whole);
}

TEST(Md5Source, HashesWhatPassesAlsoTheSecondTime) {
  StreamSource source(std::string("hello"));
  Md5Source watched(source);
  EXPECT_FALSE(watched.digest().has_value());
  std::vector<std::byte> buffer(2);
  ASSERT_TRUE(watched.Read(0, buffer).ok());
  EXPECT_EQ(ReadAll(watched), "hello");
  ASSERT_TRUE(watched.digest().has_value());
  EXPECT_EQ(Base64Of(*watched.digest()), "XUFAKrxLKna5cZ2REBfFkg==");
  EXPECT_EQ(watched.Read(3, buffer).status().kind(), ErrorKind::kInternal);
}

TEST(OrderedReader, SourceThatEndsEarlyIsCorrupted) {
  class Short final : public ByteSource {
   public:
    std::uint64_t size_bytes() const override { return 10; }
    Result<std::size_t> Read(std::uint64_t, std::span<std::byte>) override {
      return std::size_t{0};
    }
  };
  Short source;
  TrailerSource framed(source, DigestKind::kCrc32c);
  std::vector<std::byte> buffer(100);
  EXPECT_EQ(framed.Read(0, buffer).status().kind(), ErrorKind::kCorrupted);
}

}  // namespace
}  // namespace godwit

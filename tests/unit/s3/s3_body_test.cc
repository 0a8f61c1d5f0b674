#include "lib/store/s3/s3_body.h"

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/checksum/crc.h"
#include "tests/unit/s3/fake_s3.h"

namespace godwit {
namespace {

S3Protection Protection(S3Checksum checksum) {
  S3Protection protection;
  protection.checksum = checksum;
  return protection;
}

S3Request Attached(ByteSource& source, const S3Protection& protection,
                   const DigestSet& known = {}) {
  const Result<S3Body> body = S3Body::Prepare(source, known, protection);
  EXPECT_TRUE(body.ok()) << body.status();
  S3Request request;
  body->AttachTo(request);
  return request;
}

std::string Header(const S3Request& request, std::string_view name) {
  return std::string(request.headers.Find(name).value_or("(absent)"));
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

std::string RandomText(Random& random, std::size_t length) {
  std::string text(length, '\0');
  for (char& c : text) c = static_cast<char>(random.Next());
  return text;
}

TEST(S3Body, EachChecksumHasItsHeader) {
  MemorySource source = SourceOf("hello");
  EXPECT_EQ(
      Header(Attached(source, Protection(S3Checksum::kCrc64Nvme)), "x-amz-checksum-crc64nvme"),
      "M3eFcAZSQlc=");
  EXPECT_EQ(Header(Attached(source, Protection(S3Checksum::kCrc32c)), "x-amz-checksum-crc32c"),
            "mnG7TA==");
  EXPECT_EQ(Header(Attached(source, Protection(S3Checksum::kMd5)), "content-md5"),
            "XUFAKrxLKna5cZ2REBfFkg==");
  const S3Request none = Attached(source, Protection(S3Checksum::kNone));
  EXPECT_TRUE(none.headers.all().empty());
  EXPECT_EQ(none.payload_hash, "UNSIGNED-PAYLOAD");
}

TEST(S3Body, KnownDigestsAreBelievedAndTheBodyIsNotRead) {
  StreamSource source("hello");
  const S3Request request =
      Attached(source, Protection(S3Checksum::kCrc64Nvme), DigestSet{Digest::Crc64Nvme(1)});
  EXPECT_EQ(Header(request, "x-amz-checksum-crc64nvme"), "AAAAAAAAAAE=");
  EXPECT_EQ(source.reads, 0);
}

TEST(S3Body, PlainHttpToOthersSignsTheBytes) {
  MemorySource source = SourceOf("Welcome to Amazon S3.");
  S3Protection protection = Protection(S3Checksum::kCrc64Nvme);
  protection.sign_payload = protection.trailer_allowed = true;
  EXPECT_EQ(Attached(source, protection).payload_hash,
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
  StreamSource stream("Welcome to Amazon S3.");
  EXPECT_EQ(Header(Attached(stream, protection), "x-amz-trailer"), "(absent)");
}

TEST(S3Body, StreamWithoutADigestIsReadOnceWithItsChecksumBehindIt) {
  StreamSource source("hello");
  S3Protection protection = Protection(S3Checksum::kCrc64Nvme);
  protection.trailer_allowed = true;
  const Result<S3Body> body = S3Body::Prepare(source, {}, protection);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(source.reads, 0);
  EXPECT_FALSE(body->sent().has_value());
  S3Request request;
  request.headers.Add("content-encoding", "gzip");
  body->AttachTo(request);
  EXPECT_EQ(request.payload_hash, "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  EXPECT_EQ(Header(request, "content-encoding"), "gzip,aws-chunked");
  EXPECT_EQ(Header(request, "x-amz-decoded-content-length"), "5");
  EXPECT_EQ(Header(request, "x-amz-trailer"), "x-amz-checksum-crc64nvme");
  EXPECT_EQ(ReadAll(*request.body),
            "5\r\nhello\r\n0\r\nx-amz-checksum-crc64nvme:M3eFcAZSQlc=\r\n\r\n");
  EXPECT_EQ(Base64Of(*body->sent()), "M3eFcAZSQlc=");
}

TEST(S3Body, FramedBodiesOfEverySizeComeApartAgain) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(seed);
  Random random(seed);
  constexpr std::size_t kChunk = 1 << 20;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kChunk - 1, kChunk, kChunk + 1,
                                 2 * kChunk, 2 * kChunk + 12345}) {
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

TEST(S3Body, FramedBodyCanBeReadAgainFromAnywhere) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(seed);
  Random random(seed);
  const std::string text = RandomText(random, 1'500'000);
  StreamSource source(text);
  TrailerSource framed(source, DigestKind::kCrc64Nvme);
  const std::string whole = ReadAll(framed);
  StreamSource again_source(text);
  TrailerSource again(again_source, DigestKind::kCrc64Nvme);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t offset = random.Below(whole.size());
    std::vector<std::byte> buffer(1 + random.Below(5000));
    const Result<std::size_t> count = again.Read(offset, buffer);
    ASSERT_TRUE(count.ok());
    ASSERT_GT(*count, 0U);
    ASSERT_EQ(std::string_view(reinterpret_cast<const char*>(buffer.data()), *count),
              std::string_view(whole).substr(offset, *count));
  }
}

TEST(S3Body, DigestsAreComputedInOnePass) {
  StreamSource source(std::string(100'000, 'x'));
  const std::array kinds{DigestKind::kCrc64Nvme, DigestKind::kMd5, DigestKind::kSha256};
  const Result<DigestSet> digests = CompleteDigests({}, kinds, source);
  ASSERT_TRUE(digests.ok());
  EXPECT_EQ(digests->all().size(), 3U);
  EXPECT_EQ(source.reads, 1);
}

}  // namespace
}  // namespace godwit

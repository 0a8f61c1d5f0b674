#include "fakecloud/encoding.h"

#include <gtest/gtest.h>

#include "fakecloud/digests.h"
#include "lib/base/random.h"

namespace fakecloud {
namespace {

TEST(Encoding, CanonicalFormEscapesAllButUnreserved) {
  EXPECT_EQ(EncodeCanonical("a b/c+d/e%41//é=~(x)'*!", true),
            "a%20b/c%2Bd/e%2541//%C3%A9%3D~%28x%29%27%2A%21");
  EXPECT_EQ(EncodeCanonical("a/b", false), "a%2Fb");
}

TEST(Encoding, ListingFormWritesSpaceAsPlusAndKeepsSlash) {
  EXPECT_EQ(EncodeForListing("a b/c+d%~\n"), "a+b/c%2Bd%25%7E%0A");
}

TEST(Encoding, PercentDecodingRefusesBrokenEscapes) {
  EXPECT_EQ(DecodePercent("a%2fb+c", false), "a/b+c");
  EXPECT_EQ(DecodePercent("a+b", true), "a b");
  EXPECT_FALSE(DecodePercent("a%2", false));
  EXPECT_FALSE(DecodePercent("a%zz", false));
}

TEST(Encoding, Base64IsStrict) {
  for (const std::string plain : {"", "f", "fo", "foo", "foob"}) {
    EXPECT_EQ(FromBase64(ToBase64(plain)), plain);
  }
  EXPECT_FALSE(FromBase64("Zg="));
  EXPECT_FALSE(FromBase64("Z===")) << "one character cannot hold a byte";
  EXPECT_FALSE(FromBase64("Zm 9"));
  EXPECT_FALSE(FromBase64("Zg==Zg=="));
}

TEST(Encoding, XmlShowsControlCharactersAsReferences) {
  EXPECT_EQ(EscapeXml("a<b>&\"\x01\x1f\n"), "a&lt;b&gt;&amp;&quot;&#x1;&#x1F;&#xA;");
}

TEST(Encoding, Utf8RefusesOverlongSurrogatesAndCutSequences) {
  EXPECT_TRUE(IsUtf8("aé\xEF\xBF\xBF\xF0\x9F\x98\x80"));
  EXPECT_FALSE(IsUtf8("\xC0\xAF"));
  EXPECT_FALSE(IsUtf8("\xED\xA0\x80"));
  EXPECT_FALSE(IsUtf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(IsUtf8("\xE2\x82"));
  EXPECT_FALSE(IsUtf8("\x80"));
}

TEST(Encoding, GlobStarTakesSlashesAndBackslashEscapes) {
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("a*z", "a/b/z"));
  EXPECT_TRUE(GlobMatches("a?c", "abc"));
  EXPECT_TRUE(GlobMatches("*.bin", "x.bin.bin"));
  EXPECT_TRUE(GlobMatches("a\\*", "a*"));
  EXPECT_TRUE(GlobMatches("a\\?", "a?"));
  EXPECT_FALSE(GlobMatches("a\\*", "ab"));
  EXPECT_FALSE(GlobMatches("a\\?", "ab"));
  EXPECT_FALSE(GlobMatches("a?c", "ac"));
  EXPECT_FALSE(GlobMatches("a", "ab"));
}

TEST(Encoding, TimesRoundTrip) {
  EXPECT_EQ(FormatHttpTime(1369353600), "Fri, 24 May 2013 00:00:00 GMT");
  EXPECT_EQ(ParseHttpTime("Fri, 24 May 2013 00:00:00 GMT"), 1369353600);
  EXPECT_EQ(ParseBasicTime("20130524T000000Z"), 1369353600);
  EXPECT_EQ(FormatIsoTime(1369353600), "2013-05-24T00:00:00.000Z");
  EXPECT_FALSE(ParseBasicTime("20130524T000000"));
}

TEST(Digests, HaveTheirCheckValues) {
  const auto base64 = [](ChecksumKind kind, std::string_view text) {
    return ToBase64(Checksum(kind, text));
  };
  EXPECT_EQ(base64(ChecksumKind::kCrc32, "123456789"), "y/Q5Jg==");
  EXPECT_EQ(base64(ChecksumKind::kCrc32c, "123456789"), "4waSgw==");
  EXPECT_EQ(base64(ChecksumKind::kCrc64Nvme, "123456789"), "rosUhgp5mIg=");
  EXPECT_EQ(base64(ChecksumKind::kCrc64Nvme, "hello"), "M3eFcAZSQlc=");
  EXPECT_EQ(base64(ChecksumKind::kCrc64Nvme, ""), "AAAAAAAAAAA=");
  EXPECT_EQ(ToBase64(Md5("hello")), "XUFAKrxLKna5cZ2REBfFkg==");
  EXPECT_EQ(ToHex(Checksum(ChecksumKind::kSha1, "abc")),
            "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(ToHex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digests, CombinedCrcIsTheCrcOfTheWhole) {
  const std::uint64_t seed = godwit::RandomSeed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  godwit::Random random(seed);
  for (int round = 0; round < 50; ++round) {
    std::string a(random.Below(300), '\0'), b(random.Below(300), '\0');
    for (char& c : a) c = static_cast<char>(random.Next());
    for (char& c : b) c = static_cast<char>(random.Next());
    for (ChecksumKind kind :
         {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme}) {
      EXPECT_EQ(CombineCrc(kind, Checksum(kind, a), Checksum(kind, b), b.size()),
                Checksum(kind, a + b))
          << ChecksumName(kind);
    }
  }
}

TEST(Digests, HasherAgreesWithOneShotForms) {
  const std::string text(100'003, 'x');
  BodyHasher hasher;
  for (ChecksumKind kind : kChecksumKinds) hasher.Want(kind);
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  hasher.Update(bytes.first(7));
  hasher.Update(bytes.subspan(7));
  hasher.Finish();
  for (ChecksumKind kind : kChecksumKinds) EXPECT_EQ(hasher.value(kind), Checksum(kind, text));
  EXPECT_EQ(hasher.md5(), Md5(text));
}

}  // namespace
}  // namespace fakecloud

#include "lib/base/text.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "lib/base/random.h"

namespace godwit {
namespace {

using std::chrono::milliseconds;

std::string RandomText(Random& random, std::size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random.Next());
  return text;
}

struct Escaping {
  std::string_view bytes;
  std::string_view shown;
};

const std::vector<Escaping> kEscapings{
    {"", ""},
    {"plain/name.bin", "plain/name.bin"},
    {"caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80"},
    {"back\\slash 'quote\"", "back\\slash 'quote\""},
    {"a\nb\tc\r", "a\\x0ab\\x09c\\x0d"},
    {std::string_view("nul\0", 4), "nul\\x00"},
    {"\x1b[31mred", "\\x1b[31mred"},
    {"\x7f", "\\x7f"},
    {"\xc2\x80 \xc2\x9f", "\\xc2\\x80 \\xc2\\x9f"},                  // C1.
    {"\xc2\xa0", "\xc2\xa0"},                                        // The first one after C1.
    {"\xe2\x80\xae", "\\xe2\\x80\\xae"},                             // Right-to-left override.
    {"\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"},  // Isolates.
    {"\xd8\x9c", "\\xd8\\x9c"},                                      // Arabic letter mark.
    {"\xe2\x80\x8e", "\\xe2\\x80\\x8e"},                             // Left-to-right mark.
    {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},                             // Line separator.
    {"\xff", "\\xff"},
    {"a\x80z", "a\\x80z"},  // A continuation without its lead.
    {"\xc3", "\\xc3"},      // A lead without its continuation.
    {"\xe4\xb8", "\\xe4\\xb8"},
    {"\xc3(", "\\xc3("},
    {"\xc0\xaf", "\\xc0\\xaf"},  // '/' spelled too long.
    {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // A surrogate.
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // Above U+10FFFF.
    {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"},
};

TEST(EscapeForDisplay, ShowsWhatIsHarmlessAndEscapesTheRest) {
  for (const Escaping& entry : kEscapings) {
    EXPECT_EQ(EscapeForDisplay(entry.bytes), entry.shown) << HexEncode(entry.bytes);
  }
}

TEST(EscapeForDisplay, ResultIsAlwaysPrintableUtf8) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 2000; ++round) {
    const std::string shown = EscapeForDisplay(RandomText(random, random.Below(40)));
    ASSERT_TRUE(IsValidUtf8(shown)) << HexEncode(shown);
    ASSERT_EQ(EscapeForDisplay(shown), shown);
  }
}

TEST(IsValidUtf8, AcceptsExactlyTheShortestFormsOfScalarValues) {
  for (const std::string_view valid :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsValidUtf8(valid)) << HexEncode(valid);
  }
  for (const std::string_view invalid :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe",
        "\xff", "ok\xc3"}) {
    EXPECT_FALSE(IsValidUtf8(invalid)) << HexEncode(invalid);
  }
}

TEST(ParseUint64, TakesDigitsOnly) {
  EXPECT_EQ(ParseUint64("0"), 0u);
  EXPECT_EQ(ParseUint64("007"), 7u);
  EXPECT_EQ(ParseUint64("18446744073709551615"), UINT64_MAX);
  for (const std::string_view bad : {"", "-1", "+1", " 1", "1 ", "0x10", "1e3", "1.0",
                                     "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_EQ(ParseUint64(bad), std::nullopt) << bad;
  }
}

struct Size {
  std::string_view text;
  std::uint64_t bytes;
};

const std::vector<Size> kSizes{
    {"0", 0},
    {"4096", 4096},
    {"7B", 7},
    {"64KiB", 65'536},
    {"5MB", 5'000'000},
    {"1.5GiB", 1'610'612'736},
    {"2kB", 2000},
    {"2KB", 2000},
    {"1MiB", 1'048'576},
    {"3GB", 3'000'000'000},
    {"1TB", 1'000'000'000'000},
    {"1TiB", 1'099'511'627'776},
    {"0.5KiB", 512},
    {"1.0MiB", 1'048'576},
    {"1.25MB", 1'250'000},
    {"0.29kB", 290},
    {"8.2kB", 8200},
    {"1.001GB", 1'001'000'000},
    {"0.123456789TB", 123'456'789'000},
    {"0.9999999999999999999999TB", 999'999'999'999},
    {"0.00000000000000000000001TiB", 0},
    {"16777215TiB", 18'446'742'974'197'923'840U},
    {"18446744073709551615", UINT64_MAX},
};

TEST(ParseByteSize, KnowsDecimalAndBinaryUnits) {
  for (const Size& entry : kSizes) EXPECT_EQ(ParseByteSize(entry.text), entry.bytes) << entry.text;
}

TEST(ParseByteSize, RefusesWhatIsNotASize) {
  for (const std::string_view bad : {"",
                                     "KiB",
                                     "-1",
                                     "+1",
                                     " 1",
                                     "1 KiB",
                                     "1kib",
                                     "1KIB",
                                     "1kb",
                                     "1.5",
                                     "1.5B",
                                     "1.",
                                     "1.KiB",
                                     ".5KiB",
                                     "1..5KiB",
                                     "1.5.5KiB",
                                     "1e3",
                                     "1,5KiB",
                                     "0x10",
                                     "1PiB",
                                     "16777216TiB",
                                     "18446744073709551616",
                                     "16777215.99999999TiB1"}) {
    EXPECT_EQ(ParseByteSize(bad), std::nullopt) << bad;
  }
}

// 0.0157 MB is 15700 bytes, also where binary floating point would say 15699.
TEST(ParseByteSize, DecimalFractionsAreExact) {
  for (std::uint64_t fraction = 0; fraction < 10'000; ++fraction) {
    std::string digits = std::to_string(fraction);
    digits.insert(0, 4 - digits.size(), '0');
    ASSERT_EQ(ParseByteSize("8." + digits + "MB"), 8'000'000 + fraction * 100) << digits;
    ASSERT_EQ(ParseByteSize("8." + digits + "TB"), 8'000'000'000'000 + fraction * 100'000'000);
  }
}

TEST(FormatByteSize, ShowsOneDecimalOfTheLargestUnit) {
  EXPECT_EQ(FormatByteSize(0), "0 B");
  EXPECT_EQ(FormatByteSize(512), "512 B");
  EXPECT_EQ(FormatByteSize(1023), "1023 B");
  EXPECT_EQ(FormatByteSize(1024), "1.0 KiB");
  EXPECT_EQ(FormatByteSize(1536), "1.5 KiB");
  EXPECT_EQ(FormatByteSize(16'777'216), "16.0 MiB");
  EXPECT_EQ(FormatByteSize(1'048'575), "1.0 MiB");
  EXPECT_EQ(FormatByteSize(1'073'741'824), "1.0 GiB");
  EXPECT_EQ(FormatByteSize(5'000'000'000'000), "4.5 TiB");
  EXPECT_EQ(FormatByteSize(UINT64_MAX), "16384.0 PiB");
}

TEST(ParseDuration, KnowsItsUnits) {
  EXPECT_EQ(ParseDuration("0s"), milliseconds(0));
  EXPECT_EQ(ParseDuration("250ms"), milliseconds(250));
  EXPECT_EQ(ParseDuration("30s"), milliseconds(30'000));
  EXPECT_EQ(ParseDuration("10m"), milliseconds(600'000));
  EXPECT_EQ(ParseDuration("2h"), milliseconds(7'200'000));
  EXPECT_EQ(ParseDuration("7d"), milliseconds(604'800'000));
}

TEST(ParseDuration, RefusesWhatIsNotADuration) {
  for (const std::string_view bad : {"", "5", "s", "-1s", "+1s", "1.5s", "1 s", " 1s", "1S", "1sec",
                                     "1s2", "18446744073709551615s", "9223372036854775808ms"}) {
    EXPECT_EQ(ParseDuration(bad), std::nullopt) << bad;
  }
}

TEST(Hex, EncodesInLowerCaseAndDecodesBoth) {
  EXPECT_EQ(HexEncode(std::string_view("\x00\x7f\xAB\xff", 4)), "007fabff");
  EXPECT_EQ(HexDecode("007fABff"), std::string("\x00\x7f\xab\xff", 4));
  EXPECT_EQ(HexDecode(""), "");
  for (const std::string_view bad : {"0", "0g", "g0", " 0", "0x", "-1", "000"}) {
    EXPECT_EQ(HexDecode(bad), std::nullopt) << bad;
  }
}

struct Coding {
  std::string_view bytes;
  std::string_view text;
};

// RFC 4648, section 10; the S3 reference's CRC32C and CRC64NVME of "123456789".
const std::vector<Coding> kBase64{
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xe3\x06\x92\x83", "4waSgw=="},
    {"\xae\x8b\x14\x86\x0a\x79\x98\x88", "rosUhgp5mIg="},
    {"\xfb\xff\xbf", "+/+/"},
};

TEST(Base64, AgreesWithRfc4648) {
  for (const Coding& entry : kBase64) {
    EXPECT_EQ(Base64Encode(entry.bytes), entry.text);
    EXPECT_EQ(Base64Decode(entry.text), entry.bytes) << entry.text;
  }
}

TEST(Base64, DecodingRefusesEveryOtherSpelling) {
  for (const std::string_view bad : {"Zg", "Zg=", "Z===", "====", "=", "Zm9v=", "Zg==Zg==", "Zh==",
                                     "Zm9=", "Zm9\n", " Zg=", "-_-_", "Zm9vYg==\n", "Z=g="}) {
    EXPECT_EQ(Base64Decode(bad), std::nullopt) << bad;
  }
}

TEST(PercentEncode, KeepsUnreservedBytesOnly) {
  EXPECT_EQ(PercentEncode("AZaz09-._~", false), "AZaz09-._~");
  EXPECT_EQ(PercentEncode("a b/c+d", false), "a%20b%2Fc%2Bd");
  EXPECT_EQ(PercentEncode("a b/c+d/e%41//\xc3\xa9=~(x)'*!", true),
            "a%20b/c%2Bd/e%2541//%C3%A9%3D~%28x%29%27%2A%21");
  EXPECT_EQ(PercentEncode(std::string_view("\0\xff", 2), true), "%00%FF");
}

TEST(PercentDecode, UndoesBothCasesAndKeepsPlus) {
  EXPECT_EQ(PercentDecode("a%20b%2fc%2Fd+e"), "a b/c/d+e");
  EXPECT_EQ(PercentDecode("%00%ff"), std::string("\0\xff", 2));
  EXPECT_EQ(PercentDecode("%2541"), "%41");
  for (const std::string_view bad : {"%", "%4", "a%", "a%4", "%g0", "%0g", "%%41", "% 41"}) {
    EXPECT_EQ(PercentDecode(bad), std::nullopt) << bad;
  }
}

TEST(Codings, DecodingUndoesEncoding) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 500; ++round) {
    const std::string bytes = RandomText(random, random.Below(100));
    ASSERT_EQ(HexDecode(HexEncode(bytes)), bytes);
    ASSERT_EQ(Base64Decode(Base64Encode(bytes)), bytes);
    ASSERT_EQ(PercentDecode(PercentEncode(bytes, false)), bytes);
    ASSERT_EQ(PercentDecode(PercentEncode(bytes, true)), bytes);
  }
}

TEST(AsciiLower, LeavesAllButAsciiLettersAlone) {
  EXPECT_EQ(AsciiLower("ETag-X[@`{09 \xc3\x89"), "etag-x[@`{09 \xc3\x89");
}

}  // namespace
}  // namespace godwit

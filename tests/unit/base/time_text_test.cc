#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "lib/base/random.h"
#include "lib/base/text.h"

namespace godwit {
namespace {

using std::chrono::nanoseconds;

Timestamp At(std::int64_t seconds, std::int64_t nanos = 0) {
  return Timestamp(nanoseconds(seconds * 1'000'000'000 + nanos));
}

struct Golden {
  std::string_view text;
  Timestamp time;
  int fraction_digits;
};

const std::vector<Golden> kRfc3339{
    {"1970-01-01T00:00:00Z", At(0), 0},
    {"2026-01-31T12:00:00.000Z", At(1'769'860'800), 3},
    {"2024-02-29T23:59:59.5Z", At(1'709'251'199, 500'000'000), 1},
    {"2013-05-24T00:00:00.123456789Z", At(1'369'353'600, 123'456'789), 9},
    {"2013-05-24T00:00:00.1234567891Z", At(1'369'353'600, 123'456'789), 9},
    {"2013-05-24T02:30:00+02:30", At(1'369'353'600), 0},
    {"2013-05-23T19:00:00-0500", At(1'369'353'600), 0},
    {"2013-05-24t00:00:00z", At(1'369'353'600), 0},
    {"2013-05-24 00:00:00.10Z", At(1'369'353'600, 100'000'000), 2},
    {"1969-12-31T23:59:59.25Z", At(-1, 250'000'000), 2},
    {"1901-12-13T20:45:52Z", At(-2'147'483'648), 0},
    {"2038-01-19T03:14:08Z", At(2'147'483'648), 0},
    {"2016-12-31T23:59:60Z", At(1'483'228'800), 0},
};

TEST(ParseRfc3339, KeepsTheInstantAndItsPrecision) {
  for (const Golden& golden : kRfc3339) {
    const std::optional<PreciseTime> time = ParseRfc3339(golden.text);
    ASSERT_TRUE(time) << golden.text;
    EXPECT_EQ(time->time, golden.time) << golden.text;
    EXPECT_EQ(time->fraction_digits, golden.fraction_digits) << golden.text;
  }
}

TEST(ParseRfc3339, RefusesWhatIsNotAnInstant) {
  for (const std::string_view bad : {"",
                                     "2013-05-24",
                                     "2013-05-24T00:00:00",
                                     "2013-05-24T00:00Z",
                                     "2013-05-24T00:00:00.Z",
                                     "2013-05-24T00:00:00ZZ",
                                     "2013-05-24T00:00:00Z ",
                                     " 2013-05-24T00:00:00Z",
                                     "2013-13-24T00:00:00Z",
                                     "2013-00-24T00:00:00Z",
                                     "2013-05-00T00:00:00Z",
                                     "2013-02-29T00:00:00Z",
                                     "2013-05-24T24:00:00Z",
                                     "2013-05-24T00:60:00Z",
                                     "2013-05-24T00:00:61Z",
                                     "2013-05-24T00:00:00+24:00",
                                     "2013-05-24T00:00:00+01:60",
                                     "2013-05-24T00:00:00+1:00",
                                     "2013-05-24T00:00:00+01",
                                     "13-05-24T00:00:00Z",
                                     "2O13-05-24T00:00:00Z",
                                     "-013-05-24T00:00:00Z",
                                     "2013-05-24X00:00:00Z",
                                     "0001-01-01T00:00:00Z",
                                     "9999-12-31T23:59:59Z"}) {
    EXPECT_EQ(ParseRfc3339(bad), std::nullopt) << bad;
  }
}

TEST(FormatRfc3339, WritesExactlyTheDigitsAskedFor) {
  const Timestamp time = At(1'369'353'600, 123'456'789);
  EXPECT_EQ(FormatRfc3339(time, 0), "2013-05-24T00:00:00Z");
  EXPECT_EQ(FormatRfc3339(time, 1), "2013-05-24T00:00:00.1Z");
  EXPECT_EQ(FormatRfc3339(time, 3), "2013-05-24T00:00:00.123Z");
  EXPECT_EQ(FormatRfc3339(time, 9), "2013-05-24T00:00:00.123456789Z");
  EXPECT_EQ(FormatRfc3339(At(0), 3), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatRfc3339(At(-1, 250'000'000), 2), "1969-12-31T23:59:59.25Z");
}

TEST(FormatRfc3339, KnowsTheWholeRangeOfTimestamps) {
  EXPECT_EQ(FormatRfc3339(Timestamp::min(), 9), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(FormatRfc3339(Timestamp::max(), 9), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(FormatHttpDate(Timestamp::min()), "Tue, 21 Sep 1677 00:12:43 GMT");
}

TEST(ParseHttpDate, KnowsAllThreeForms) {
  for (const std::string_view text :
       {"Fri, 24 May 2013 10:20:30 GMT", "Friday, 24-May-13 10:20:30 GMT",
        "Fri May 24 10:20:30 2013"}) {
    const std::optional<PreciseTime> time = ParseHttpDate(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(time->time, At(1'369'390'830)) << text;
    EXPECT_EQ(time->fraction_digits, 0) << text;
  }
  EXPECT_EQ(ParseHttpDate("Sun Nov  6 08:49:37 1994")->time, At(784'111'777));
  EXPECT_EQ(ParseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT")->time, At(784'111'777));
}

TEST(ParseHttpDate, RefusesWhatIsNotADate) {
  for (const std::string_view bad :
       {"", "Fri, ", "Fri, 24 May 2013", "Fri, 24 May 2013 10:20:30", "Fri, 24 May 2013 10:20 GMT",
        "Fri, 24 May 2013 10:20:30 CET", "Fri, 24 May 2013 10:20:30 GMT ",
        "Fri, 32 May 2013 10:20:30 GMT", "Fri, 24 Mai 2013 10:20:30 GMT",
        "Fri, 24 May 2013 25:20:30 GMT", "24 May 2013 10:20:30 GMT", "Fri May 24 10:20:30 13",
        "Friday, 24-May-2013 10:20:30 GMT", "1369390830"}) {
    EXPECT_EQ(ParseHttpDate(bad), std::nullopt) << bad;
  }
}

TEST(FormatHttpDate, WritesTheFixedForm) {
  EXPECT_EQ(FormatHttpDate(At(1'369'353'600)), "Fri, 24 May 2013 00:00:00 GMT");
  EXPECT_EQ(FormatHttpDate(At(784'111'777, 999'999'999)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

const std::vector<Golden> kEpoch{
    {"0", At(0), 0},
    {"1700000000", At(1'700'000'000), 0},
    {"1700000000.5", At(1'700'000'000, 500'000'000), 1},
    {"1700000000.123456789", At(1'700'000'000, 123'456'789), 9},
    {"1700000000.000000001", At(1'700'000'000, 1), 9},
    {"0.000", At(0), 3},
    {"-1", At(-1), 0},
    {"-0.25", At(-1, 750'000'000), 2},
    {"-1.5", At(-2, 500'000'000), 1},
};

TEST(EpochSeconds, TextAndTimeConvertBothWays) {
  for (const Golden& golden : kEpoch) {
    const std::optional<PreciseTime> time = ParseEpochSeconds(golden.text);
    ASSERT_TRUE(time) << golden.text;
    EXPECT_EQ(time->time, golden.time) << golden.text;
    EXPECT_EQ(time->fraction_digits, golden.fraction_digits) << golden.text;
    EXPECT_EQ(FormatEpochSeconds(*time), golden.text);
  }
}

TEST(ParseEpochSeconds, RefusesWhatIsNotANumberOfSeconds) {
  for (const std::string_view bad : {"", "-", "+1", "--1", ".5", "-.5", "1.", "1.5.5", "1e9", " 1",
                                     "1 ", "0x1", "1,5", "9223372037", "99999999999999999999"}) {
    EXPECT_EQ(ParseEpochSeconds(bad), std::nullopt) << bad;
  }
}

TEST(ParseEpochSeconds, CutsDigitsBeyondNanoseconds) {
  EXPECT_EQ(ParseEpochSeconds("1.1234567899"), (PreciseTime{At(1, 123'456'789), 9}));
}

// A time that carries more than its source keeps is written as Same() compares it: cut down.
TEST(FormatEpochSeconds, CutsLikeSame) {
  for (const std::int64_t nanos :
       {1'500'000'000, -1'500'000'000, -1, -999'999'999, -1'000'000'000}) {
    for (const int digits : {0, 1, 3, 8}) {
      const PreciseTime time{Timestamp(nanoseconds(nanos)), digits};
      const std::optional<PreciseTime> again = ParseEpochSeconds(FormatEpochSeconds(time));
      ASSERT_TRUE(again) << FormatEpochSeconds(time);
      EXPECT_TRUE(PreciseTime::Same(time, *again)) << nanos << " with " << digits << " digits";
    }
  }
}

TEST(FormatEpochSeconds, KnowsTheWholeRangeOfTimestamps) {
  EXPECT_EQ(FormatEpochSeconds({Timestamp::min(), 9}), "-9223372036.854775808");
  EXPECT_EQ(FormatEpochSeconds({Timestamp::min(), 0}), "-9223372037");
  EXPECT_EQ(FormatEpochSeconds({Timestamp::max(), 9}), "9223372036.854775807");
}

TEST(Times, EveryFormReadsBackWhatItWrites) {
  const std::uint64_t seed = RandomSeed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int round = 0; round < 2000; ++round) {
    const std::int64_t seconds =
        static_cast<std::int64_t>(random.Below(18'000'000'000)) - 9'000'000'000;
    const PreciseTime time{At(seconds, static_cast<std::int64_t>(random.Below(1'000'000'000))), 9};
    ASSERT_EQ(ParseRfc3339(FormatRfc3339(time.time, 9)), time);
    ASSERT_EQ(ParseEpochSeconds(FormatEpochSeconds(time)), time);
    ASSERT_EQ(ParseHttpDate(FormatHttpDate(time.time)), (PreciseTime{At(seconds), 0}));
  }
}

}  // namespace
}  // namespace godwit

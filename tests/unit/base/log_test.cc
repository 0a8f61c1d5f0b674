#include "lib/base/log.h"

#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "lib/base/text.h"

namespace godwit {
namespace {

// A secret of the shape of AWS's, with bytes that every encoding changes.
constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

std::string Logged(std::string_view message, LogFormat format = LogFormat::kText) {
  std::ostringstream out;
  Log log(out, LogLevel::kDebug, format);
  log.Redact(Secret(std::string(kSecret)));
  log.Warn(message);
  return out.str();
}

TEST(Log, TextNamesTheProgramAndAllLevelsButError) {
  std::ostringstream out;
  Log log(out, LogLevel::kDebug, LogFormat::kText);
  log.Error("e");
  log.Warn("w");
  log.Info("i");
  log.Debug("d");
  EXPECT_EQ(out.str(), "godwit: e\ngodwit: warning: w\ngodwit: info: i\ngodwit: debug: d\n");
}

TEST(Log, WritesNothingBelowItsLevel) {
  std::ostringstream out;
  Log log(out, LogLevel::kWarning, LogFormat::kText);
  log.Info("quiet");
  log.Debug("quiet");
  EXPECT_EQ(out.str(), "");
  EXPECT_TRUE(log.Enabled(LogLevel::kWarning));
  EXPECT_FALSE(log.Enabled(LogLevel::kInfo));
}

TEST(Log, JsonIsOneObjectALine) {
  std::ostringstream out;
  Log log(out, LogLevel::kInfo, LogFormat::kJson);
  log.Warn("say \"a\\b\"\n");
  const std::string line = out.str();
  const std::size_t level = line.find(",\"level\"");
  ASSERT_NE(level, std::string::npos) << line;
  EXPECT_TRUE(line.starts_with("{\"time\":\"")) << line;
  EXPECT_TRUE(ParseRfc3339(line.substr(9, level - 10))) << line;
  EXPECT_EQ(line.substr(level),
            ",\"level\":\"warning\",\"message\":\"say \\\"a\\\\b\\\"\\\\x0a\"}\n");
}

TEST(Log, AMessageStaysOnOneLine) {
  EXPECT_EQ(Logged("key 'a\nb\x1b[0m\xff'"), "godwit: warning: key 'a\\x0ab\\x1b[0m\\xff'\n");
}

TEST(Log, RedactsASecretAsItIs) {
  EXPECT_EQ(Logged("bad key " + std::string(kSecret) + ", twice " + std::string(kSecret)),
            "godwit: warning: bad key [redacted], twice [redacted]\n");
}

TEST(Log, RedactsEveryEncodingOfASecret) {
  const std::string secret(kSecret);
  std::string lower_percent = PercentEncode(secret, false);
  for (std::size_t at = lower_percent.find('%'); at != std::string::npos;
       at = lower_percent.find('%', at + 1)) {
    lower_percent.replace(at, 3, AsciiLower(lower_percent.substr(at, 3)));
  }
  for (const std::string& form : {PercentEncode(secret, false), PercentEncode(secret, true),
                                  lower_percent, Base64Encode(secret)}) {
    ASSERT_NE(form, secret);
    EXPECT_EQ(Logged("got " + form), "godwit: warning: got [redacted]\n");
    EXPECT_EQ(Logged("got " + form, LogFormat::kJson).find(form), std::string::npos) << form;
  }
}

TEST(Log, RedactsBase64WithoutItsPaddingAndInTheAlphabetForUrls) {
  const std::string secret = "\xfb\xff\xbf\xfe token";  // "+/+/" and so on.
  std::string base64 = Base64Encode(secret);
  ASSERT_TRUE(base64.ends_with("="));
  std::ostringstream out;
  Log log(out, LogLevel::kInfo, LogFormat::kText);
  log.Redact(Secret(secret));
  const std::string bare = base64.substr(0, base64.find('='));
  std::string for_urls = bare;
  for (char& c : for_urls) c = c == '+' ? '-' : c == '/' ? '_' : c;
  log.Info("a " + bare + " b " + for_urls + " c");
  EXPECT_EQ(out.str(), "godwit: info: a [redacted] b [redacted] c\n");
}

// A header such as Basic authorization encodes the secret behind other bytes.
TEST(Log, RedactsBase64OfASecretBehindOtherBytes) {
  const std::string secret(kSecret);
  for (const std::string_view before : {"u:", "us:", "use:", "user:"}) {
    const std::string encoded = Base64Encode(std::string(before) + secret + " and more");
    const std::string logged = Logged("Basic " + encoded);
    EXPECT_NE(logged.find("[redacted]"), std::string::npos) << before;
    EXPECT_LT(logged.size(), encoded.size()) << before << ": " << logged;
  }
}

TEST(Log, ASecretThatContainsAnotherVanishesWhole) {
  std::ostringstream out;
  Log log(out, LogLevel::kInfo, LogFormat::kText);
  log.Redact(Secret("token"));
  log.Redact(Secret("token-and-tail"));
  log.Info("x token-and-tail y token z");
  EXPECT_EQ(out.str(), "godwit: info: x [redacted] y [redacted] z\n");
}

TEST(Log, AnEmptySecretRedactsNothing) {
  std::ostringstream out;
  Log log(out, LogLevel::kInfo, LogFormat::kText);
  log.Redact(Secret());
  log.Info("plain");
  EXPECT_EQ(out.str(), "godwit: info: plain\n");
}

TEST(Log, WarnOnceWarnsOncePerTopic) {
  std::ostringstream out;
  Log log(out, LogLevel::kInfo, LogFormat::kText);
  log.WarnOnce("clock", "clock differs by 5 s");
  log.WarnOnce("clock", "clock differs by 6 s");
  log.WarnOnce("other", "something else");
  EXPECT_EQ(out.str(), "godwit: warning: clock differs by 5 s\ngodwit: warning: something else\n");
}

TEST(Log, LinesOfManyThreadsDoNotMix) {
  std::ostringstream out;
  Log log(out, LogLevel::kInfo, LogFormat::kText);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&log] {
        for (int n = 0; n < 100; ++n) log.Info("a whole line");
      });
    }
  }
  std::string expected;
  for (int i = 0; i < 400; ++i) expected += "godwit: info: a whole line\n";
  EXPECT_EQ(out.str(), expected);
}

}  // namespace
}  // namespace godwit

#include "lib/http/url.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

namespace godwit {
namespace {

Url Parsed(std::string_view text) {
  Result<Url> url = Url::Parse(text);
  EXPECT_TRUE(url.ok()) << text << ": " << url.status();
  return url.ok() ? *url : Url();
}

using Split = std::tuple<std::string, std::string, int, std::string, std::string>;

Split SplitOf(std::string_view text) {
  const Url url = Parsed(text);
  return {url.scheme, url.host, url.port, url.path, url.query};
}

TEST(Url, SplitsWithoutDecoding) {
  EXPECT_EQ(SplitOf("https://h.example/a%2Fb//../c;x?d=%20&e?f"),
            Split("https", "h.example", 443, "/a%2Fb//../c;x", "d=%20&e?f"));
  EXPECT_EQ(SplitOf("HTTP://H.Example:8080"), Split("http", "h.example", 8080, "", ""));
  EXPECT_EQ(SplitOf("http://h/"), Split("http", "h", 80, "/", ""));
  EXPECT_EQ(SplitOf("http://h?q"), Split("http", "h", 80, "", "q"));
  EXPECT_EQ(SplitOf("http://h/p?"), Split("http", "h", 80, "/p", ""));
  EXPECT_EQ(SplitOf("http://h/\xC3\xA9@:"), Split("http", "h", 80, "/\xC3\xA9@:", ""));
  EXPECT_EQ(SplitOf("http://my_host-1:1/"), Split("http", "my_host-1", 1, "/", ""));
  EXPECT_EQ(SplitOf("http://127.0.0.1:65535/"), Split("http", "127.0.0.1", 65535, "/", ""));
  EXPECT_EQ(SplitOf("http://1.2.3.example/"), Split("http", "1.2.3.example", 80, "/", ""));
}

TEST(Url, ShortensIpv6AsLibcurlDoes) {
  EXPECT_EQ(Parsed("https://[::1]:9000/").host, "[::1]");
  EXPECT_EQ(Parsed("https://[2001:DB8:0:0:0:0:0:1]/").host, "[2001:db8::1]");
  EXPECT_EQ(Parsed("https://[2001:db8::1]").Authority(), "[2001:db8::1]");
}

TEST(Url, RefusesWhatProgramsUnderstandDifferently) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text : {""sv,
                                      "h"sv,
                                      "h/p"sv,
                                      "/p"sv,
                                      "//h/p"sv,
                                      "http:"sv,
                                      "http:/h"sv,
                                      "http://"sv,
                                      "http:///p"sv,
                                      "ftp://h/"sv,
                                      "s3://b/k"sv,
                                      "httpx://h/"sv,
                                      " http://h/"sv,
                                      "http://h/ "sv,
                                      "http://h /"sv,
                                      "http://h/a b"sv,
                                      "http://h/\r\n"sv,
                                      "http://h/\0"sv,
                                      "http://h/\x7f"sv,
                                      "http://h/\x01"sv,
                                      "http://user@h/"sv,
                                      "http://user:pw@h/"sv,
                                      "http://@h/"sv,
                                      "http://h@evil/"sv,
                                      "http://h%2eevil/"sv,
                                      "http://%68/"sv,
                                      "http://h\\evil/"sv,
                                      "http://h/a\\b"sv,
                                      "http://h#f"sv,
                                      "http://h/p#f"sv,
                                      "http://h?q#f"sv,
                                      "http://h:/"sv,
                                      "http://h:0/"sv,
                                      "http://h:65536/"sv,
                                      "http://h:-1/"sv,
                                      "http://h:+80/"sv,
                                      "http://h:080808/"sv,
                                      "http://h:80x/"sv,
                                      "http://h:80:80/"sv,
                                      "http://:80/"sv,
                                      "http://h..x/"sv,
                                      "http://.h/"sv,
                                      "http://h./"sv,
                                      "http://h*x/"sv,
                                      "http://h,x/"sv,
                                      "http://h'x/"sv,
                                      "http://b\xC3\xBC/"sv,
                                      "http://[::1/"sv,
                                      "http://::1/"sv,
                                      "http://[]/"sv,
                                      "http://[::1]x/"sv,
                                      "http://[::1%25lo]/"sv,
                                      "http://[127.0.0.1]/"sv,
                                      "http://[v1.x]/"sv,
                                      "http://127.1/"sv,
                                      "http://2130706433/"sv,
                                      "http://0x7f.0.0.1/"sv,
                                      "http://0x7f000001/"sv,
                                      "http://127.0.0.01/"sv,
                                      "http://256.0.0.1/"sv,
                                      "http://1.2.3.4.5/"sv}) {
    const Result<Url> url = Url::Parse(text);
    EXPECT_TRUE(url.status().Is(ErrorKind::kInvalidArgument)) << text;
  }
}

TEST(Url, LimitsLengths) {
  EXPECT_TRUE(Url::Parse("http://" + std::string(63, 'a') + "/").ok());
  EXPECT_FALSE(Url::Parse("http://" + std::string(64, 'a') + "/").ok());
  std::string host = "a";
  while (host.size() < 253) host += ".a";
  EXPECT_TRUE(Url::Parse("http://" + host + "/").ok());
  EXPECT_FALSE(Url::Parse("http://" + host + ".a/").ok());
  EXPECT_TRUE(Url::Parse("http://h/" + std::string(60'000, 'a')).ok());
  EXPECT_FALSE(Url::Parse("http://h/" + std::string(70'000, 'a')).ok());
}

TEST(Url, RefusalSaysWhyAndHidesSecrets) {
  EXPECT_EQ(Url::Parse("ftp://h/p?sig=secret").status().message(),
            "'ftp://h/p' is not a usable URL: it does not begin with http:// or https://");
  EXPECT_EQ(Url::Parse("https://me:secret@h/").status().message(),
            "'https://' is not a usable URL: user names and passwords do not belong in it");
  EXPECT_EQ(Url::Parse("me:secret@h").status().message(),
            "'' is not a usable URL: it does not begin with http:// or https://");
  EXPECT_EQ(Url::Parse("https://h:99999/?sig=secret").status().message(),
            "'https://h:99999/' is not a usable URL: its port is not a number from 1 to 65535");
}

TEST(Url, AuthorityHasThePortUnlessItIsTheSchemesOwn) {
  EXPECT_EQ(Parsed("https://h:443/").Authority(), "h");
  EXPECT_EQ(Parsed("http://h:80/").Origin(), "http://h");
  EXPECT_EQ(Parsed("http://h:443/").Authority(), "h:443");
  EXPECT_EQ(Parsed("https://h:80/").Origin(), "https://h:80");
}

TEST(Url, LoopbackIsThisMachineOnly) {
  for (const char* const host : {"127.0.0.1", "127.255.255.254", "localhost", "LOCALHOST",
                                 "bucket.localhost", "[::1]", "[0:0:0:0:0:0:0:1]"}) {
    EXPECT_TRUE(Parsed("http://" + std::string(host) + ":1/").IsLoopback()) << host;
  }
  for (const char* const host :
       {"128.0.0.1", "0.0.0.0", "10.0.0.1", "localhost.example", "notlocalhost", "127.example",
        "127.0.0.1.example", "[::]", "[::2]", "[::ffff:127.0.0.1]", "[1::1]"}) {
    EXPECT_FALSE(Parsed("http://" + std::string(host) + "/").IsLoopback()) << host;
  }
}

}  // namespace
}  // namespace godwit

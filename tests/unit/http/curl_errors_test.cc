#include "lib/http/curl_errors.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace godwit {
namespace {

CurlFailure FailureOf(CURLcode code, std::string detail, bool connected) {
  return {code, std::move(detail), 0, "h.example", "h.example:443", connected};
}

TEST(CurlErrors, UnknownAuthorityIsUntrustedWithAHint) {
  const Status status = StatusFromCurl(
      FailureOf(CURLE_PEER_FAILED_VERIFICATION,
                "SSL certificate problem: unable to get local issuer certificate", false));
  EXPECT_TRUE(status.Is(ErrorKind::kUntrusted));
  EXPECT_EQ(status.message(),
            "the certificate of h.example:443 is not trusted: unable to get local issuer "
            "certificate; name its authority with ca_bundle, SSL_CERT_FILE or, for S3, "
            "AWS_CA_BUNDLE");
}

TEST(CurlErrors, OtherCertificateProblemsHaveNoHint) {
  const Status status = StatusFromCurl(FailureOf(
      CURLE_PEER_FAILED_VERIFICATION,
      "SSL: no alternative certificate subject name matches target host name 'h.example'", false));
  EXPECT_TRUE(status.Is(ErrorKind::kUntrusted));
  EXPECT_EQ(status.message(),
            "the certificate of h.example:443 is not trusted: no alternative certificate subject "
            "name matches target host name 'h.example'");
}

TEST(CurlErrors, NoConnectionIsUnreachable) {
  CurlFailure refused = FailureOf(CURLE_COULDNT_CONNECT, "curl's own words", false);
  refused.os_error = ECONNREFUSED;
  EXPECT_EQ(StatusFromCurl(refused).message(),
            "cannot connect to h.example:443: connection refused");
  refused.detail = "Failed to connect to h.example port 443 after 0 ms: Couldn't connect";
  EXPECT_EQ(StatusFromCurl(refused).message(),
            "cannot connect to h.example:443: connection refused");
  const Status unknown = StatusFromCurl(FailureOf(CURLE_COULDNT_RESOLVE_HOST, "", false));
  EXPECT_TRUE(unknown.Is(ErrorKind::kUnreachable));
  EXPECT_EQ(unknown.message(), "cannot find the host of h.example:443");
  const Status late = StatusFromCurl(FailureOf(CURLE_OPERATION_TIMEDOUT, "", false));
  EXPECT_TRUE(late.Is(ErrorKind::kUnreachable));
  EXPECT_EQ(late.message(), "cannot connect to h.example:443: timed out");
}

TEST(CurlErrors, ProxyThatRefusesIsNamed) {
  CurlFailure refused =
      FailureOf(CURLE_COULDNT_CONNECT,
                "Failed to connect to proxy port 3128 after 0 ms: Couldn't connect", false);
  refused.os_error = ECONNREFUSED;
  EXPECT_EQ(StatusFromCurl(refused).message(),
            "cannot connect to h.example:443: Failed to connect to proxy port 3128 after 0 ms: "
            "Couldn't connect");
}

TEST(CurlErrors, TheSameLossIsUnreachableBeforeAndUnavailableAfterConnecting) {
  for (const CURLcode code : {CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING}) {
    const Status before = StatusFromCurl(FailureOf(code, "reset", false));
    const Status after = StatusFromCurl(FailureOf(code, "reset", true));
    EXPECT_TRUE(before.Is(ErrorKind::kUnreachable));
    EXPECT_EQ(before.message(), "cannot connect to h.example:443: reset");
    EXPECT_TRUE(after.Is(ErrorKind::kUnavailable));
    EXPECT_EQ(after.message(), "the connection to h.example:443 was lost: reset");
  }
}

TEST(CurlErrors, NonsenseIsCorrupted) {
  for (const CURLcode code : {CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL}) {
    EXPECT_TRUE(StatusFromCurl(FailureOf(code, "", true)).Is(ErrorKind::kCorrupted));
  }
}

TEST(CurlErrors, EveryCodeHasAMeaning) {
  for (int code = CURLE_UNSUPPORTED_PROTOCOL; code < CURL_LAST; ++code) {
    const Status status = StatusFromCurl(FailureOf(static_cast<CURLcode>(code), "", true));
    EXPECT_FALSE(status.ok()) << code;
    EXPECT_FALSE(status.message().empty()) << code;
    EXPECT_FALSE(status.maybe_applied()) << "only the exchange knows";
  }
}

}  // namespace
}  // namespace godwit

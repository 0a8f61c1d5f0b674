// Whom CurlTransport trusts, and which way it takes: certificates and proxies.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "tests/unit/http/loopback_server.h"
#include "tests/unit/http/tls_server.h"
#include "tests/unit/http/transport_fixture.h"

namespace godwit {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kEmptyAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

// Sets a variable of the environment as long as it lives.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    setenv(name, value.c_str(), 1);
  }
  ~ScopedVariable() { old_ ? setenv(name_, old_->c_str(), 1) : unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* const name_;
  std::optional<std::string> old_;
};

CurlOptions Trusting(const std::string& file) {
  CurlOptions options;
  options.ca_bundle = file;
  return options;
}

Result<HttpResponse> Put(const std::string& url, CurlOptions options = {}) {
  return MakeTransport(std::move(options))->Send({}, RequestOf(HttpMethod::kPut, url), nullptr);
}

TEST(CurlTls, UnknownAuthorityIsUntrustedAndNothingIsSent) {
  TlsServer server({});
  const Status status = Put(server.Url()).status();
  ASSERT_TRUE(status.Is(ErrorKind::kUntrusted)) << status;
  EXPECT_THAT(status.message(),
              StartsWith("the certificate of " + server.Peer() + " is not trusted: "));
  EXPECT_THAT(status.message(), EndsWith("; name its authority with ca_bundle, SSL_CERT_FILE or, "
                                         "for S3, AWS_CA_BUNDLE"));
  EXPECT_FALSE(status.maybe_applied());
  EXPECT_EQ(server.requests(), 0);
}

TEST(CurlTls, BundleNamesTheAuthorities) {
  TlsServer server({});
  const Result<HttpResponse> response = Put(server.Url(), Trusting(server.certificate_file()));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response.value().body, "ok");
}

TEST(CurlTls, SslCertFileNamesTheAuthoritiesUnlessThereIsABundle) {
  TlsServer server({});
  TlsServer other({});
  const ScopedVariable variable("SSL_CERT_FILE", server.certificate_file());
  const Result<HttpResponse> response = Put(server.Url());
  EXPECT_TRUE(response.ok()) << response.status();
  EXPECT_FALSE(Put(server.Url(), Trusting(other.certificate_file())).ok());
}

TEST(CurlTls, MissingSslCertFileIsNamed) {
  const ScopedVariable variable("SSL_CERT_FILE", "/no/such/file.pem");
  EXPECT_EQ(CurlTransport::Create({}).status().message(),
            "SSL_CERT_FILE: cannot read '/no/such/file.pem'");
}

TEST(CurlTls, BundleWithoutCertificatesIsNamed) {
  TlsServer server({});
  std::ofstream(server.certificate_file(), std::ios::trunc) << "nothing\n";
  const Status status = Put(server.Url(), Trusting(server.certificate_file())).status();
  ASSERT_TRUE(status.Is(ErrorKind::kUntrusted)) << status;
  EXPECT_THAT(status.message(), StartsWith("no certificate authority can be read from '" +
                                           server.certificate_file() + "'; "));
  EXPECT_FALSE(status.maybe_applied());
}

TEST(CurlTls, AnotherHostsCertificateIsUntrusted) {
  TlsServerOptions options;
  options.host = "127.0.0.9";
  TlsServer server(options);
  const Status status = Put(server.Url(), Trusting(server.certificate_file())).status();
  EXPECT_TRUE(status.Is(ErrorKind::kUntrusted)) << status;
  EXPECT_THAT(status.message(), HasSubstr("no alternative certificate subject name matches"));
  EXPECT_EQ(server.requests(), 0);
}

TEST(CurlTls, ExpiredCertificateIsUntrusted) {
  TlsServerOptions options;
  options.expired = true;
  TlsServer server(options);
  const Status status = Put(server.Url(), Trusting(server.certificate_file())).status();
  EXPECT_TRUE(status.Is(ErrorKind::kUntrusted)) << status;
  EXPECT_THAT(status.message(), EndsWith("certificate has expired"));
}

TEST(CurlTls, OldVersionsAreRefused) {
  TlsServerOptions options;
  options.only_old_tls = true;
  TlsServer server(options);
  const Status status = Put(server.Url(), Trusting(server.certificate_file())).status();
  EXPECT_TRUE(status.Is(ErrorKind::kUnreachable)) << status;
  EXPECT_FALSE(status.maybe_applied());
}

// Without close_notify anybody on the way could have cut the answer; its length tells.
TEST(CurlTls, CutStreamIsNoticedByItsLength) {
  TlsServerOptions options;
  options.clean_end = false;
  options.answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell";
  TlsServer server(options);
  const Status status = Put(server.Url(), Trusting(server.certificate_file())).status();
  EXPECT_TRUE(status.Is(ErrorKind::kUnavailable)) << status;
  EXPECT_TRUE(status.maybe_applied());
}

CurlOptions AllowingHttp() {
  CurlOptions options;
  options.allow_http = true;
  return options;
}

TEST(CurlProxy, EnvironmentNamesTheProxyOfOtherHosts) {
  Record record;
  LoopbackServer proxy(KeepAnswering(std::string(kEmptyAnswer), &record));
  const ScopedVariable variable("http_proxy", proxy.Url(""));
  const Status status = Put("http://bucket.invalid/k", AllowingHttp()).status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(record.all(),
              ElementsAre(StartsWith("PUT http://bucket.invalid/k HTTP/1.1\r\nHost: ")));
}

TEST(CurlProxy, LoopbackNeedsNoProxy) {
  LoopbackServer proxy(KeepAnswering(std::string(kEmptyAnswer)));
  LoopbackServer server(KeepAnswering(std::string(kEmptyAnswer)));
  const ScopedVariable http("http_proxy", proxy.Url(""));
  const ScopedVariable https("https_proxy", proxy.Url(""));
  const ScopedVariable all("all_proxy", proxy.Url(""));
  TlsServer tls({});
  EXPECT_TRUE(Put(server.Url()).ok());
  EXPECT_TRUE(Put(tls.Url(), Trusting(tls.certificate_file())).ok());
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(CurlProxy, RefusedTunnelIsUnreachableAndNotApplied) {
  Record record;
  LoopbackServer proxy(
      KeepAnswering("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", &record));
  const ScopedVariable variable("https_proxy", proxy.Url(""));
  const Status status = Put("https://bucket.invalid/k").status();
  EXPECT_TRUE(status.Is(ErrorKind::kUnreachable)) << status;
  EXPECT_FALSE(status.maybe_applied());
  EXPECT_THAT(record.all(), ElementsAre(StartsWith("CONNECT bucket.invalid:443 HTTP/1.1\r\n")));
}

TEST(CurlProxy, EndlessHeadersOfAProxyEndTheCall) {
  LoopbackServer proxy([](ServerConnection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 200 OK\r\n");
    const std::string field = "x: " + std::string(1000, 'x') + "\r\n";
    while (connection.Send(field)) {
    }
  });
  const ScopedVariable variable("https_proxy", proxy.Url(""));
  const Status status = Put("https://bucket.invalid/k").status();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(status.maybe_applied());
}

TEST(CurlProxy, ProxyThatRefusesTheConnectionIsNamed) {
  const std::string port = std::to_string(UnusedPort());
  const ScopedVariable variable("http_proxy", "http://127.0.0.1:" + port);
  const Status status = Put("http://bucket.invalid/k", AllowingHttp()).status();
  EXPECT_TRUE(status.Is(ErrorKind::kUnreachable)) << status;
  EXPECT_THAT(status.message(), StartsWith("cannot connect to bucket.invalid:80: Failed to connect "
                                           "to 127.0.0.1 port " +
                                           port));
}

TEST(CurlProxy, UnknownHostIsUnreachable) {
  const Status status = Put("http://no-such-host.invalid/k", AllowingHttp()).status();
  EXPECT_TRUE(status.Is(ErrorKind::kUnreachable)) << status;
  EXPECT_EQ(status.message(), "cannot find the host of no-such-host.invalid:80");
  EXPECT_FALSE(status.maybe_applied());
}

}  // namespace
}  // namespace godwit

// What CurlTransport puts on the wire.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "lib/base/random.h"
#include "tests/unit/http/loopback_server.h"
#include "tests/unit/http/transport_fixture.h"

namespace godwit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kEmptyAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

class CurlRequest : public ::testing::Test {
 protected:
  Status Send(const HttpRequest& request) {
    return transport_->Send({}, request, nullptr).status();
  }
  std::string Expected(std::string_view line, std::string_view rest) const {
    return std::string(line) + " HTTP/1.1\r\nHost: " + server_.Peer() +
           "\r\nUser-Agent: godwit\r\n" + std::string(rest);
  }

  Record record_;
  LoopbackServer server_{KeepAnswering(std::string(kEmptyAnswer), &record_)};
  std::unique_ptr<CurlTransport> transport_ = MakeTransport();
};

// Gives its bytes in small pieces, as a file or a pipe may.
class PiecewiseSource final : public ByteSource {
 public:
  explicit PiecewiseSource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size_bytes() const override { return bytes_.size(); }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override {
    return SourceOf(bytes_).Read(offset, buffer.first(std::min<std::size_t>(buffer.size(), 1000)));
  }

 private:
  const std::string bytes_;
};

std::string RandomBytes(std::size_t size) {
  Random random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Next());
  return bytes;
}

TEST_F(CurlRequest, GetCarriesNothingThatWasNotAskedFor) {
  ASSERT_TRUE(Send(RequestOf(HttpMethod::kGet, server_.Url("/k"))).ok());
  EXPECT_THAT(record_.all(), ElementsAre(Expected("GET /k", "\r\n")));
}

TEST_F(CurlRequest, PathAndQueryStayAsTheyAreWritten) {
  const std::string target = "/a/../b/./c//d%2Fe%20+~'()*!/?x=%2F&y&z=a/../b";
  ASSERT_TRUE(Send(RequestOf(HttpMethod::kGet, server_.Url(target))).ok());
  EXPECT_THAT(record_.all(), ElementsAre(StartsWith("GET " + target + " HTTP/1.1\r\n")));
}

TEST_F(CurlRequest, MethodsWithoutBodyFrameThemselves) {
  for (const HttpMethod method : {HttpMethod::kGet, HttpMethod::kHead, HttpMethod::kDelete,
                                  HttpMethod::kPut, HttpMethod::kPost, HttpMethod::kPatch}) {
    ASSERT_TRUE(Send(RequestOf(method, server_.Url("/k"))).ok());
  }
  EXPECT_THAT(record_.all(), ElementsAre(Expected("GET /k", "\r\n"), Expected("HEAD /k", "\r\n"),
                                         Expected("DELETE /k", "\r\n"),
                                         Expected("PUT /k", "Content-Length: 0\r\n\r\n"),
                                         Expected("POST /k", "Content-Length: 0\r\n\r\n"),
                                         Expected("PATCH /k", "Content-Length: 0\r\n\r\n")));
}

TEST_F(CurlRequest, EachRequestForgetsTheOneBefore) {
  const std::string large(200'000, 'l');
  MemorySource large_body = SourceOf(large);
  MemorySource small_body = SourceOf("small");
  ASSERT_TRUE(Send(RequestOf(HttpMethod::kPut, server_.Url("/1"), &large_body)).ok());
  ASSERT_TRUE(Send(RequestOf(HttpMethod::kPost, server_.Url("/2"), &small_body)).ok());
  ASSERT_TRUE(Send(RequestOf(HttpMethod::kHead, server_.Url("/3"))).ok());
  ASSERT_TRUE(Send(RequestOf(HttpMethod::kPut, server_.Url("/4"))).ok());
  ASSERT_TRUE(Send(RequestOf(HttpMethod::kGet, server_.Url("/5"))).ok());
  ASSERT_TRUE(Send(RequestOf(HttpMethod::kDelete, server_.Url("/6"))).ok());
  EXPECT_THAT(
      record_.all(),
      ElementsAre(Expected("PUT /1", "Content-Length: 200000\r\n\r\n" + large),
                  Expected("POST /2", "Content-Length: 5\r\n\r\nsmall"),
                  Expected("HEAD /3", "\r\n"), Expected("PUT /4", "Content-Length: 0\r\n\r\n"),
                  Expected("GET /5", "\r\n"), Expected("DELETE /6", "\r\n")));
}

TEST_F(CurlRequest, HeadersGoOutInOrderAlsoEmptyOnes) {
  HttpRequest request = RequestOf(HttpMethod::kGet, server_.Url("/k"));
  request.headers.Add("x-first", "1");
  request.headers.Add("x-empty", "");
  request.headers.Add("X-First", "two; three");
  request.headers.Add("Accept", "text/xml");
  ASSERT_TRUE(Send(request).ok());
  EXPECT_THAT(record_.all(),
              ElementsAre(Expected("GET /k",
                                   "x-first: 1\r\nx-empty:\r\nX-First: two; three\r\n"
                                   "Accept: text/xml\r\n\r\n")));
}

TEST_F(CurlRequest, HostAndContentTypeCanBeGiven) {
  MemorySource body = SourceOf("{}");
  HttpRequest request = RequestOf(HttpMethod::kPost, server_.Url("/k"), &body);
  request.headers.Add("Host", "bucket.example");
  request.headers.Add("Content-Type", "application/json");
  ASSERT_TRUE(Send(request).ok());
  EXPECT_THAT(record_.all(), ElementsAre("POST /k HTTP/1.1\r\nHost: bucket.example\r\n"
                                         "User-Agent: godwit\r\nContent-Type: application/json\r\n"
                                         "Content-Length: 2\r\n\r\n{}"));
}

TEST_F(CurlRequest, BodiesOfEverySizeArriveWhole) {
  for (const std::size_t size : {0UL, 1UL, 65'535UL, 65'536UL, 65'537UL, 262'144UL, 1'000'001UL}) {
    const std::string bytes = RandomBytes(size);
    MemorySource memory = SourceOf(bytes);
    PiecewiseSource pieces(bytes);
    ASSERT_TRUE(Send(RequestOf(HttpMethod::kPut, server_.Url("/m"), &memory)).ok());
    ASSERT_TRUE(Send(RequestOf(HttpMethod::kPut, server_.Url("/p"), &pieces)).ok());
    const std::string rest = "Content-Length: " + std::to_string(size) + "\r\n\r\n" + bytes;
    const std::vector<std::string> seen = record_.all();
    EXPECT_TRUE(seen.at(seen.size() - 2) == Expected("PUT /m", rest)) << size;
    EXPECT_TRUE(seen.back() == Expected("PUT /p", rest)) << size;
  }
}

TEST_F(CurlRequest, ContentLengthOfTheBodyMayBeGivenOnce) {
  MemorySource body = SourceOf("12345");
  HttpRequest request = RequestOf(HttpMethod::kPut, server_.Url("/k"), &body);
  request.headers.Add("Content-Length", "5");
  ASSERT_TRUE(Send(request).ok());
  EXPECT_THAT(record_.all(), ElementsAre(Expected("PUT /k", "Content-Length: 5\r\n\r\n12345")));
}

TEST_F(CurlRequest, FramingThatContradictsTheBodyIsRefused) {
  MemorySource body = SourceOf("12345");
  for (const auto& [name, value] : {std::pair("content-length", "6"),
                                    {"Content-Length", "5 "},
                                    {"Transfer-Encoding", "chunked"},
                                    {"Expect", "100-continue"}}) {
    HttpRequest request = RequestOf(HttpMethod::kPut, server_.Url("/k"), &body);
    request.headers.Add(name, value);
    const Status status = Send(request);
    ASSERT_TRUE(status.Is(ErrorKind::kInvalidArgument)) << name << ": " << status;
    EXPECT_FALSE(status.maybe_applied());
  }
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(CurlRequest, HeaderInjectionIsRefused) {
  using std::string_view_literals::operator""sv;
  for (const auto& [name, value] : {std::pair("x"sv, "a\r\nEvil: 1"sv),
                                    {"x"sv, "a\nb"sv},
                                    {"x"sv, "a\0b"sv},
                                    {"x"sv, "\r"sv},
                                    {"x\r\nEvil"sv, "1"sv},
                                    {"x y"sv, "1"sv},
                                    {"x:"sv, "1"sv},
                                    {"x;"sv, "1"sv},
                                    {""sv, "1"sv}}) {
    HttpRequest request = RequestOf(HttpMethod::kGet, server_.Url("/k"));
    request.headers.Add(name, value);
    const Status status = Send(request);
    EXPECT_TRUE(status.Is(ErrorKind::kInvalidArgument)) << status;
  }
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(CurlRequest, UrlInjectionIsRefused) {
  for (const char* const target : {"/a b", "/a\r\nEvil: 1", "/a\nb", "/a\tb", "/a#b", "/a\\b"}) {
    const Status status = Send(RequestOf(HttpMethod::kGet, server_.Url(target)));
    EXPECT_TRUE(status.Is(ErrorKind::kInvalidArgument)) << status;
  }
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(CurlRequest, PlainHttpIsRefusedBeyondLoopback) {
  const Status status = Send(RequestOf(HttpMethod::kGet, "http://192.0.2.1:9000/k"));
  EXPECT_TRUE(status.Is(ErrorKind::kInvalidArgument));
  EXPECT_EQ(
      status.message(),
      "plain http to 192.0.2.1:9000 is refused; use https, or allow_http = true on the remote");
}

TEST_F(CurlRequest, ExpectContinueWaitsForTheServer) {
  LoopbackServer server([](ServerConnection& connection, int) {
    const std::string head = connection.ReadHead();
    EXPECT_THAT(head, HasSubstr("\r\nExpect: 100-continue\r\n"));
    connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(connection.ReadBody(5), "12345");
    connection.Send(kEmptyAnswer);
  });
  MemorySource body = SourceOf("12345");
  HttpRequest request = RequestOf(HttpMethod::kPut, server.Url("/k"), &body);
  request.expect_continue = true;
  const Status status = Send(request);
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(CurlRequest, NothingToSendNeedsNoPermission) {
  HttpRequest request = RequestOf(HttpMethod::kPut, server_.Url("/k"));
  request.expect_continue = true;
  ASSERT_TRUE(Send(request).ok());
  EXPECT_THAT(record_.all(), ElementsAre(Expected("PUT /k", "Content-Length: 0\r\n\r\n")));
}

// Whoever is refused after `Expect` has sent no byte of the body; libcurl would try again without.
TEST_F(CurlRequest, RefusedExpectationIsTheAnswer) {
  for (const char* const code : {"403 Forbidden", "417 Expectation Failed"}) {
    Record heads;
    LoopbackServer server([&](ServerConnection& connection, int) {
      for (std::string head; !(head = connection.ReadHead()).empty();) {
        heads.Add(head);
        connection.Send("HTTP/1.1 " + std::string(code) + "\r\nContent-Length: 2\r\n\r\nno");
      }
    });
    MemorySource body = SourceOf("12345");
    HttpRequest request = RequestOf(HttpMethod::kPut, server.Url("/k"), &body);
    request.expect_continue = true;
    const Result<HttpResponse> response = MakeTransport()->Send({}, request, nullptr);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(std::to_string(response.value().status), std::string(code).substr(0, 3));
    EXPECT_EQ(heads.all().size(), 1U);
  }
}

}  // namespace
}  // namespace godwit

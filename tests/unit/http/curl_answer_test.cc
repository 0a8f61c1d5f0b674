// How CurlTransport takes answers, good and bad.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/http/loopback_server.h"
#include "tests/unit/http/transport_fixture.h"

namespace godwit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Sends one GET to a server that answers with `bytes` and closes.
Result<HttpResponse> GetAnswer(const std::string& bytes, const HttpBodyChooser& choose = nullptr) {
  LoopbackServer server(AnswerOnce(bytes));
  return MakeTransport()->Send({}, RequestOf(HttpMethod::kGet, server.Url()), choose);
}

TEST(CurlAnswer, StatusFieldsAndBodyAreKept) {
  const Result<HttpResponse> response = GetAnswer(
      "HTTP/1.1 404 Not Found\r\nETag: \"a\"\r\nx-twice: 1\r\nx-none:\r\nX-Twice:  2 \r\n"
      "Content-Length: 5\r\n\r\nhello");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response.value().status, 404);
  EXPECT_EQ(response.value().body, "hello");
  using Field = std::pair<std::string, std::string>;
  EXPECT_THAT(response.value().headers.all(),
              ElementsAre(Field("ETag", "\"a\""), Field("x-twice", "1"), Field("x-none", ""),
                          Field("X-Twice", "2"), Field("Content-Length", "5")));
}

TEST(CurlAnswer, InterimAnswersAreSkipped) {
  const Result<HttpResponse> response = GetAnswer(
      "HTTP/1.1 100 Continue\r\nx-interim: 1\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response.value().status, 200);
  EXPECT_EQ(response.value().body, "ok");
  EXPECT_FALSE(response.value().headers.Find("x-interim"));
}

TEST(CurlAnswer, ChunkedBodiesAreJoinedAndTrailersDropped) {
  const Result<HttpResponse> response = GetAnswer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\nx-trailer: 1\r\n\r\n");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response.value().body, "hello world");
  EXPECT_FALSE(response.value().headers.Find("x-trailer"));
}

TEST(CurlAnswer, BodiesAreNeverDecoded) {
  const Result<HttpResponse> response =
      GetAnswer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8bzz");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response.value().body, "\x1f\x8bzz");
}

TEST(CurlAnswer, RedirectsAreAnswersLikeOthers) {
  LoopbackServer other(KeepAnswering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const Result<HttpResponse> response =
      GetAnswer("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + other.Url() +
                "\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response.value().status, 307);
  EXPECT_EQ(response.value().headers.Find("location"), other.Url());
  EXPECT_EQ(other.connections(), 0);
}

// An answer without a body must leave the connection usable, whatever length it announces.
TEST(CurlAnswer, AnswersWithoutBodyEndWithTheirHead) {
  LoopbackServer server([](ServerConnection& connection, int) {
    connection.ReadRequest();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    connection.ReadRequest();
    connection.Send("HTTP/1.1 204 No Content\r\n\r\n");
    connection.ReadRequest();
    connection.Send("HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n");
  });
  const auto transport = MakeTransport();
  CollectingSink sink;
  std::vector<int> seen;
  for (const HttpMethod method : {HttpMethod::kHead, HttpMethod::kDelete, HttpMethod::kGet}) {
    const Result<HttpResponse> response =
        transport->Send({}, RequestOf(method, server.Url()), Into(sink, 10));
    ASSERT_TRUE(response.ok()) << response.status();
    seen.push_back(response.value().status);
  }
  EXPECT_THAT(seen, ElementsAre(200, 204, 304));
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(sink.collected, "");
}

TEST(CurlAnswer, ChooserIsAskedOnceWithTheWholeHead) {
  std::vector<std::string> heads;
  const HttpBodyChooser choose = [&](const HttpResponse& head) -> Result<HttpBodyPlan> {
    heads.push_back(std::to_string(head.status) + " " +
                    std::string(head.headers.Find("x-last").value_or("none")) + " " + head.body);
    return HttpBodyPlan();
  };
  const Result<HttpResponse> response = GetAnswer(
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx-last: 1\r\n\r\n"
      "1\r\na\r\n1\r\nb\r\n0\r\nx-trailer: 1\r\n\r\n",
      choose);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(heads, ElementsAre("200 1 "));
}

TEST(CurlAnswer, ChooserCanRefuseBeforeAnyByte) {
  const HttpBodyChooser choose = [](const HttpResponse&) -> Result<HttpBodyPlan> {
    return Status(ErrorKind::kCorrupted, "no request id");
  };
  const Result<HttpResponse> response =
      GetAnswer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", choose);
  ASSERT_TRUE(response.status().Is(ErrorKind::kCorrupted));
  EXPECT_EQ(response.status().message(), "no request id");
}

TEST(CurlAnswer, SinkGetsTheBodyFromItsOffsetOn) {
  const std::string body(300'000, 'b');
  CollectingSink sink;
  sink.first_offset = 5ULL << 32;
  const HttpBodyChooser choose = [&](const HttpResponse&) -> Result<HttpBodyPlan> {
    return HttpBodyPlan{&sink, sink.first_offset, body.size()};
  };
  const Result<HttpResponse> response =
      GetAnswer("HTTP/1.1 206 Partial Content\r\nContent-Length: 300000\r\n\r\n" + body, choose);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(sink.collected == body);
  EXPECT_EQ(response.value().body, "");
}

TEST(CurlAnswer, FailureOfTheSinkIsTheResult) {
  CollectingSink sink;
  sink.answer = Status(ErrorKind::kNoSpace, "disk full");
  const Result<HttpResponse> response =
      GetAnswer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Into(sink));
  ASSERT_TRUE(response.status().Is(ErrorKind::kNoSpace)) << response.status();
  EXPECT_EQ(response.status().message(), "disk full");
  EXPECT_FALSE(response.status().maybe_applied());
}

TEST(CurlAnswer, MoreThanExpectedIsCorrupted) {
  CollectingSink sink;
  const std::string announced = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world";
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n";
  for (const std::string& answer : {announced, chunked}) {
    sink.collected.clear();
    EXPECT_TRUE(GetAnswer(answer, Into(sink, 11)).ok());
    sink.collected.clear();
    const Result<HttpResponse> response = GetAnswer(answer, Into(sink, 10));
    ASSERT_TRUE(response.status().Is(ErrorKind::kCorrupted)) << response.status();
    EXPECT_EQ(response.status().message(), "the answer is larger than the 10 bytes expected");
  }
}

TEST(CurlAnswer, KeptBodiesAreLimitedToOneMebibyte) {
  const std::string body((1 << 20) + 1, 'x');
  const std::string head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
  EXPECT_TRUE(GetAnswer(head + body.substr(1)).ok());
  EXPECT_TRUE(GetAnswer(head + body).status().Is(ErrorKind::kCorrupted));
}

TEST(CurlAnswer, BodyWithoutFramingIsNotForASink) {
  CollectingSink sink;
  const std::string answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello";
  const Result<HttpResponse> kept = GetAnswer(answer);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(kept.value().body, "hello");
  EXPECT_TRUE(GetAnswer(answer, Into(sink)).status().Is(ErrorKind::kCorrupted));
  EXPECT_EQ(sink.collected, "");
}

TEST(CurlAnswer, MalformedHeadsAreCorrupted) {
  for (const char* const head :
       {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:  5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n",
        "HTTP/1.1 101 Switching\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\nx: 1\r\n folded\r\n",
        "HTTP/1.1 200 OK\r\nx: a\rb\r\n",
        "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/2.0 200 OK\r\n",
        "HTTP/1.1200 OK\r\n",
        "HTTP 200 OK\r\n",
        "<html>hello</html>\r\n"}) {
    CollectingSink sink;
    const Result<HttpResponse> response = GetAnswer(std::string(head) + "\r\nhello", Into(sink));
    EXPECT_TRUE(response.status().Is(ErrorKind::kCorrupted)) << head << response.status();
    EXPECT_EQ(sink.collected, "") << head;
  }
}

TEST(CurlAnswer, FloodsOfFieldsAreCorrupted) {
  std::string fields;
  for (int i = 0; i < 199; ++i) fields += "x: 1\r\n";
  const std::string line = "HTTP/1.1 200 OK\r\n";
  const std::string end = "Content-Length: 0\r\n\r\n";
  EXPECT_TRUE(GetAnswer(line + fields + end).ok());
  EXPECT_TRUE(GetAnswer(line + fields + "x: 1\r\n" + end).status().Is(ErrorKind::kCorrupted));
  const std::string long_field = "x: " + std::string(60'000, 'x') + "\r\n";
  EXPECT_TRUE(GetAnswer(line + long_field + end).ok());
  EXPECT_TRUE(GetAnswer(line + long_field + long_field + end).status().Is(ErrorKind::kCorrupted));
}

TEST(CurlAnswer, EndlessInterimAnswersAreCorrupted) {
  LoopbackServer server([](ServerConnection& connection, int) {
    connection.ReadRequest();
    while (connection.Send("HTTP/1.1 102 Processing\r\n\r\n")) {
    }
  });
  const Status status =
      MakeTransport()->Send({}, RequestOf(HttpMethod::kGet, server.Url()), nullptr).status();
  EXPECT_TRUE(status.Is(ErrorKind::kCorrupted)) << status;
}

TEST(CurlAnswer, EndlessTrailersAreCorrupted) {
  LoopbackServer server([](ServerConnection& connection, int) {
    connection.ReadRequest();
    connection.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    while (connection.Send("x: 1\r\n")) {
    }
  });
  const Status status =
      MakeTransport()->Send({}, RequestOf(HttpMethod::kGet, server.Url()), nullptr).status();
  EXPECT_TRUE(status.Is(ErrorKind::kCorrupted)) << status;
}

// Cuts one answer at every byte, by FIN and by RST, for a read and for a write (I14).
struct Cuttable {
  std::string bytes;
  std::size_t needed;  // With fewer of them it is not whole.
};

class CutAnswer : public ::testing::TestWithParam<std::tuple<Cuttable, bool>> {};

TEST_P(CutAnswer, IsNeverASuccess) {
  const auto& [answer, by_reset] = GetParam();
  LoopbackServer server(
      [&cuttable = answer, reset = by_reset](ServerConnection& connection, int number) {
        const auto cut = static_cast<std::size_t>(number - 1);
        connection.ReadRequest();
        connection.Send(std::string_view(cuttable.bytes)
                            .substr(0, cut < cuttable.needed ? cut : std::string::npos));
        if (reset) connection.Reset();
      });
  const auto transport = MakeTransport();
  for (std::size_t sent = 0; sent < answer.needed; ++sent) {
    const HttpMethod method = sent % 2 == 0 ? HttpMethod::kGet : HttpMethod::kPut;
    const Status status = transport->Send({}, RequestOf(method, server.Url()), nullptr).status();
    EXPECT_TRUE(status.Is(ErrorKind::kUnavailable)) << sent << ": " << status;
    EXPECT_EQ(status.maybe_applied(), method == HttpMethod::kPut) << sent;
  }
  EXPECT_TRUE(transport->Send({}, RequestOf(HttpMethod::kGet, server.Url()), nullptr).ok());
}

Cuttable Whole(std::string bytes) { return {bytes, bytes.size()}; }
// The very last line feed says nothing that the last chunk has not said.
Cuttable Chunked(std::string bytes) { return {bytes, bytes.size() - 1}; }

INSTANTIATE_TEST_SUITE_P(
    All, CutAnswer,
    ::testing::Combine(
        ::testing::Values(
            Whole("HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: 11\r\n\r\nhello world"),
            Chunked("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
            Whole("HTTP/1.1 503 Slow Down\r\nContent-Length: 5\r\n\r\nerror")),
        ::testing::Bool()));

}  // namespace
}  // namespace godwit

#include "fakecloud/http_server.h"

#include <gtest/gtest.h>

#include <array>
#include <mutex>

#include "tests/unit/fakecloud/raw_client.h"

namespace fakecloud {
namespace {

using godwit::AnswerEnd;
using godwit::RawAnswer;
using godwit::RawConnection;

// Answers with the body it was sent, or as the test has set it up.
class EchoService final : public Service {
 public:
  Response Handle(Request& request) override {
    Response response;
    {
      const std::lock_guard lock(mutex_);
      response = answer_;
      if (!read_body_) return response;
    }
    std::array<std::byte, 1000> buffer;
    std::ptrdiff_t got;
    while ((got = request.body->Read(buffer)) > 0) {
      response.text.append(reinterpret_cast<const char*>(buffer.data()),
                           static_cast<std::size_t>(got));
    }
    if (got < 0) response.text += "(broken)";
    return response;
  }

  void Set(const Response& answer, bool read_body) {
    const std::lock_guard lock(mutex_);
    answer_ = answer;
    read_body_ = read_body;
  }

 private:
  std::mutex mutex_;  // Guards both.
  Response answer_;
  bool read_body_ = true;
};

class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = HttpServer::Start({}, service_);
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = std::move(started).value();
  }
  // Gives the answer that the test has set up to the service.
  void Arm() { service_.Set(answer_, read_body_); }
  RawAnswer Exchange(std::string_view request) {
    Arm();
    RawConnection connection(server_->endpoint());
    connection.Send(request);
    return connection.Receive();
  }

  Response answer_;
  bool read_body_ = true;
  EchoService service_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ConnectionServesManyRequests) {
  Arm();
  RawConnection connection(server_->endpoint());
  for (const std::string text : {"one", "", "three"}) {
    connection.Send("PUT / HTTP/1.1\r\nContent-Length: " + std::to_string(text.size()) +
                    "\r\n\r\n" + text);
    EXPECT_EQ(connection.Receive().body, text);
  }
  EXPECT_EQ(server_->stats().connections, 1U);
  EXPECT_EQ(server_->stats().requests, 3U);
  EXPECT_EQ(server_->stats().body_bytes_received, 8U);
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Arm();
  RawConnection connection(server_->endpoint());
  connection.Send(
      "PUT / HTTP/1.1\r\nContent-Length: 1\r\n\r\naPUT / HTTP/1.1\r\n"
      "Content-Length: 1\r\n\r\nb");
  EXPECT_EQ(connection.Receive().body, "a");
  EXPECT_EQ(connection.Receive().body, "b");
}

TEST_F(HttpServerTest, ChunkedBodyIsDecodedAndItsTrailersSkipped) {
  EXPECT_EQ(Exchange("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "3;x=y\r\nabc\r\n1\r\nd\r\n0\r\ntrailer: t\r\n\r\n")
                .body,
            "abcd");
}

TEST_F(HttpServerTest, BadChunkBreaksTheBody) {
  EXPECT_EQ(Exchange("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").body,
            "(broken)");
}

TEST_F(HttpServerTest, ContinueIsSentBeforeTheBodyIsRead) {
  Arm();
  RawConnection connection(server_->endpoint());
  connection.Send("PUT / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(connection.Receive().status, 100);
  connection.Send("ok");
  EXPECT_EQ(connection.Receive().body, "ok");
}

TEST_F(HttpServerTest, EarlyAnswerToExpectationEndsTheConnection) {
  read_body_ = false;
  answer_.status = 403;
  const RawAnswer answer =
      Exchange("PUT / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.Header("connection"), "close");
}

TEST_F(HttpServerTest, UnreadSmallBodyIsDroppedAndTheConnectionStays) {
  read_body_ = false;
  Arm();
  RawConnection connection(server_->endpoint());
  for (int i = 0; i < 2; ++i) {
    connection.Send("PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde");
    EXPECT_EQ(connection.Receive().status, 200);
  }
}

TEST_F(HttpServerTest, AnswerArrivesAlthoughALargeBodyIsNotRead) {
  read_body_ = false;
  answer_.text = "refused";
  Arm();
  RawConnection connection(server_->endpoint());
  connection.Send("PUT / HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n");
  connection.Send(std::string(3'000'000, 'x'));
  EXPECT_EQ(connection.Receive().body, "refused");
}

TEST_F(HttpServerTest, CutRequestBodyIsBroken) {
  Arm();
  RawConnection connection(server_->endpoint());
  connection.Send("PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc");
  connection.FinishSending();
  EXPECT_EQ(connection.Receive().body, "abc(broken)");
}

TEST_F(HttpServerTest, HeadHasLengthAndNoBody) {
  answer_.text = "12345";
  Arm();
  RawConnection connection(server_->endpoint());
  connection.Send("HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(connection.Receive(true).Header("content-length"), "5");
  EXPECT_EQ(connection.Receive().body, "12345");
}

TEST_F(HttpServerTest, NoContentHasNoLength) {
  answer_.status = 204;
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\n\r\n").headers.count("content-length"), 0U);
}

TEST_F(HttpServerTest, MalformedRequestEndsTheConnection) {
  EXPECT_EQ(Exchange("nonsense\r\n\r\n").status, 0);
  EXPECT_EQ(Exchange("GET / HTTP/2\r\n\r\n").status, 0);
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\nno colon\r\n\r\n").status, 0);
}

TEST_F(HttpServerTest, ClientsWishToCloseIsHonoured) {
  Arm();
  RawConnection connection(server_->endpoint());
  connection.Send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(connection.Receive().Header("connection"), "close");
  EXPECT_EQ(connection.Receive().end, AnswerEnd::kClosed);
}

TEST_F(HttpServerTest, LostAnswerIsNotAByte) {
  answer_.wire.lose = CutKind::kReset;
  const RawAnswer reset = Exchange("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reset.status, 0);
  EXPECT_EQ(reset.end, AnswerEnd::kReset);
  answer_.wire.lose = CutKind::kFin;
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\n\r\n").end, AnswerEnd::kClosed);
}

TEST_F(HttpServerTest, BodyIsCutAfterExactlySoManyBytes) {
  answer_.content = Content::FromText(std::string(100'000, 'x'));
  for (const std::uint64_t count : {0, 1, 50'000, 99'999}) {
    answer_.wire.cut_after = count;
    const RawAnswer answer = Exchange("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(answer.Header("content-length"), "100000");
    EXPECT_EQ(answer.body.size(), count);
    EXPECT_EQ(answer.end, AnswerEnd::kClosed);
  }
  answer_.wire.cut_kind = CutKind::kReset;
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\n\r\n").end, AnswerEnd::kReset);
}

TEST_F(HttpServerTest, FlipsAndZerosChangeTheBodyOnly) {
  answer_.text = "abcd";
  answer_.wire.flips = {{0, 1}, {3, 0x80}};
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\n\r\n").body, "`bc\xE4");
  answer_.wire.flips.clear();
  answer_.wire.zero = true;
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\n\r\n").body, std::string(4, '\0'));
}

TEST_F(HttpServerTest, WrongLengthIsAnnouncedAndTheConnectionEnds) {
  answer_.text = "abcd";
  answer_.wire.length_error = 1;
  const RawAnswer longer = Exchange("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(longer.Header("content-length"), "5");
  EXPECT_EQ(longer.end, AnswerEnd::kClosed);
  answer_.wire.length_error = -1;
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\n\r\n").body, "abc");
}

TEST_F(HttpServerTest, StallComesBeforeTheFirstByteOrInTheBody) {
  answer_.text = "abcd";
  answer_.wire.stalls = true;
  Arm();
  RawConnection before(server_->endpoint());
  before.Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(before.ReceiveWithin(30), "");

  answer_.wire.stall_after = 2;
  answer_.wire.stall_time = std::chrono::milliseconds(20);
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\n\r\n").body, "abcd");
  answer_.wire.stall_time = std::nullopt;
  Arm();
  RawConnection within(server_->endpoint());
  within.Send("GET / HTTP/1.1\r\n\r\n");
  std::string seen;
  while (!seen.ends_with("ab")) seen += within.ReceiveWithin(1000);
  EXPECT_EQ(within.ReceiveWithin(30), "");
  server_->Stop();  // Returns in spite of the two.
}

TEST_F(HttpServerTest, SlowBodyTakesItsTime) {
  answer_.text = std::string(200, 'x');
  answer_.wire.bytes_per_second = 2000;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Exchange("GET / HTTP/1.1\r\n\r\n").body, answer_.text);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(90));
}

TEST_F(HttpServerTest, ServesThreeHundredConnectionsAtOnce) {
  std::vector<std::unique_ptr<RawConnection>> connections;
  for (int i = 0; i < 300; ++i) {
    connections.push_back(std::make_unique<RawConnection>(server_->endpoint()));
    connections.back()->Send("PUT / HTTP/1.1\r\nContent-Length: 2\r\n\r\na");
  }
  for (const auto& connection : connections) connection->Send("b");
  for (const auto& connection : connections) EXPECT_EQ(connection->Receive().body, "ab");
  EXPECT_GE(server_->stats().connections, 300U);
}

TEST_F(HttpServerTest, StopEndsIdleConnections) {
  Arm();
  RawConnection idle(server_->endpoint());
  idle.Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(idle.Receive().status, 200);
  server_->Stop();
  EXPECT_EQ(idle.Receive().status, 0);
}

TEST(HttpServer, RefusesAddressesAndCertificatesThatCannotBe) {
  EchoService service;
  EXPECT_EQ(HttpServer::Start({"localhost", 0, "", ""}, service).status().message(),
            "not an IPv4 address: 'localhost'");
  EXPECT_EQ(HttpServer::Start({"127.0.0.1", 0, "/none", "/none.key"}, service).status().message(),
            "cannot use certificate '/none' with key '/none.key'");
}

}  // namespace
}  // namespace fakecloud

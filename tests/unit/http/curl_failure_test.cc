// How CurlTransport fails: what is said, how soon, and whether the request may have been applied.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/http/loopback_server.h"
#include "tests/unit/http/transport_fixture.h"

namespace godwit {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::string_view kEmptyAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
// Long enough never to be the reason, short enough to end a broken test.
constexpr std::chrono::seconds kPatience{20};

// Reads one request and then keeps silent until the client goes.
void StaySilent(ServerConnection& connection, int) {
  connection.ReadRequest();
  connection.WaitForClose();
}

TEST(CurlFailure, RefusedConnectionIsUnreachableAndNotApplied) {
  const std::string peer = "127.0.0.1:" + std::to_string(UnusedPort());
  const Status status =
      MakeTransport()
          ->Send({}, RequestOf(HttpMethod::kPut, "http://" + peer + "/k"), nullptr)
          .status();
  ASSERT_TRUE(status.Is(ErrorKind::kUnreachable)) << status;
  EXPECT_EQ(status.message(), "cannot connect to " + peer + ": connection refused");
  EXPECT_FALSE(status.maybe_applied());
}

TEST(CurlFailure, ServerWithoutTlsIsUnreachableAndNotApplied) {
  LoopbackServer server([](ServerConnection& connection, int) {
    connection.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
    connection.WaitForClose();
  });
  const Status status =
      MakeTransport()
          ->Send({}, RequestOf(HttpMethod::kPut, "https://" + server.Peer()), nullptr)
          .status();
  ASSERT_TRUE(status.Is(ErrorKind::kUnreachable)) << status;
  EXPECT_THAT(status.message(), StartsWith("cannot speak TLS with " + server.Peer() + ": "));
  EXPECT_FALSE(status.maybe_applied());
}

TEST(CurlFailure, SilenceWhileConnectingIsUnreachableAndNotApplied) {
  LoopbackServer server([](ServerConnection& connection, int) { connection.WaitForClose(); });
  CurlOptions options;
  options.connect_timeout = milliseconds(20);
  const HttpRequest request = RequestOf(HttpMethod::kPut, "https://" + server.Peer());
  const Status status = MakeTransport(options)->Send({}, request, nullptr).status();
  ASSERT_TRUE(status.Is(ErrorKind::kUnreachable)) << status;
  EXPECT_EQ(status.message(), "cannot connect to " + server.Peer() + ": timed out");
  EXPECT_FALSE(status.maybe_applied());
}

TEST(CurlFailure, StopWhileConnectingEndsTheCall) {
  std::stop_source source;
  LoopbackServer server([&](ServerConnection& connection, int) {
    source.request_stop();
    connection.WaitForClose();
  });
  CallContext context;
  context.stop = source.get_token();
  const HttpRequest request = RequestOf(HttpMethod::kPut, "https://" + server.Peer());
  const Status status = MakeTransport()->Send(context, request, nullptr).status();
  EXPECT_TRUE(status.Is(ErrorKind::kCancelled)) << status;
  EXPECT_FALSE(status.maybe_applied());
}

TEST(CurlFailure, MissingAuthoritiesAreNamed) {
  CurlOptions options;
  options.ca_bundle = "/no/such/bundle.pem";
  const Status status = CurlTransport::Create(options).status();
  ASSERT_TRUE(status.Is(ErrorKind::kInvalidArgument));
  EXPECT_EQ(status.message(), "ca_bundle: cannot read '/no/such/bundle.pem'");
}

TEST(CurlFailure, StoppedOrLateContextSendsNothing) {
  LoopbackServer server(KeepAnswering(std::string(kEmptyAnswer)));
  std::stop_source source;
  source.request_stop();
  CallContext stopped;
  stopped.stop = source.get_token();
  CallContext late;
  late.deadline = steady_clock::now();
  const HttpRequest request = RequestOf(HttpMethod::kPut, server.Url());
  const auto transport = MakeTransport();
  const Status first = transport->Send(stopped, request, nullptr).status();
  const Status second = transport->Send(late, request, nullptr).status();
  EXPECT_TRUE(first.Is(ErrorKind::kCancelled));
  EXPECT_TRUE(second.Is(ErrorKind::kTimeout));
  EXPECT_FALSE(first.maybe_applied() || second.maybe_applied());
  EXPECT_EQ(server.connections(), 0);
}

TEST(CurlFailure, StopWhileWaitingEndsTheCallAtOnce) {
  std::stop_source source;
  LoopbackServer server([&](ServerConnection& connection, int) {
    connection.ReadRequest();
    connection.Send(kEmptyAnswer);
    connection.ReadRequest();
    source.request_stop();
    connection.WaitForClose();
  });
  const auto transport = MakeTransport();
  const HttpRequest request = RequestOf(HttpMethod::kPut, server.Url());
  // While it connects libcurl looks around often; on a connection that stands it does not.
  ASSERT_TRUE(transport->Send({}, request, nullptr).ok());
  CallContext context;
  context.stop = source.get_token();
  const auto begin = steady_clock::now();
  const Status status = transport->Send(context, request, nullptr).status();
  EXPECT_TRUE(status.Is(ErrorKind::kCancelled)) << status;
  EXPECT_TRUE(status.maybe_applied());
  EXPECT_LT(steady_clock::now() - begin, milliseconds(900));  // Without waking it takes 1 s.
}

TEST(CurlFailure, StopAmidTheBodyEndsTheCall) {
  std::stop_source source;
  LoopbackServer server([&](ServerConnection& connection, int) {
    connection.ReadRequest();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin");
    connection.WaitForClose();
  });
  CollectingSink sink;
  sink.stop_at_write = &source;
  CallContext context;
  context.stop = source.get_token();
  const Status status = MakeTransport()
                            ->Send(context, RequestOf(HttpMethod::kGet, server.Url()), Into(sink))
                            .status();
  EXPECT_TRUE(status.Is(ErrorKind::kCancelled)) << status;
  EXPECT_FALSE(status.maybe_applied());
  EXPECT_EQ(sink.collected, "begin");
}

TEST(CurlFailure, DeadlineEndsTheCall) {
  LoopbackServer server(StaySilent);
  CallContext context;
  context.stall_timeout = kPatience;
  context.deadline = steady_clock::now() + milliseconds(20);
  const Status status =
      MakeTransport()->Send(context, RequestOf(HttpMethod::kPut, server.Url()), nullptr).status();
  ASSERT_TRUE(status.Is(ErrorKind::kTimeout)) << status;
  EXPECT_EQ(status.message(), "the deadline has passed");
  EXPECT_TRUE(status.maybe_applied());
}

TEST(CurlFailure, FirstByteTimeoutEndsTheWaitForAnAnswer) {
  LoopbackServer server(StaySilent);
  CallContext context;
  context.stall_timeout = kPatience;
  HttpRequest request = RequestOf(HttpMethod::kPost, server.Url());
  request.first_byte_timeout = milliseconds(20);
  const Status status = MakeTransport()->Send(context, request, nullptr).status();
  ASSERT_TRUE(status.Is(ErrorKind::kTimeout)) << status;
  EXPECT_EQ(status.message(), server.Peer() + " did not answer for 0.02 s");
  EXPECT_TRUE(status.maybe_applied());
}

TEST(CurlFailure, ConnectionsAreReusedByLaterRequests) {
  LoopbackServer server(KeepAnswering(std::string(kEmptyAnswer)));
  const auto transport = MakeTransport();
  for (int i = 0; i < 10; ++i) {
    const HttpMethod method = i % 2 == 0 ? HttpMethod::kGet : HttpMethod::kPut;
    ASSERT_TRUE(transport->Send({}, RequestOf(method, server.Url()), nullptr).ok());
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlFailure, ThreadsShareATransport) {
  Record record;
  LoopbackServer server(KeepAnswering(std::string(kEmptyAnswer), &record));
  const auto transport = MakeTransport();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 25; ++n) {
          EXPECT_TRUE(transport->Send({}, RequestOf(HttpMethod::kPut, server.Url()), nullptr).ok());
        }
      });
    }
  }
  EXPECT_THAT(record.all(), SizeIs(200));
  EXPECT_LE(server.connections(), 8);
}

// A connection that the server closed while it lay idle is noticed before anything is sent.
TEST(CurlFailure, ClosedIdleConnectionIsReplacedSilently) {
  std::promise<void> closed;
  Record record;
  LoopbackServer server([&](ServerConnection& connection, int number) {
    record.Add(connection.ReadRequest());
    connection.Send(kEmptyAnswer);
    connection.Close();
    if (number == 1) closed.set_value();
  });
  const auto transport = MakeTransport();
  ASSERT_TRUE(transport->Send({}, RequestOf(HttpMethod::kPut, server.Url()), nullptr).ok());
  closed.get_future().wait();
  const Status status =
      transport->Send({}, RequestOf(HttpMethod::kPut, server.Url()), nullptr).status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(record.all(), SizeIs(2));
}

// The first request of a connection is answered, the second one read and the connection closed:
// what a server does that applied a write and died before it answered (I17).
class SwallowedRequest : public ::testing::TestWithParam<HttpMethod> {
 protected:
  Result<HttpResponse> SendTwice() {
    const HttpRequest first = RequestOf(HttpMethod::kGet, server_.Url("/first"));
    EXPECT_TRUE(transport_->Send({}, first, nullptr).ok());
    MemorySource body = SourceOf("body");
    HttpRequest second = RequestOf(GetParam(), server_.Url("/second"));
    if (GetParam() == HttpMethod::kPut || GetParam() == HttpMethod::kPost) second.body = &body;
    return transport_->Send({}, second, nullptr);
  }

  std::size_t SecondRequestsSeen() const {
    const std::vector<std::string> all = record_.all();
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(),
        [](const std::string& request) { return request.find("/second") != std::string::npos; }));
  }

  Record record_;
  std::string later_answer_{kEmptyAnswer};
  LoopbackServer server_{[this](ServerConnection& connection, int number) {
    for (int n = 1;; ++n) {
      const std::string request = connection.ReadRequest();
      if (request.empty()) return;
      record_.Add(request);
      if (number == 1 && n == 2) return;
      connection.Send(number == 1 ? kEmptyAnswer : std::string_view(later_answer_));
      if (number > 1) return;
    }
  }};
  std::unique_ptr<CurlTransport> transport_ = MakeTransport();
};

using SwallowedWrite = SwallowedRequest;
using SwallowedRead = SwallowedRequest;

TEST_P(SwallowedWrite, IsNotRepeatedAndMayBeApplied) {
  const Status status = SendTwice().status();
  EXPECT_TRUE(status.Is(ErrorKind::kUnavailable)) << status;
  EXPECT_TRUE(status.maybe_applied());
  EXPECT_EQ(SecondRequestsSeen(), 1U);
}

INSTANTIATE_TEST_SUITE_P(All, SwallowedWrite,
                         ::testing::Values(HttpMethod::kPut, HttpMethod::kPost, HttpMethod::kDelete,
                                           HttpMethod::kPatch));

TEST_P(SwallowedRead, IsSentAgain) {
  const Status status = SendTwice().status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(SecondRequestsSeen(), 2U);
}

TEST_P(SwallowedRead, SentAgainIsCheckedLikeTheFirst) {
  later_answer_ = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  const Status status = SendTwice().status();
  EXPECT_EQ(status.ok(), GetParam() == HttpMethod::kHead) << status;
  EXPECT_FALSE(status.maybe_applied());
}

INSTANTIATE_TEST_SUITE_P(All, SwallowedRead,
                         ::testing::Values(HttpMethod::kGet, HttpMethod::kHead));

TEST(CurlFailure, AnswerBeforeAResetCounts) {
  LoopbackServer server([](ServerConnection& connection, int) {
    connection.ReadRequest();
    connection.Send("HTTP/1.1 503 Slow Down\r\nContent-Length: 4\r\n\r\nslow");
    connection.Reset();
  });
  const Result<HttpResponse> response =
      MakeTransport()->Send({}, RequestOf(HttpMethod::kPut, server.Url()), nullptr);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response.value().body, "slow");
}

// A server that refuses a large body answers at once and reads no more.
TEST(CurlFailure, EarlyRefusalOfALargeBodyIsTheAnswer) {
  LoopbackServer server([](ServerConnection& connection, int) {
    connection.ReadHead();
    connection.Send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    connection.WaitForClose();
  });
  const std::string bytes(32 << 20, 'x');
  MemorySource body = SourceOf(bytes);
  const Result<HttpResponse> response =
      MakeTransport()->Send({}, RequestOf(HttpMethod::kPut, server.Url(), &body), nullptr);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response.value().status, 403);
  EXPECT_EQ(response.value().body, "no");
}

// A source that fails, or ends, at one offset.
class BrokenSource final : public ByteSource {
 public:
  BrokenSource(std::uint64_t size, std::uint64_t good_bytes, Status status)
      : size_(size), good_bytes_(good_bytes), status_(std::move(status)) {}
  std::uint64_t size_bytes() const override { return size_; }
  Result<std::size_t> Read(std::uint64_t offset, std::span<std::byte> buffer) override {
    if (offset >= good_bytes_ && !status_.ok()) return status_;
    return static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), good_bytes_ - offset));
  }

 private:
  const std::uint64_t size_;
  const std::uint64_t good_bytes_;
  const Status status_;
};

TEST(CurlFailure, FailureOfTheSourceIsTheResult) {
  LoopbackServer server(KeepAnswering(std::string(kEmptyAnswer)));
  const auto transport = MakeTransport();
  for (const std::uint64_t size : {1'000ULL, 10'000'000ULL}) {
    BrokenSource failing(size, size / 2, Status(ErrorKind::kLocalIo, "input/output error"));
    BrokenSource ending(size, size / 2, Status::Ok());
    const Status failed =
        transport->Send({}, RequestOf(HttpMethod::kPut, server.Url(), &failing), nullptr).status();
    const Status ended =
        transport->Send({}, RequestOf(HttpMethod::kPut, server.Url(), &ending), nullptr).status();
    EXPECT_TRUE(failed.Is(ErrorKind::kLocalIo)) << failed;
    EXPECT_EQ(failed.message(), "input/output error");
    EXPECT_TRUE(ended.Is(ErrorKind::kCorrupted)) << ended;
    // A small body is read before anything is sent.
    EXPECT_EQ(failed.maybe_applied(), size > 100'000);
  }
}

TEST(CurlFailure, BrokenExchangeLeavesTheTransportUsable) {
  LoopbackServer server([](ServerConnection& connection, int number) {
    connection.ReadRequest();
    if (number == 1) return connection.Reset();
    connection.Send(kEmptyAnswer);
  });
  const auto transport = MakeTransport();
  const HttpRequest request = RequestOf(HttpMethod::kPut, server.Url());
  EXPECT_TRUE(transport->Send({}, request, nullptr).status().Is(ErrorKind::kUnavailable));
  EXPECT_TRUE(transport->Send({}, request, nullptr).ok());
}

}  // namespace
}  // namespace godwit

// How soon CurlTransport gives up where bytes should move and do not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>

#include "tests/unit/http/loopback_server.h"
#include "tests/unit/http/transport_fixture.h"

namespace godwit {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Long enough never to be the reason, short enough to end a broken test.
constexpr std::chrono::seconds kPatience{20};

TEST(CurlStall, StalledDownloadTimesOut) {
  LoopbackServer server([](ServerConnection& connection, int) {
    connection.ReadRequest();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin");
    connection.WaitForClose();
  });
  CallContext context;
  context.stall_timeout = milliseconds(20);
  HttpRequest request = RequestOf(HttpMethod::kGet, server.Url());
  request.first_byte_timeout = kPatience;
  const Status status = MakeTransport()->Send(context, request, nullptr).status();
  ASSERT_TRUE(status.Is(ErrorKind::kTimeout)) << status;
  EXPECT_EQ(status.message(), server.Peer() + " did not move a byte for 0.02 s");
}

TEST(CurlStall, StalledUploadTimesOut) {
  std::promise<void> done;
  LoopbackServer server([&](ServerConnection& connection, int) {
    connection.ReadHead();
    done.get_future().wait();  // The body fills the socket and stays there.
  });
  const std::string bytes(64 << 20, 'x');
  MemorySource body = SourceOf(bytes);
  CallContext context;
  context.stall_timeout = milliseconds(50);
  HttpRequest request = RequestOf(HttpMethod::kPut, server.Url(), &body);
  request.first_byte_timeout = kPatience;
  const Status status = MakeTransport()->Send(context, request, nullptr).status();
  done.set_value();
  EXPECT_TRUE(status.Is(ErrorKind::kTimeout)) << status;
  EXPECT_TRUE(status.maybe_applied());
}

// As of a server that has ended, behind one that still holds its connections.
TEST(CurlStall, HalfClosedConnectionThatTakesNoMoreIsLostSoon) {
  LoopbackServer server([](ServerConnection& connection, int) {
    connection.ReadHead();
    connection.CloseHalf(5);
  });
  const std::string bytes(64 << 20, 'x');
  MemorySource body = SourceOf(bytes);
  const auto begin = steady_clock::now();
  const Status status =
      MakeTransport()->Send({}, RequestOf(HttpMethod::kPut, server.Url(), &body), nullptr).status();
  ASSERT_TRUE(status.Is(ErrorKind::kUnavailable)) << status;
  EXPECT_THAT(status.message(), testing::EndsWith("it was closed without an answer"));
  EXPECT_TRUE(status.maybe_applied());
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(4));
}

}  // namespace
}  // namespace godwit

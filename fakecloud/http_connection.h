#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fakecloud/http_message.h"
#include "fakecloud/stream.h"

namespace fakecloud {

// Counts over all connections of a server. Safe from any thread.
struct TrafficStats {
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> in_flight{0};
  std::atomic<std::uint64_t> in_flight_max{0};
  std::atomic<std::uint64_t> body_bytes_received{0};
  std::atomic<std::uint64_t> body_bytes_sent{0};

  // Requests that are being served go on counting as such.
  void Reset() {
    connections = requests = body_bytes_received = body_bytes_sent = 0;
    in_flight_max = in_flight.load();
  }
};

// Bytes of the connection that have arrived and were not used yet.
class InputBuffer {
 public:
  explicit InputBuffer(Stream& stream) : stream_(stream), bytes_(kCapacity) {}
  // Takes a prefix of what is there; reads from the connection only if nothing is.
  std::ptrdiff_t Read(std::span<std::byte> target);
  // One line without its CRLF; none if the connection ends or the line is longer than the buffer.
  std::optional<std::string> ReadLine();
  bool empty() const { return begin_ == end_; }

 private:
  static constexpr std::size_t kCapacity = 32 << 10;
  bool Fill();

  Stream& stream_;
  std::vector<std::byte> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// Serves one connection, request by request, until either side ends it. Run() belongs to one
// thread; Interrupt() is safe from any.
class Connection final : public Waiter {
 public:
  // `stop_event` becomes readable when the server stops.
  Connection(std::unique_ptr<Stream> stream, Service& service, bool tls, int stop_event,
             TrafficStats& stats);
  void Run();
  void Interrupt() { stream_->Interrupt(); }

  bool Pause(std::optional<std::chrono::milliseconds> pause) override;

 private:
  class WireBody;
  // Reads a request's head; false at the end of the connection or if it is malformed.
  bool ReadHead(Request& request);
  // Serves one request; false if it was the last one.
  bool ServeOne();
  bool Respond(const Request& request, Response& response, bool keep_alive);
  // Reads what the client still sends, so that the kernel does not answer it with a reset that
  // would overtake the answer.
  void Linger();

  const std::unique_ptr<Stream> stream_;
  InputBuffer input_;
  Service& service_;
  const bool tls_;
  const int stop_event_;
  TrafficStats& stats_;
};

// Writes `response` as its wire plan says. False if the connection must not be used any more.
bool SendResponse(Stream& stream, Waiter& waiter, bool head_only, bool keep_alive,
                  const Response& response, TrafficStats& stats);

}  // namespace fakecloud

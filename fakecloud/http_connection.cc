#include "fakecloud/http_connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "fakecloud/encoding.h"

namespace fakecloud {
namespace {

constexpr std::size_t kHeadBytesMax = 64 << 10;
// An unread rest of a body up to this size is read and dropped; beyond, the connection ends.
constexpr std::uint64_t kDrainBytesMax = 1 << 20;

}  // namespace

bool InputBuffer::Fill() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == bytes_.size() && begin_ > 0) {
    std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == bytes_.size()) return false;
  const std::ptrdiff_t got = stream_.Read(std::span(bytes_).subspan(end_));
  if (got <= 0) return false;
  end_ += static_cast<std::size_t>(got);
  return true;
}

std::ptrdiff_t InputBuffer::Read(std::span<std::byte> target) {
  if (empty()) {
    if (target.size() >= bytes_.size() / 4) return stream_.Read(target);
    if (!Fill()) return -1;
  }
  const std::size_t count = std::min(target.size(), end_ - begin_);
  std::memcpy(target.data(), bytes_.data() + begin_, count);
  begin_ += count;
  return static_cast<std::ptrdiff_t>(count);
}

std::optional<std::string> InputBuffer::ReadLine() {
  std::size_t searched = 0;
  while (true) {
    const std::byte* start = bytes_.data() + begin_;
    const std::size_t size = end_ - begin_;
    const void* found =
        size > searched ? std::memchr(start + searched, '\n', size - searched) : nullptr;
    if (found != nullptr) {
      const auto length = static_cast<std::size_t>(static_cast<const std::byte*>(found) - start);
      std::string line(reinterpret_cast<const char*>(start), length);
      begin_ += length + 1;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return line;
    }
    searched = size;
    if (!Fill()) return std::nullopt;
  }
}

// The body of one request, by Content-Length or in chunks.
class Connection::WireBody final : public RequestBody {
 public:
  WireBody(Connection& connection, const Request& request) : connection_(connection) {
    chunked_ = EqualsIgnoringCase(request.headers.Get("transfer-encoding"), "chunked");
    if (!chunked_) {
      announced_ = ParseDecimal(request.headers.Get("content-length"));
      left_ = announced_.value_or(0);
    }
    waits_for_continue_ = EqualsIgnoringCase(request.headers.Get("expect"), "100-continue");
  }

  std::optional<std::uint64_t> announced_size() const override { return announced_; }

  std::ptrdiff_t Read(std::span<std::byte> buffer) override {
    if (broken_) return -1;
    if (ended()) return 0;
    if (waits_for_continue_) {
      waits_for_continue_ = false;
      connection_.stream_->Write("HTTP/1.1 100 Continue\r\n\r\n", {});
    }
    if (chunked_ && left_ == 0 && !NextChunk()) return broken_ ? -1 : 0;
    const std::size_t want = std::min<std::uint64_t>(buffer.size(), left_);
    const std::ptrdiff_t got = connection_.input_.Read(buffer.first(want));
    if (got <= 0) {
      broken_ = true;
      return -1;
    }
    left_ -= static_cast<std::uint64_t>(got);
    connection_.stats_.body_bytes_received += static_cast<std::uint64_t>(got);
    if (chunked_ && left_ == 0) broken_ = connection_.input_.ReadLine() != "";
    return got;
  }

  bool ended() const { return chunked_ ? last_chunk_ : left_ == 0; }

  // Makes the connection ready for the next request; false if that cannot be done cheaply.
  bool Drain() {
    if (ended()) return !broken_;
    if (waits_for_continue_ || (!chunked_ && left_ > kDrainBytesMax)) return false;
    std::array<std::byte, 16 << 10> rubbish;
    std::uint64_t dropped = 0;
    while (dropped <= kDrainBytesMax) {
      const std::ptrdiff_t got = Read(rubbish);
      if (got <= 0) return got == 0;
      dropped += static_cast<std::uint64_t>(got);
    }
    return false;
  }

  bool CanDrain() const {
    return ended() || (!broken_ && !waits_for_continue_ && (chunked_ || left_ <= kDrainBytesMax));
  }

 private:
  bool NextChunk() {
    const std::optional<std::string> line = connection_.input_.ReadLine();
    if (!line || line->empty()) return Break();
    char* end = nullptr;
    left_ = std::strtoull(line->c_str(), &end, 16);
    if (end == line->c_str()) return Break();
    if (left_ > 0) return true;
    last_chunk_ = true;
    while (true) {  // HTTP's own trailers are of no interest here.
      const std::optional<std::string> trailer = connection_.input_.ReadLine();
      if (!trailer) return Break();
      if (trailer->empty()) return false;
    }
  }
  bool Break() {
    broken_ = true;
    return false;
  }

  Connection& connection_;
  bool chunked_ = false;
  bool last_chunk_ = false;
  bool broken_ = false;
  bool waits_for_continue_ = false;
  std::optional<std::uint64_t> announced_;
  std::uint64_t left_ = 0;  // Of the body, or of the chunk.
};

Connection::Connection(std::unique_ptr<Stream> stream, Service& service, bool tls, int stop_event,
                       TrafficStats& stats)
    : stream_(std::move(stream)),
      input_(*stream_),
      service_(service),
      tls_(tls),
      stop_event_(stop_event),
      stats_(stats) {}

void Connection::Run() {
  ++stats_.connections;
  while (ServeOne()) {
  }
}

bool Connection::ReadHead(Request& request) {
  std::optional<std::string> line = input_.ReadLine();
  if (line && line->empty()) line = input_.ReadLine();
  if (!line) return false;
  const std::vector<std::string_view> words = Split(*line, ' ');
  if (words.size() != 3 || !HasPrefix(words[2], "HTTP/1.")) return false;
  request.method = words[0];
  const std::size_t mark = words[1].find('?');
  request.path = words[1].substr(0, mark);
  if (mark != std::string_view::npos) request.query = words[1].substr(mark + 1);
  if (words[2] == "HTTP/1.0") request.headers.Add("connection", "close");
  std::size_t size = line->size();
  while (true) {
    const std::optional<std::string> field = input_.ReadLine();
    if (!field) return false;
    if (field->empty()) return true;
    size += field->size();
    const std::size_t colon = field->find(':');
    if (colon == std::string::npos || size > kHeadBytesMax) return false;
    request.headers.Add(std::string_view(*field).substr(0, colon),
                        Trim(std::string_view(*field).substr(colon + 1)));
  }
}

bool Connection::ServeOne() {
  Request request;
  if (!ReadHead(request)) return false;
  WireBody body(*this, request);
  request.body = &body;
  request.waiter = this;
  request.tls = tls_;
  ++stats_.requests;
  const std::uint64_t now = ++stats_.in_flight;
  std::uint64_t most = stats_.in_flight_max;
  while (now > most && !stats_.in_flight_max.compare_exchange_weak(most, now)) {
  }
  Response response = service_.Handle(request);
  const bool keep = !response.close && body.CanDrain() &&
                    !EqualsIgnoringCase(request.headers.Get("connection"), "close");
  const bool usable = Respond(request, response, keep);
  --stats_.in_flight;
  if (usable && keep) return body.Drain();
  if (usable) Linger();
  return false;
}

bool Connection::Respond(const Request& request, Response& response, bool keep_alive) {
  return SendResponse(*stream_, *this, request.method == "HEAD", keep_alive, response, stats_);
}

void Connection::Linger() {
  stream_->Finish();
  const timeval wait{2, 0};
  setsockopt(stream_->socket(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  std::vector<std::byte> rubbish(64 << 10);
  for (int i = 0; i < 1024 && stream_->Read(rubbish) > 0; ++i) {
  }
}

bool Connection::Pause(std::optional<std::chrono::milliseconds> pause) {
  std::array<pollfd, 2> events = {{{stop_event_, POLLIN, 0}, {stream_->socket(), POLLRDHUP, 0}}};
  const int timeout = pause ? static_cast<int>(pause->count()) : -1;
  return poll(events.data(), events.size(), timeout) == 0;
}

}  // namespace fakecloud

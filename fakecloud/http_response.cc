#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>

#include "fakecloud/encoding.h"
#include "fakecloud/http_connection.h"

namespace fakecloud {
namespace {

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 416:
      return "Requested Range Not Satisfiable";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Unnamed";
  }
}

const std::string& DateNow() {
  thread_local std::time_t second = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    second = now;
    text = FormatHttpTime(now);
  }
  return text;
}

bool MayHaveBody(int status) { return status != 204 && status != 304 && status >= 200; }

std::string MakeHead(const Response& response, bool head_only, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.reserve(768);
  head += ReasonPhrase(response.status);
  head += "\r\n";
  for (const auto& [name, value] : response.headers.all()) {
    head += name;
    head += ": ";
    head += value;
    head += "\r\n";
  }
  if (!response.headers.Has("date")) head += "Date: " + DateNow() + "\r\n";
  head += "Server: fakecloud\r\n";
  if (MayHaveBody(response.status)) {
    const std::uint64_t size =
        head_only && response.head_length ? *response.head_length : response.body_size();
    const std::int64_t told = static_cast<std::int64_t>(size) + response.wire.length_error;
    head += "Content-Length: " + std::to_string(std::max<std::int64_t>(told, 0)) + "\r\n";
  }
  if (!keep_alive) head += "Connection: close\r\n";
  head += "\r\n";
  return head;
}

// Sends a body while it cuts, delays, or changes it.
class BodySender {
 public:
  BodySender(Stream& stream, Waiter& waiter, const WirePlan& plan)
      : stream_(stream), waiter_(waiter), plan_(plan) {}

  // False when the connection failed, was cut, or its stall was ended from outside.
  bool Send(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      if (!StallIfDue()) return false;
      const std::size_t count = NextCount(bytes.size());
      if (count > 0 && !SendSlice(bytes.first(count))) return false;
      bytes = bytes.subspan(count);
      if (plan_.cut_after && sent_ >= *plan_.cut_after) return false;
    }
    return true;
  }

  bool StallIfDue() {
    if (!plan_.stalls || stalled_ || sent_ < plan_.stall_after.value_or(0)) return true;
    stalled_ = true;
    return waiter_.Pause(plan_.stall_time);
  }

  std::uint64_t sent() const { return sent_; }

 private:
  std::size_t NextCount(std::uint64_t count) const {
    if (plan_.cut_after)
      count = std::min(count, *plan_.cut_after - std::min(*plan_.cut_after, sent_));
    if (plan_.stalls && !stalled_ && plan_.stall_after) {
      count = std::min(count, *plan_.stall_after - sent_);
    }
    // Ten slices a second make a slow line look slow and not bursty.
    if (plan_.bytes_per_second > 0) {
      count = std::min(count, std::max<std::uint64_t>(plan_.bytes_per_second / 10, 1));
    }
    return count;
  }

  bool SendSlice(std::span<const std::byte> bytes) {
    std::vector<std::byte> changed;
    if (plan_.zero || !plan_.flips.empty()) {
      changed.assign(bytes.begin(), bytes.end());
      if (plan_.zero) std::fill(changed.begin(), changed.end(), std::byte{0});
      for (const auto& [offset, mask] : plan_.flips) {
        if (offset >= sent_ && offset - sent_ < changed.size()) {
          changed[offset - sent_] ^= std::byte{mask};
        }
      }
      bytes = changed;
    }
    if (plan_.bytes_per_second > 0 &&
        !waiter_.Pause(std::chrono::milliseconds(bytes.size() * 1000 / plan_.bytes_per_second))) {
      return false;
    }
    sent_ += bytes.size();
    return stream_.Write({}, bytes);
  }

  Stream& stream_;
  Waiter& waiter_;
  const WirePlan& plan_;
  std::uint64_t sent_ = 0;
  bool stalled_ = false;
};

bool VisitBody(const Response& response,
               const std::function<bool(std::span<const std::byte>)>& visit) {
  if (response.content) return response.content->Visit(visit);
  return visit(std::as_bytes(std::span(response.text.data(), response.text.size())));
}

// Head and the first piece of the body leave in one write: half the system calls for small ones.
bool SendFaithfully(Stream& stream, const std::string& head, const Response& response,
                    TrafficStats& stats) {
  bool head_sent = false;
  const bool whole = VisitBody(response, [&](std::span<const std::byte> bytes) {
    stats.body_bytes_sent += bytes.size();
    return stream.Write(std::exchange(head_sent, true) ? std::string_view() : head, bytes);
  });
  return head_sent ? whole : whole && stream.Write(head, {});
}

bool End(Stream& stream, CutKind kind) {
  if (kind == CutKind::kReset) {
    stream.Reset();
  } else {
    stream.Finish();
  }
  return false;
}

bool IsFaithful(const WirePlan& plan) {
  return !plan.lose && !plan.cut_after && !plan.stalls && plan.bytes_per_second == 0 &&
         plan.flips.empty() && !plan.zero && plan.length_error == 0;
}

}  // namespace

bool SendResponse(Stream& stream, Waiter& waiter, bool head_only, bool keep_alive,
                  const Response& response, TrafficStats& stats) {
  const WirePlan& plan = response.wire;
  if (plan.lose) return End(stream, *plan.lose);
  if (plan.stalls && !plan.stall_after && !waiter.Pause(plan.stall_time)) return false;
  const std::string head = MakeHead(response, head_only, keep_alive);
  const bool has_body = !head_only && MayHaveBody(response.status);
  if (!has_body) return stream.Write(head, {});
  if (IsFaithful(plan)) return SendFaithfully(stream, head, response, stats);

  if (!stream.Write(head, {})) return false;
  WirePlan body_plan = plan;
  body_plan.stalls = plan.stalls && plan.stall_after;
  BodySender sender(stream, waiter, body_plan);
  const bool whole = (!plan.cut_after || *plan.cut_after > 0) &&
                     VisitBody(response, [&](auto bytes) { return sender.Send(bytes); });
  stats.body_bytes_sent += sender.sent();
  if (!whole && plan.cut_after && sender.sent() >= *plan.cut_after) {
    return End(stream, plan.cut_kind);
  }
  // A wrong length leaves the two sides at different places of the stream.
  if (whole && plan.length_error != 0) return End(stream, CutKind::kFin);
  return whole && sender.StallIfDue();
}

}  // namespace fakecloud

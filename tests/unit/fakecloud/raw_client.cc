#include "tests/unit/fakecloud/raw_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>

#include "fakecloud/digests.h"
#include "fakecloud/encoding.h"

namespace godwit {
namespace {

std::string Formatted(std::time_t time, const char* format) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  return std::string(text.data(), std::strftime(text.data(), text.size(), format, &parts));
}

// Sorted "name=value" pairs of a query that is already encoded.
std::string SortedQuery(std::string_view query) {
  std::vector<std::string> pairs;
  if (query.empty()) return {};
  for (std::string_view pair : fakecloud::Split(query, '&')) {
    pairs.emplace_back(pair);
    if (pair.find('=') == std::string_view::npos) pairs.back() += '=';
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const std::string& pair : pairs) out += (out.empty() ? "" : "&") + pair;
  return out;
}

}  // namespace

std::string RawAnswer::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

std::vector<std::string> RawAnswer::Elements(const std::string& name) const {
  std::vector<std::string> texts;
  const std::string open = "<" + name + ">", close = "</" + name + ">";
  std::size_t at = 0;
  while ((at = body.find(open, at)) != std::string::npos) {
    const std::size_t begin = at + open.size(), until = body.find(close, begin);
    if (until == std::string::npos) break;
    texts.push_back(body.substr(begin, until - begin));
    at = until;
  }
  return texts;
}

std::string RawAnswer::Element(const std::string& name) const {
  const std::vector<std::string> texts = Elements(name);
  return texts.empty() ? std::string() : texts.front();
}

std::string HostOf(const std::string& endpoint) { return endpoint.substr(endpoint.find("//") + 2); }

RawConnection::RawConnection(const std::string& endpoint) {
  const std::string host = HostOf(endpoint);
  const std::size_t colon = host.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(host.c_str() + colon + 1)));
  inet_pton(AF_INET, host.substr(0, colon).c_str(), &address.sin_addr);
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    close(socket_);
    socket_ = -1;
  }
}

RawConnection::~RawConnection() {
  if (socket_ >= 0) close(socket_);
}

void RawConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawConnection::FinishSending() { shutdown(socket_, SHUT_WR); }

bool RawConnection::Fill() {
  std::array<char, 65536> bytes;
  const ssize_t got = recv(socket_, bytes.data(), bytes.size(), 0);
  reset_ = got < 0 && errno == ECONNRESET;
  if (got <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

std::string RawConnection::ReceiveWithin(int milliseconds) {
  pollfd event{socket_, POLLIN, 0};
  if (poll(&event, 1, milliseconds) > 0) Fill();
  return std::exchange(buffer_, {});
}

std::optional<std::string> RawConnection::Line() {
  while (true) {
    const std::size_t end = buffer_.find("\r\n");
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      return line;
    }
    if (!Fill()) return std::nullopt;
  }
}

RawAnswer RawConnection::Receive(bool head_only) {
  RawAnswer answer;
  const auto ended = [&] {
    answer.end = reset_ ? AnswerEnd::kReset : AnswerEnd::kClosed;
    return answer;
  };
  std::optional<std::string> line = Line();
  if (!line) return ended();
  answer.status = std::atoi(line->substr(line->find(' ') + 1).c_str());
  while ((line = Line()) && !line->empty()) {
    const std::size_t colon = line->find(':');
    answer.headers[fakecloud::LowerCase(line->substr(0, colon))] = line->substr(colon + 2);
  }
  if (!line) return ended();
  if (head_only || answer.status == 100 || answer.status == 204 || answer.status == 304) {
    return answer;
  }
  const std::size_t size = std::strtoull(answer.Header("content-length").c_str(), nullptr, 10);
  bool more = true;
  while (buffer_.size() < size && more) more = Fill();
  answer.body = buffer_.substr(0, size);
  buffer_.erase(0, answer.body.size());
  return answer.body.size() < size ? ended() : answer;
}

std::string RawSigner::Sign(const RawRequest& request, const std::string& host) const {
  using fakecloud::HmacSha256;
  using fakecloud::Sha256;
  using fakecloud::ToHex;
  const std::time_t now = std::time(nullptr) + clock_offset_seconds;
  const std::string date = Formatted(now, "%Y%m%d"), stamp = Formatted(now, "%Y%m%dT%H%M%SZ");
  const std::string hash =
      request.payload_hash.empty() ? ToHex(Sha256(request.body)) : request.payload_hash;
  std::map<std::string, std::string> to_sign = {
      {"host", host}, {"x-amz-content-sha256", hash}, {"x-amz-date", stamp}};
  if (!session_token.empty()) to_sign["x-amz-security-token"] = session_token;
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) {
    if (name == "host" || fakecloud::HasPrefix(name, "x-amz-")) {
      to_sign[name] = value;
    } else {
      text += name + ": " + value + "\r\n";
    }
  }
  const std::size_t mark = request.target.find('?');
  std::string canonical = request.method + "\n" + request.target.substr(0, mark) + "\n";
  if (mark != std::string::npos) canonical += SortedQuery(request.target.substr(mark + 1));
  canonical += "\n";
  std::string names;
  for (const auto& [name, value] : to_sign) {
    canonical += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
    text += name + ": " + value + "\r\n";
  }
  canonical += "\n" + names + "\n" + hash;
  const std::string scope = date + "/" + region + "/s3/aws4_request";
  const std::string key = HmacSha256(
      HmacSha256(HmacSha256(HmacSha256("AWS4" + secret_key, date), region), "s3"), "aws4_request");
  const std::string signature = ToHex(HmacSha256(
      key, "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + ToHex(Sha256(canonical))));
  text += "Authorization: AWS4-HMAC-SHA256 Credential=" + access_key + "/" + scope +
          ", SignedHeaders=" + names + ", Signature=" + signature + "\r\n";
  if (text.find("\r\ntransfer-encoding:") == std::string::npos) {
    text += "content-length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

RawAnswer Call(const std::string& endpoint, const RawRequest& request, const RawSigner& signer) {
  RawConnection connection(endpoint);
  connection.Send(signer.Sign(request, HostOf(endpoint)));
  return connection.Receive(request.method == "HEAD");
}

}  // namespace godwit

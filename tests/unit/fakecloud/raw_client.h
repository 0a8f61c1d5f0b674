#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// How an answer ended.
enum class AnswerEnd : std::uint8_t { kWhole, kClosed, kReset, kNothingYet };

struct RawAnswer {
  int status = 0;                              // 0: not a byte came.
  std::map<std::string, std::string> headers;  // Lower-case names; the last of a name.
  std::string body;
  AnswerEnd end = AnswerEnd::kWhole;

  std::string Header(const std::string& name) const;
  // The text of the first XML element of that name; "" if there is none.
  std::string Element(const std::string& name) const;
  // The texts of all elements of that name.
  std::vector<std::string> Elements(const std::string& name) const;
};

// A connection that is used byte by byte, to see exactly what a server does.
class RawConnection {
 public:
  explicit RawConnection(const std::string& endpoint);  // "http://127.0.0.1:4711"
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  void Send(std::string_view bytes);
  void FinishSending();
  RawAnswer Receive(bool head_only = false);
  // Bytes that arrive within the time, up to what is there; "" if none do.
  std::string ReceiveWithin(int milliseconds);
  bool failed() const { return socket_ < 0; }

 private:
  bool Fill();
  std::optional<std::string> Line();

  int socket_ = -1;
  std::string buffer_;
  bool reset_ = false;
};

// What a request is made of, before it is signed.
struct RawRequest {
  std::string method = "GET";
  std::string target = "/";  // As it goes onto the wire, query included.
  HeaderList headers;
  std::string body;
  std::string payload_hash;  // Empty: that of the body.
};

struct RawSigner {
  std::string access_key = "fakecloudaccess";
  std::string secret_key = "fakecloudsecret";
  std::string session_token;
  std::string region = "us-east-1";
  std::int64_t clock_offset_seconds = 0;

  // The request as text, with Authorization, Host and Content-Length.
  std::string Sign(const RawRequest& request, const std::string& host) const;
};

// One signed request over a connection of its own.
RawAnswer Call(const std::string& endpoint, const RawRequest& request,
               const RawSigner& signer = RawSigner());

std::string HostOf(const std::string& endpoint);

}  // namespace godwit

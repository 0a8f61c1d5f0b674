#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/byte_stream.h"
#include "godwit/call_context.h"
#include "godwit/result.h"

namespace godwit {

enum class HttpMethod : std::uint8_t { kGet, kHead, kPut, kPost, kDelete, kPatch };
std::string_view HttpMethodName(HttpMethod method);

// Header fields in order; names compare without case.
class HttpHeaders {
 public:
  void Add(std::string_view name, std::string_view value);
  void Set(std::string_view name, std::string_view value);  // Replaces all of that name.
  void Remove(std::string_view name);
  // The first value of that name; none if absent.
  std::optional<std::string_view> Find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// One request, exactly as it goes onto the wire: `url` is already encoded and is not normalised.
struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string url;      // Absolute.
  HttpHeaders headers;  // No CR, LF or NUL in values: such a request fails with kInvalidArgument.
  // The body; null for none. Sent with Content-Length. Read again from 0 if curl must rewind.
  ByteSource* body = nullptr;
  // Longest wait for the first byte of the answer after the body was sent; 0: the stall timeout.
  // Finishing a multipart upload may take minutes.
  std::chrono::milliseconds first_byte_timeout{0};
  bool expect_continue = false;  // Send `Expect: 100-continue`.
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  // Unless a sink took it; at most `body_bytes_max`. A body with neither length nor chunks ends
  // with the connection, also where that was cut: its reader must know its end by itself.
  std::string body;
};

// Decides, once status and headers are complete, what to do with the body of an answer. A body
// for a sink must have a length or be chunked; one that ends with the connection is kCorrupted.
struct HttpBodyPlan {
  ByteSink* sink = nullptr;                // Null: keep the body in HttpResponse::body.
  std::uint64_t sink_offset = 0;           // Offset of the body's first byte for the sink.
  std::uint64_t body_bytes_max = 1 << 20;  // For the sink too. More is kCorrupted.
};
using HttpBodyChooser = std::function<Result<HttpBodyPlan>(const HttpResponse& head)>;

// Sends single HTTP requests. Never follows redirects, never decodes content, never repeats.
//
// Any answer with a status line is a success here, whatever its status. Failures: kUnreachable
// (no connection, no such host), kUntrusted (certificate), kTimeout (stalled, or deadline),
// kCancelled, kUnavailable (connection lost, body ended early), kCorrupted (malformed or too large
// an answer), or the Status of the sink or of the body. maybe_applied() is set when the request
// was sent, at least in part, and no complete answer came. Safe from any thread; each thread
// reuses its own connections.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  // `choose` may be null: the body is kept, up to 1 MiB.
  virtual Result<HttpResponse> Send(const CallContext& context, const HttpRequest& request,
                                    const HttpBodyChooser& choose) = 0;
};

}  // namespace godwit

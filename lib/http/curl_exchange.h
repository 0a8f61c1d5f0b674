#pragma once

#include <string>

#include "lib/http/curl_handle.h"
#include "lib/http/exchange_watch.h"
#include "lib/http/request_body.h"
#include "lib/http/response_receiver.h"
#include "lib/http/transport.h"
#include "lib/http/url.h"

namespace godwit {

// One request and its answer on a CurlHandle. Everything given must outlive it; used once, by one
// thread.
class CurlExchange {
 public:
  CurlExchange(const CallContext& context, const HttpRequest& request, const Url& url,
               const HttpBodyChooser& choose, CurlHandle& handle);
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  // As HttpTransport::Send.
  Result<HttpResponse> Run();

 private:
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnRead(char* data, std::size_t size, std::size_t count, void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);
  static CURLcode OnTls(CURL* easy, void* tls_context, void* self);
  static int OnConnected(void* self, char*, char*, int, int);

  Status Prepare();
  void PrepareHeaders();
  Status PrepareBody();
  Status PrepareSmallBody();
  void PrepareStreamedBody();

  CURLcode Drive();
  Status Watch(ExchangeWatch& watch, ExchangeWatch::TimePoint now) const;
  bool PeerHasClosed() const;
  bool Answered() const;
  Result<HttpResponse> Conclude(CURLcode code);
  Status Explain(CURLcode code) const;

  bool safe() const {
    return request_.method == HttpMethod::kGet || request_.method == HttpMethod::kHead;
  }
  bool expects_continue() const { return request_.expect_continue && body_.size_bytes() > 0; }
  bool RequestSent() const;
  void Keep(Status status) {
    if (failure_.ok()) failure_ = std::move(status);
  }

  const CallContext& context_;
  const HttpRequest& request_;
  CurlHandle& handle_;
  const std::string host_;
  const std::string peer_;  // "host:port".
  const bool loopback_;
  RequestBody body_;
  ResponseReceiver receiver_;
  int connected_count_ = 0;  // How often a connection was ready for the request.
  Status failure_;           // The first failure that libcurl does not know of.
};

}  // namespace godwit

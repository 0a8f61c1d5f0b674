#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "lib/http/transport.h"

namespace godwit {

// Settings of one endpoint's connections.
struct CurlOptions {
  std::string ca_bundle;    // PEM file; empty: the system store, or SSL_CERT_FILE.
  bool allow_http = false;  // Plain http beyond loopback; refused with kInvalidArgument otherwise.
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::seconds connection_age_max{4};  // S3 closes idle connections after about 5 s.
  std::string user_agent = "godwit";
  bool use_proxy = true;  // The proxies of the environment; never to loopback.
};

// HttpTransport over libcurl's easy handles (HTTP/1.1, blocking). Each Send under way has a handle
// with connections of its own; idle handles are lent again, the last used first. Destroy it when
// no Send runs any more. SIGPIPE is ignored from the first Create on, unless it had a handler.
class CurlTransport final : public HttpTransport {
 public:
  // Fails with kInvalidArgument if the file of authorities cannot be read.
  static Result<std::unique_ptr<CurlTransport>> Create(CurlOptions options);
  ~CurlTransport() override;
  Result<HttpResponse> Send(const CallContext& context, const HttpRequest& request,
                            const HttpBodyChooser& choose) override;

 private:
  class Impl;
  explicit CurlTransport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit

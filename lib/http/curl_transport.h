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
};

// HttpTransport over libcurl's easy interface (HTTP/1.1, blocking, one handle a thread).
class CurlTransport final : public HttpTransport {
 public:
  static Result<std::unique_ptr<CurlTransport>> Create(CurlOptions options);
  ~CurlTransport() override;
  Result<HttpResponse> Send(const CallContext& context, const HttpRequest& request,
                            const HttpBodyChooser& choose) override;

 private:
  explicit CurlTransport(CurlOptions options);
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit

#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "godwit/status.h"

namespace godwit {

// What to do about a certificate that nobody vouches for.
inline constexpr std::string_view kAuthorityHint =
    "; name its authority with ca_bundle, SSL_CERT_FILE or, for S3, AWS_CA_BUNDLE";

// What is known of a transfer that libcurl gave up.
struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string detail;  // libcurl's own text; may be empty.
  long os_error = 0;   // errno of the last failed connect; 0 if unknown.
  std::string host;
  std::string peer;        // "host:port", as people know it.
  bool connected = false;  // The connection, with TLS, was ready for the request.
};

// The one place that turns libcurl's codes into kinds of Status. Pure.
Status StatusFromCurl(const CurlFailure& failure);

}  // namespace godwit

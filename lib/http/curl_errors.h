#pragma once

#include <curl/curl.h>

#include <string>

#include "godwit/status.h"

namespace godwit {

// What is known of a transfer that libcurl gave up.
struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string detail;      // libcurl's own text; may be empty.
  long os_error = 0;       // errno of the last failed connect; 0 if unknown.
  std::string peer;        // "host:port", as people know it.
  bool connected = false;  // The connection, with TLS, was ready for the request.
};

// The one place that turns libcurl's codes into kinds of Status. Pure.
Status StatusFromCurl(const CurlFailure& failure);

}  // namespace godwit

#include "lib/http/curl_errors.h"

#include <string_view>
#include <system_error>

#include "lib/http/ascii.h"

namespace godwit {
namespace {

// ": reason", or nothing.
std::string Because(std::string_view reason) {
  return reason.empty() ? std::string() : ": " + std::string(reason);
}

std::string DetailOf(const CurlFailure& failure) {
  return failure.detail.empty() ? std::string(curl_easy_strerror(failure.code)) : failure.detail;
}

Status CannotConnect(const CurlFailure& failure) {
  std::string reason;
  // Another host than the one asked for is a proxy: libcurl's own words name it.
  const bool direct = failure.detail.find(failure.host + " port ") != std::string::npos;
  if (!direct && failure.detail.starts_with("Failed to connect to ")) {
    reason = failure.detail;
  } else if (failure.os_error != 0) {
    reason = std::generic_category().message(static_cast<int>(failure.os_error));
    if (!reason.empty()) reason[0] = ToAsciiLower(reason[0]);
  }
  return Status(ErrorKind::kUnreachable, "cannot connect to " + failure.peer + Because(reason));
}

// libcurl begins most reasons with one of these, which say nothing more.
std::string_view WithoutPrefix(std::string_view detail) {
  for (const std::string_view prefix : {"SSL certificate problem: ", "SSL: "}) {
    if (detail.starts_with(prefix)) return detail.substr(prefix.size());
  }
  return detail;
}

Status Untrusted(const CurlFailure& failure) {
  const std::string detail = DetailOf(failure);
  std::string message =
      "the certificate of " + failure.peer + " is not trusted" + Because(WithoutPrefix(detail));
  // The other reasons (expired, another host's) are not cured by another authority.
  if (detail.find("issuer") != std::string::npos || detail.find("self") != std::string::npos ||
      failure.code == CURLE_SSL_CACERT_BADFILE) {
    message += kAuthorityHint;
  }
  return Status(ErrorKind::kUntrusted, std::move(message));
}

Status Lost(const CurlFailure& failure) {
  if (!failure.connected) {
    return Status(ErrorKind::kUnreachable,
                  "cannot connect to " + failure.peer + Because(DetailOf(failure)));
  }
  return Status(ErrorKind::kUnavailable,
                "the connection to " + failure.peer + " was lost" + Because(DetailOf(failure)));
}

Status TimedOut(const CurlFailure& failure) {
  if (failure.connected) {
    return Status(ErrorKind::kTimeout, "no answer from " + failure.peer + " in time");
  }
  return Status(ErrorKind::kUnreachable, "cannot connect to " + failure.peer + ": timed out");
}

}  // namespace

Status StatusFromCurl(const CurlFailure& failure) {
  switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Status(ErrorKind::kUnreachable, "cannot find the host of " + failure.peer);
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return Status(ErrorKind::kUnreachable, "cannot connect to " + failure.peer +
                                                 " through the proxy" + Because(DetailOf(failure)));
    case CURLE_COULDNT_CONNECT:
      return CannotConnect(failure);
    case CURLE_OPERATION_TIMEDOUT:
      return TimedOut(failure);

    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return Untrusted(failure);

    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
      return Status(ErrorKind::kUnreachable,
                    "cannot speak TLS with " + failure.peer + Because(DetailOf(failure)));

    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_ABORTED_BY_CALLBACK:
      return Lost(failure);

    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_FILESIZE_EXCEEDED:
      return Status(ErrorKind::kCorrupted, "the answer of " + failure.peer + " is not valid HTTP" +
                                               Because(DetailOf(failure)));

    case CURLE_URL_MALFORMAT:
      return Status(ErrorKind::kInvalidArgument, "not a usable URL" + Because(DetailOf(failure)));

    default:
      return Status(ErrorKind::kInternal, "the request to " + failure.peer + " failed in libcurl" +
                                              Because(DetailOf(failure)));
  }
}

}  // namespace godwit

#include "lib/http/curl_transport.h"

#include <curl/curl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "lib/base/text.h"
#include "lib/http/ascii.h"
#include "lib/http/curl_exchange.h"
#include "lib/http/curl_handle.h"
#include "lib/http/exchange_watch.h"
#include "lib/http/url.h"

namespace godwit {
namespace {

// libcurl with CURLOPT_NOSIGNAL leaves SIGPIPE to the program, and OpenSSL can raise it.
void IgnoreBrokenPipes() {
  struct sigaction action {};
  if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
}

bool InitialiseOnce() {
  static const bool done = [] {
    IgnoreBrokenPipes();
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  }();
  return done;
}

// The authorities to trust: the setting, SSL_CERT_FILE (which libcurl itself does not read), or
// the file that libcurl was built for, which need not exist.
Result<std::string> ChooseAuthorities(const CurlOptions& options) {
  std::string file = options.ca_bundle;
  std::string_view origin = "ca_bundle";
  if (const char* variable = std::getenv("SSL_CERT_FILE");
      file.empty() && variable != nullptr && *variable != '\0') {
    file = variable;
    origin = "SSL_CERT_FILE";
  }
  if (!file.empty()) {
    if (access(file.c_str(), R_OK) == 0) return file;
    return Status(ErrorKind::kInvalidArgument,
                  std::string(origin) + ": cannot read '" + EscapeForDisplay(file) + "'");
  }
  const char* const built_in = curl_version_info(CURLVERSION_NOW)->cainfo;
  return std::string(built_in == nullptr ? "" : built_in);
}

Status CheckField(std::string_view name, std::string_view value, std::uint64_t body_bytes) {
  if (!IsHttpToken(name) || value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos) {
    return Status(ErrorKind::kInvalidArgument,
                  "the header field '" + EscapeForDisplay(name) + "' cannot be sent");
  }
  // The transport frames the body by itself.
  const bool wrong_length = EqualsIgnoreCase(name, "content-length") &&
                            ParseUint64(value) != std::optional<std::uint64_t>(body_bytes);
  if (wrong_length || EqualsIgnoreCase(name, "transfer-encoding") ||
      EqualsIgnoreCase(name, "expect")) {
    return Status(ErrorKind::kInvalidArgument,
                  "the header field '" + std::string(name) + "' contradicts the request");
  }
  return Status::Ok();
}

Status CheckRequest(const HttpRequest& request, const Url& url, bool allow_http) {
  if (url.scheme == "http" && !allow_http && !url.IsLoopback()) {
    return Status(ErrorKind::kInvalidArgument,
                  "plain http to " + url.Authority() +
                      " is refused; use https, or allow_http = true on the remote");
  }
  const std::uint64_t body_bytes = request.body == nullptr ? 0 : request.body->size_bytes();
  for (const auto& [name, value] : request.headers.all()) {
    GODWIT_RETURN_IF_ERROR(CheckField(name, value, body_bytes));
  }
  return Status::Ok();
}

}  // namespace

class CurlTransport::Impl {
 public:
  Impl(CurlOptions options, std::string ca_file) : pool(std::move(options), std::move(ca_file)) {}
  CurlHandlePool pool;
};

CurlTransport::CurlTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlTransport::~CurlTransport() = default;

Result<std::unique_ptr<CurlTransport>> CurlTransport::Create(CurlOptions options) {
  if (!InitialiseOnce()) return Status(ErrorKind::kInternal, "libcurl cannot start");
  Result<std::string> ca_file = ChooseAuthorities(options);
  if (!ca_file.ok()) return std::move(ca_file).status();
  auto impl = std::make_unique<Impl>(std::move(options), *std::move(ca_file));
  return std::unique_ptr<CurlTransport>(new CurlTransport(std::move(impl)));
}

Result<HttpResponse> CurlTransport::Send(const CallContext& context, const HttpRequest& request,
                                         const HttpBodyChooser& choose) {
  GODWIT_RETURN_IF_ERROR(CheckContext(context, std::chrono::steady_clock::now()));
  const Result<Url> url = Url::Parse(request.url);
  if (!url.ok()) return url.status();
  GODWIT_RETURN_IF_ERROR(CheckRequest(request, url.value(), impl_->pool.options().allow_http));

  Result<std::unique_ptr<CurlHandle>> handle = impl_->pool.Take();
  if (!handle.ok()) return std::move(handle).status();
  Result<HttpResponse> response =
      CurlExchange(context, request, url.value(), choose, **handle).Run();
  impl_->pool.Give(*std::move(handle));
  return response;
}

}  // namespace godwit

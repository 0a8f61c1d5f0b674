#include "lib/http/curl_exchange.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "lib/http/ascii.h"
#include "lib/http/curl_errors.h"

namespace godwit {
namespace {

using SteadyClock = std::chrono::steady_clock;

// libcurl sends a body below this with the head, in one piece.
constexpr std::uint64_t kSmallBodyBytes = 64 * 1024;
constexpr long kSmallUploadBuffer = 64 * 1024;
constexpr long kLargeUploadBuffer = 256 * 1024;

CurlExchange& Of(void* self) { return *static_cast<CurlExchange*>(self); }

}  // namespace

CurlExchange::CurlExchange(const CallContext& context, const HttpRequest& request, const Url& url,
                           const HttpBodyChooser& choose, CurlHandle& handle)
    : context_(context),
      request_(request),
      handle_(handle),
      host_(url.host),
      peer_(url.host + ":" + std::to_string(url.port)),
      loopback_(url.IsLoopback()),
      body_(request.body),
      receiver_(choose, request.method == HttpMethod::kHead) {}

Result<HttpResponse> CurlExchange::Run() {
  GODWIT_RETURN_IF_ERROR(Prepare());
  return Conclude(Drive());
}

// The handle still has the settings of its last request: everything that depends on the request is
// set each time, after HTTPGET has put the rest back.
Status CurlExchange::Prepare() {
  handle_.BeginRequest();
  handle_.Set(CURLOPT_URL, request_.url.c_str());
  handle_.SetProxyAllowed(!loopback_);
  handle_.Set(CURLOPT_HEADERFUNCTION, &CurlExchange::OnHeader);
  handle_.Set(CURLOPT_HEADERDATA, this);
  handle_.Set(CURLOPT_WRITEFUNCTION, &CurlExchange::OnBody);
  handle_.Set(CURLOPT_WRITEDATA, this);
  handle_.Set(CURLOPT_SSL_CTX_FUNCTION, &CurlExchange::OnTls);
  handle_.Set(CURLOPT_SSL_CTX_DATA, this);
  handle_.Set(CURLOPT_PREREQFUNCTION, &CurlExchange::OnConnected);
  handle_.Set(CURLOPT_PREREQDATA, this);
  PrepareHeaders();
  GODWIT_RETURN_IF_ERROR(PrepareBody());
  return handle_.TakeSetStatus();
}

void CurlExchange::PrepareHeaders() {
  CurlHeaderLines& lines = handle_.header_lines();
  lines.Clear();
  bool has_content_type = false;
  bool has_accept = false;
  for (const auto& [name, value] : request_.headers.all()) {
    if (EqualsIgnoreCase(name, "content-length")) continue;
    has_content_type = has_content_type || EqualsIgnoreCase(name, "content-type");
    has_accept = has_accept || EqualsIgnoreCase(name, "accept");
    lines.Add(name, value);
  }
  if (!has_content_type) lines.Suppress("Content-Type");
  if (!has_accept) lines.Suppress("Accept");
  if (expects_continue()) {
    lines.Add("Expect", "100-continue");
  } else {
    lines.Suppress("Expect");
  }
  handle_.Set(CURLOPT_HTTPHEADER, lines.Link());
}

Status CurlExchange::PrepareBody() {
  handle_.Set(CURLOPT_HTTPGET, 1L);
  handle_.Set(CURLOPT_CUSTOMREQUEST, static_cast<const char*>(nullptr));
  handle_.SetUploadBuffer(kSmallUploadBuffer);
  if (request_.method == HttpMethod::kHead) {
    handle_.Set(CURLOPT_NOBODY, 1L);
    return Status::Ok();
  }
  if (request_.method != HttpMethod::kGet) {
    handle_.Set(CURLOPT_CUSTOMREQUEST, HttpMethodName(request_.method).data());
  }
  if (!body_.present() && (safe() || request_.method == HttpMethod::kDelete)) return Status::Ok();
  if (body_.size_bytes() < kSmallBodyBytes && !expects_continue()) return PrepareSmallBody();
  PrepareStreamedBody();
  return Status::Ok();
}

Status CurlExchange::PrepareSmallBody() {
  const auto size = static_cast<std::size_t>(body_.size_bytes());
  const char* bytes = "";
  if (size > 0 && body_.memory() != nullptr) {
    bytes = reinterpret_cast<const char*>(body_.memory()->bytes().data());
  } else if (size > 0) {
    std::string& buffer = handle_.small_body();
    buffer.resize(size);
    GODWIT_RETURN_IF_ERROR(body_.ReadAll(std::as_writable_bytes(std::span(buffer))));
    bytes = buffer.data();
  }
  handle_.Set(CURLOPT_POST, 1L);
  handle_.Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(size));
  handle_.Set(CURLOPT_POSTFIELDS, bytes);
  return Status::Ok();
}

void CurlExchange::PrepareStreamedBody() {
  if (body_.size_bytes() > kSmallBodyBytes) handle_.SetUploadBuffer(kLargeUploadBuffer);
  handle_.Set(CURLOPT_UPLOAD, 1L);
  handle_.Set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_.size_bytes()));
  handle_.Set(CURLOPT_READFUNCTION, &CurlExchange::OnRead);
  handle_.Set(CURLOPT_READDATA, this);
  handle_.Set(CURLOPT_SEEKFUNCTION, &CurlExchange::OnSeek);
  handle_.Set(CURLOPT_SEEKDATA, this);
}

std::size_t CurlExchange::OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
  Status status = Of(self).receiver_.AddHeaderLine(std::string_view(data, size * count));
  if (status.ok()) return size * count;
  Of(self).Keep(std::move(status));
  return 0;
}

std::size_t CurlExchange::OnBody(char* data, std::size_t size, std::size_t count, void* self) {
  CurlExchange& exchange = Of(self);
  Status status;
  // A body that comes fast does not let Drive look for a stop. What a write answers is kept.
  if (exchange.safe()) status = CheckContext(exchange.context_, SteadyClock::now());
  if (status.ok()) {
    status = exchange.receiver_.AddBody(std::as_bytes(std::span(data, size * count)));
  }
  if (status.ok()) return size * count;
  Of(self).Keep(std::move(status));
  return 0;
}

std::size_t CurlExchange::OnRead(char* data, std::size_t size, std::size_t count, void* self) {
  Result<std::size_t> read =
      Of(self).body_.ReadNext(std::as_writable_bytes(std::span(data, size * count)));
  if (read.ok()) return *read;
  Of(self).Keep(std::move(read).status());
  return CURL_READFUNC_ABORT;
}

int CurlExchange::OnSeek(void* self, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
  Of(self).body_.Seek(static_cast<std::uint64_t>(offset));
  return CURL_SEEKFUNC_OK;
}

CURLcode CurlExchange::OnTls(CURL*, void* tls_context, void* self) {
  Status status = Of(self).handle_.trust().ApplyTo(tls_context);
  if (status.ok()) return CURLE_OK;
  Of(self).Keep(std::move(status));
  return CURLE_SSL_CACERT_BADFILE;
}

// libcurl repeats a request by itself, whatever its method, when a connection that was used before
// dies without an answer. A write must not be repeated: the first one may have taken effect.
int CurlExchange::OnConnected(void* self, char*, char*, int, int) {
  CurlExchange& exchange = Of(self);
  const bool again = ++exchange.connected_count_ > 1;
  return again && !exchange.safe() ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

Status CurlExchange::Watch(ExchangeWatch& watch, ExchangeWatch::TimePoint now) const {
  using Phase = ExchangeWatch::Phase;
  curl_off_t sent = 0;
  curl_easy_getinfo(handle_.easy(), CURLINFO_SIZE_UPLOAD_T, &sent);
  const auto sent_bytes = static_cast<std::uint64_t>(sent);
  Phase phase = Phase::kMoving;
  if (connected_count_ == 0) {
    phase = Phase::kConnecting;
  } else if (sent_bytes >= body_.size_bytes() && !receiver_.head_complete()) {
    phase = Phase::kAwaitingAnswer;
  }
  return watch.Check(now, phase, sent_bytes + receiver_.bytes());
}

CURLcode CurlExchange::Drive() {
  ExchangeWatch watch(context_, request_.first_byte_timeout, peer_, SteadyClock::now());
  CURLM* const multi = handle_.multi();
  const std::stop_callback wake(context_.stop, [multi] { curl_multi_wakeup(multi); });
  curl_multi_add_handle(multi, handle_.easy());

  int running = 1;
  while (curl_multi_perform(multi, &running) == CURLM_OK && running > 0) {
    const auto now = SteadyClock::now();
    if (Status status = Watch(watch, now); !status.ok()) {
      Keep(std::move(status));
      break;
    }
    if (watch.Idle(now) && PeerHasClosed()) break;
    const auto pause = static_cast<int>(watch.NextCheckIn(now).count());
    curl_multi_poll(multi, nullptr, 0, pause, nullptr);
  }

  CURLcode code = CURLE_ABORTED_BY_CALLBACK;
  int left = 0;
  if (const CURLMsg* message = curl_multi_info_read(multi, &left)) code = message->data.result;
  // Whoever gives up does not wait for a name server either.
  handle_.Set(CURLOPT_QUICK_EXIT, running > 0 ? 1L : 0L);
  curl_multi_remove_handle(multi, handle_.easy());
  return code;
}

// A server that closes its side and reads no more would let the body wait for ever: libcurl looks
// at the end of the answer only when the request is sent.
bool CurlExchange::PeerHasClosed() const {
  if (receiver_.head_complete()) return false;
  fd_set read, write, except;
  FD_ZERO(&read);
  FD_ZERO(&write);
  FD_ZERO(&except);
  int last = -1;
  // Of a multi handle with one transfer these are its connection.
  curl_multi_fdset(handle_.multi(), &read, &write, &except, &last);
  for (int fd = 0; fd <= last; ++fd) {
    tcp_info info{};
    socklen_t size = sizeof(info);
    const bool told =
        FD_ISSET(fd, &write) != 0 && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
    if (told && info.tcpi_state == TCP_CLOSE_WAIT) return true;
  }
  return false;
}

bool CurlExchange::RequestSent() const {
  long bytes = 0;
  curl_easy_getinfo(handle_.easy(), CURLINFO_REQUEST_SIZE, &bytes);
  return connected_count_ > 0 && bytes > 0;
}

// An answer that came whole counts, also if the connection broke behind it: a server that refuses a
// body may close at once.
bool CurlExchange::Answered() const {
  // libcurl drops the body of a 417, to ask again without `Expect`, which OnConnected stops.
  const bool refused_expectation = !safe() && connected_count_ > 1 && receiver_.head_complete();
  return receiver_.complete() || refused_expectation;
}

Result<HttpResponse> CurlExchange::Conclude(CURLcode code) {
  Status status = failure_;
  if (status.ok() && !Answered()) {
    status = code == CURLE_OK ? receiver_.CheckEnd() : Explain(code);
  }
  if (status.ok()) return receiver_.Take();
  return std::move(status).WithMaybeApplied(!safe() && RequestSent());
}

Status CurlExchange::Explain(CURLcode code) const {
  CurlFailure failure;
  failure.code = code;
  failure.detail = handle_.error_text();
  failure.host = host_;
  failure.peer = peer_;
  failure.connected = connected_count_ > 0;
  curl_easy_getinfo(handle_.easy(), CURLINFO_OS_ERRNO, &failure.os_error);
  if (code == CURLE_ABORTED_BY_CALLBACK) failure.detail = "it was closed without an answer";
  return StatusFromCurl(failure);
}

}  // namespace godwit

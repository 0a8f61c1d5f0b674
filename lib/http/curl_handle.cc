#include "lib/http/curl_handle.h"

#include "lib/http/curl_errors.h"

namespace godwit {
namespace {

constexpr long kDownloadBufferBytes = 256 * 1024;
constexpr long kConnectionsMax = 4;

}  // namespace

void CurlHeaderLines::Clear() {
  text_.clear();
  offsets_.clear();
}

void CurlHeaderLines::Add(std::string_view name, std::string_view value) {
  offsets_.push_back(text_.size());
  // libcurl takes "Name:" for a wish to drop the field, and "Name;" for an empty one.
  if (value.find_first_not_of(" \t") == std::string_view::npos) {
    text_.append(name).append(";");
  } else {
    text_.append(name).append(": ").append(value);
  }
  text_.push_back('\0');
}

void CurlHeaderLines::Suppress(std::string_view name) {
  offsets_.push_back(text_.size());
  text_.append(name).append(":").push_back('\0');
}

curl_slist* CurlHeaderLines::Link() {
  links_.resize(offsets_.size());
  for (std::size_t i = 0; i < links_.size(); ++i) {
    links_[i].data = text_.data() + offsets_[i];
    links_[i].next = i + 1 < links_.size() ? &links_[i + 1] : nullptr;
  }
  return links_.empty() ? nullptr : links_.data();
}

Status LazyTrust::ApplyTo(void* tls_context) {
  const std::lock_guard lock(mutex_);
  if (store_ == nullptr) {
    Result<std::unique_ptr<TrustStore>> store = TrustStore::Load(pem_file_);
    if (!store.ok()) {
      return Status(ErrorKind::kUntrusted, store.status().message() + std::string(kAuthorityHint));
    }
    store_ = *std::move(store);
  }
  store_->ApplyTo(tls_context);
  return Status::Ok();
}

CurlHandle::CurlHandle(LazyTrust& trust)
    : trust_(trust), easy_(curl_easy_init()), multi_(curl_multi_init()) {}

CurlHandle::~CurlHandle() {
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
}

Result<std::unique_ptr<CurlHandle>> CurlHandle::Create(const CurlOptions& options,
                                                       LazyTrust& trust) {
  std::unique_ptr<CurlHandle> handle(new CurlHandle(trust));
  if (handle->easy_ == nullptr || handle->multi_ == nullptr) {
    return Status(ErrorKind::kInternal, "libcurl has no handle to give");
  }
  handle->SetConstants(options);
  GODWIT_RETURN_IF_ERROR(handle->TakeSetStatus());
  return handle;
}

void CurlHandle::SetConstants(const CurlOptions& options) {
  use_proxy_ = options.use_proxy;
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kConnectionsMax);
  Set(CURLOPT_ERRORBUFFER, error_text_.data());
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_NOPROGRESS, 1L);
  Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_FOLLOWLOCATION, 0L);
  Set(CURLOPT_PATH_AS_IS, 1L);
  Set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  Set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  Set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  Set(CURLOPT_BUFFERSIZE, kDownloadBufferBytes);
  Set(CURLOPT_TCP_KEEPALIVE, 1L);
  Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  Set(CURLOPT_MAXAGE_CONN, static_cast<long>(options.connection_age_max.count()));
  Set(CURLOPT_USERAGENT, options.user_agent.c_str());
  Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  Set(CURLOPT_SSL_VERIFYPEER, 1L);
  Set(CURLOPT_SSL_VERIFYHOST, 2L);
  // The authorities come from the transport's own store (CurlExchange::OnTls): libcurl would parse
  // the file again for every handle.
  Set(CURLOPT_CAINFO, static_cast<const char*>(nullptr));
  Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

Status CurlHandle::TakeSetStatus() {
  const CURLcode code = std::exchange(set_error_, CURLE_OK);
  if (code == CURLE_OK) return Status::Ok();
  return Status(ErrorKind::kInternal,
                std::string("libcurl refuses a setting: ") + curl_easy_strerror(code));
}

void CurlHandle::SetUploadBuffer(long bytes) {
  if (bytes == upload_buffer_bytes_) return;
  Set(CURLOPT_UPLOAD_BUFFERSIZE, bytes);
  upload_buffer_bytes_ = bytes;
}

void CurlHandle::SetProxyAllowed(bool allowed) {
  allowed = allowed && use_proxy_;
  if (allowed == proxy_allowed_) return;
  Set(CURLOPT_NOPROXY, allowed ? static_cast<const char*>(nullptr) : "*");
  proxy_allowed_ = allowed;
}

Result<std::unique_ptr<CurlHandle>> CurlHandlePool::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<CurlHandle> handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  return CurlHandle::Create(options_, trust_);
}

void CurlHandlePool::Give(std::unique_ptr<CurlHandle> handle) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(handle));
}

}  // namespace godwit

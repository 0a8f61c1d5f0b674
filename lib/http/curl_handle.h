#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "lib/crypto/trust_store.h"
#include "lib/http/curl_transport.h"

namespace godwit {

// The header lines of one request in the form that libcurl reads; keeps its memory between
// requests. Names and values must be valid.
class CurlHeaderLines {
 public:
  void Clear();
  void Add(std::string_view name, std::string_view value);
  // Keeps libcurl from sending the field of that name by itself.
  void Suppress(std::string_view name);
  // Valid until the next change.
  curl_slist* Link();

 private:
  std::string text_;                  // All lines, each with its zero byte.
  std::vector<std::size_t> offsets_;  // Of the lines in text_.
  std::vector<curl_slist> links_;
};

// The authorities of a transport, parsed when the first connection needs them: most runs over plain
// http never do. Safe from any thread.
class LazyTrust {
 public:
  // Empty: none; every certificate is refused.
  explicit LazyTrust(std::string pem_file) : pem_file_(std::move(pem_file)) {}
  // Makes OpenSSL's context trust them. Fails with kUntrusted if they cannot be read.
  Status ApplyTo(void* tls_context);

 private:
  const std::string pem_file_;
  std::mutex mutex_;  // Guards store_.
  std::unique_ptr<TrustStore> store_;
};

// One libcurl easy handle in a multi handle of its own, so that it has connections of its own and
// can be woken. Carries the settings that all requests of a transport share, and memory that
// exchanges reuse. One thread at a time.
class CurlHandle {
 public:
  // `trust` must outlive it.
  static Result<std::unique_ptr<CurlHandle>> Create(const CurlOptions& options, LazyTrust& trust);
  ~CurlHandle();
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  CURL* easy() const { return easy_; }
  CURLM* multi() const { return multi_; }
  // libcurl's text about the last failure; cleared by BeginRequest.
  std::string_view error_text() const { return error_text_.data(); }
  LazyTrust& trust() { return trust_; }
  CurlHeaderLines& header_lines() { return header_lines_; }
  std::string& small_body() { return small_body_; }

  void BeginRequest() { error_text_[0] = '\0'; }
  // Sets one option; remembers the first failure.
  template <typename T>
  void Set(CURLoption option, T value) {
    const CURLcode code = curl_easy_setopt(easy_, option, value);
    if (set_error_ == CURLE_OK) set_error_ = code;
  }
  // What Set() met since it was last asked: kInternal.
  Status TakeSetStatus();
  // libcurl frees and later allocates this buffer whenever it is set, so only a change sets it.
  void SetUploadBuffer(long bytes);
  // No proxy at all, or those of the environment.
  void SetProxyAllowed(bool allowed);

 private:
  explicit CurlHandle(LazyTrust& trust);
  void SetConstants(const CurlOptions& options);

  LazyTrust& trust_;
  CURL* const easy_;
  CURLM* const multi_;
  CURLcode set_error_ = CURLE_OK;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  CurlHeaderLines header_lines_;
  std::string small_body_;
  long upload_buffer_bytes_ = 0;
  bool use_proxy_ = true;  // As the options say.
  bool proxy_allowed_ = true;
};

// The handles of a transport that no thread uses now. The one given back last is lent first, since
// its connections are warm. Safe from any thread.
class CurlHandlePool {
 public:
  CurlHandlePool(CurlOptions options, std::string ca_file)
      : options_(std::move(options)), trust_(std::move(ca_file)) {}

  Result<std::unique_ptr<CurlHandle>> Take();
  void Give(std::unique_ptr<CurlHandle> handle);
  const CurlOptions& options() const { return options_; }

 private:
  const CurlOptions options_;
  LazyTrust trust_;
  std::mutex mutex_;  // Guards idle_.
  std::vector<std::unique_ptr<CurlHandle>> idle_;
};

}  // namespace godwit

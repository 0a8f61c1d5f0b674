#pragma once

#include <memory>
#include <string>

#include "godwit/result.h"

namespace godwit {

// The certificate authorities of one PEM file, parsed once and then shared by all TLS connections:
// a system's bundle costs some 25 ms and 1 MB each time it is parsed. Safe from any thread.
class TrustStore {
 public:
  // Fails with kUntrusted if the file cannot be read or holds no certificate.
  static Result<std::unique_ptr<TrustStore>> Load(const std::string& pem_file);
  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  // Makes a TLS context (OpenSSL's SSL_CTX*) trust these authorities and no others. The context may
  // outlive the store.
  void ApplyTo(void* tls_context) const;

 private:
  class Impl;
  explicit TrustStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit

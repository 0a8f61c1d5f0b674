#include "lib/crypto/trust_store.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <utility>

#include "lib/base/text.h"

namespace godwit {

class TrustStore::Impl {
 public:
  Impl() : store(X509_STORE_new()) {}
  ~Impl() { X509_STORE_free(store); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  X509_STORE* const store;
};

TrustStore::TrustStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TrustStore::~TrustStore() = default;

Result<std::unique_ptr<TrustStore>> TrustStore::Load(const std::string& pem_file) {
  auto impl = std::make_unique<Impl>();
  if (impl->store == nullptr || X509_STORE_load_file(impl->store, pem_file.c_str()) != 1) {
    ERR_clear_error();
    return Status(ErrorKind::kUntrusted,
                  "no certificate authority can be read from '" + EscapeForDisplay(pem_file) + "'");
  }
  // As curl and browsers do: prefer what the file trusts to what the server sends, and let a
  // certificate in the file be trusted by itself, also if its issuer is not there.
  X509_STORE_set_flags(impl->store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  return std::unique_ptr<TrustStore>(new TrustStore(std::move(impl)));
}

void TrustStore::ApplyTo(void* tls_context) const {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(tls_context), impl_->store);
}

}  // namespace godwit

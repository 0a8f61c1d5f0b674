#include "lib/crypto/hmac.h"

#include <cstddef>
#include <cstdint>
#include <memory>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace godwit {
namespace {

struct FreeMac {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

MacContext MakeContext() {
  static EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  internal::CheckOpenSsl(hmac != nullptr, "EVP_MAC_fetch");
  MacContext context(EVP_MAC_CTX_new(hmac));
  internal::CheckOpenSsl(context != nullptr, "EVP_MAC_CTX_new");
  char digest_name[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
      OSSL_PARAM_construct_end()};
  internal::CheckOpenSsl(EVP_MAC_CTX_set_params(context.get(), params) == 1,
                         "EVP_MAC_CTX_set_params");
  return context;
}

Sha256Bytes Compute(std::span<const std::uint8_t> key, std::string_view data) {
  // Keeps the algorithm from call to call: finding it costs more than the hash of a request.
  thread_local const MacContext context = MakeContext();
  // A null key means "the last one" to OpenSSL, which would sign with another caller's key.
  static constexpr std::uint8_t kEmptyKey = 0;
  const std::uint8_t* key_bytes = key.empty() ? &kEmptyKey : key.data();
  internal::CheckOpenSsl(EVP_MAC_init(context.get(), key_bytes, key.size(), nullptr) == 1,
                         "EVP_MAC_init");
  const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
  internal::CheckOpenSsl(EVP_MAC_update(context.get(), bytes, data.size()) == 1, "EVP_MAC_update");
  Sha256Bytes mac;
  std::size_t size = 0;
  internal::CheckOpenSsl(
      EVP_MAC_final(context.get(), mac.data(), &size, mac.size()) == 1 && size == mac.size(),
      "EVP_MAC_final");
  return mac;
}

}  // namespace

Sha256Bytes HmacSha256(std::string_view key, std::string_view data) {
  return Compute({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()}, data);
}

Sha256Bytes HmacSha256(const Sha256Bytes& key, std::string_view data) { return Compute(key, data); }

}  // namespace godwit

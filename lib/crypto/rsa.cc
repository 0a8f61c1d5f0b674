#include "lib/crypto/rsa.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <utility>

namespace godwit {
namespace {

// An encrypted key is refused, instead of asking the terminal for its password.
int NoPassword(char*, int, int, void*) { return -1; }

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

void RsaPrivateKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

Result<RsaPrivateKey> RsaPrivateKey::FromPem(const Secret& pem) {
  const std::string& text = pem.Reveal();
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Key key(bio == nullptr ? nullptr
                         : PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return Status(ErrorKind::kInvalidArgument, "this is not an unencrypted RSA private key in PEM");
  }
  return RsaPrivateKey(std::move(key));
}

Result<std::string> RsaPrivateKey::SignSha256(std::string_view message) const {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t size = 0;
  bool good = context != nullptr &&
              EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes, message.size()) == 1;
  std::string signature(size, '\0');
  good = good && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &size, bytes, message.size()) == 1;
  ERR_clear_error();
  if (!good) return Status(ErrorKind::kInternal, "OpenSSL cannot sign with this RSA key");
  signature.resize(size);
  return signature;
}

}  // namespace godwit

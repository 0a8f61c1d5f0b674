#include "lib/crypto/digest_context.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

namespace godwit::internal {
namespace {

// A system in FIPS mode offers no MD5 by default, but ETags are MD5 and no protection is asked of
// it: take it then from a library context of our own.
EVP_MD* FetchOutsideSystemPolicy(const char* name) {
  OSSL_LIB_CTX* library = OSSL_LIB_CTX_new();
  CheckOpenSsl(library != nullptr, "OSSL_LIB_CTX_new");
  CheckOpenSsl(OSSL_PROVIDER_load(library, "default") != nullptr, "OSSL_PROVIDER_load");
  return EVP_MD_fetch(library, name, nullptr);
}

EVP_MD* Fetch(const char* name) {
  ERR_set_mark();
  EVP_MD* found = EVP_MD_fetch(nullptr, name, nullptr);
  ERR_pop_to_mark();
  if (found == nullptr) found = FetchOutsideSystemPolicy(name);
  CheckOpenSsl(found != nullptr, name);
  return found;
}

// Fetched once for the life of the program: a fetch costs more than hashing 4 KiB.
const EVP_MD* Algorithm(HashName name) {
  if (name == HashName::kMd5) {
    static const EVP_MD* const md5 = Fetch("MD5");
    return md5;
  }
  static const EVP_MD* const sha256 = Fetch("SHA256");
  return sha256;
}

}  // namespace

void CheckOpenSsl(bool ok, const char* operation) {
  if (ok) return;
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  std::fprintf(stderr, "godwit: OpenSSL cannot do %s: %s\n", operation, reason.data());
  std::abort();
}

void DigestContext::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

DigestContext::DigestContext(HashName name) : name_(name), context_(EVP_MD_CTX_new()) {
  CheckOpenSsl(context_ != nullptr, "EVP_MD_CTX_new");
}

void DigestContext::Begin() {
  if (begun_) return;
  CheckOpenSsl(EVP_DigestInit_ex2(context_.get(), Algorithm(name_), nullptr) == 1,
               "EVP_DigestInit_ex2");
  begun_ = true;
}

void DigestContext::Update(std::span<const std::byte> bytes) {
  Begin();
  CheckOpenSsl(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1,
               "EVP_DigestUpdate");
}

void DigestContext::Finish(std::span<std::uint8_t> out) {
  Begin();
  unsigned int size = 0;
  CheckOpenSsl(EVP_DigestFinal_ex(context_.get(), out.data(), &size) == 1 && size == out.size(),
               "EVP_DigestFinal_ex");
  begun_ = false;
}

void HashOnce(HashName name, std::span<const std::byte> bytes, std::span<std::uint8_t> out) {
  thread_local DigestContext sha256(HashName::kSha256);
  thread_local DigestContext md5(HashName::kMd5);
  DigestContext& context = name == HashName::kMd5 ? md5 : sha256;
  context.Update(bytes);
  context.Finish(out);
}

}  // namespace godwit::internal

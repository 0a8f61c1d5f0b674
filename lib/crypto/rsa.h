#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "godwit/result.h"
#include "godwit/secret.h"

struct evp_pkey_st;

namespace godwit {

// An RSA private key that signs with RSASSA-PKCS1-v1_5 and SHA-256 (the RS256 of JSON Web Tokens).
// Movable, not copyable. Signing is safe from any thread.
class RsaPrivateKey {
 public:
  // Reads the key of a PEM text ("BEGIN PRIVATE KEY" or "BEGIN RSA PRIVATE KEY"), unencrypted.
  // Fails with kInvalidArgument, never quoting the text.
  static Result<RsaPrivateKey> FromPem(const Secret& pem);

  // The raw signature of the SHA-256 of `message`. The same message has always the same one.
  Result<std::string> SignSha256(std::string_view message) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using Key = std::unique_ptr<evp_pkey_st, Free>;
  explicit RsaPrivateKey(Key key) : key_(std::move(key)) {}

  Key key_;
};

}  // namespace godwit

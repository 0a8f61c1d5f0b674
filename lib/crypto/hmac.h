#pragma once

#include <span>
#include <string_view>

#include "lib/crypto/sha256.h"

namespace godwit {

// HMAC-SHA256 (RFC 2104) of `data` under `key`, each of any length. Safe from any thread.
//
// The second form takes the result of another HmacSha256 as its key, for chains such as SigV4's.
Sha256Bytes HmacSha256(std::string_view key, std::string_view data);
Sha256Bytes HmacSha256(const Sha256Bytes& key, std::string_view data);

}  // namespace godwit

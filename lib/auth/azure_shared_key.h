#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/object_meta.h"
#include "godwit/secret.h"
#include "lib/http/transport.h"

// Azure Storage's SharedKey signatures. Pure; safe from any thread.

namespace godwit {

// The account and its key, decoded from base64.
struct AzureAccountKey {
  std::string account;
  Secret key;
};

// What a signature covers beside the headers: the request as it goes onto the wire.
struct SharedKeyRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string_view path;  // Still encoded.
  // Decoded.
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  std::uint64_t content_length = 0;
};

// The text that is signed. Exposed for tests.
std::string SharedKeyStringToSign(std::string_view account, const SharedKeyRequest& request,
                                  const HttpHeaders& headers);

// Adds Authorization to `headers`, which must hold everything else that is sent, x-ms-date
// included.
void SignSharedKey(const AzureAccountKey& key, const SharedKeyRequest& request,
                   HttpHeaders& headers);

// The query of a shared access signature that lets whoever has it read one blob until `expires`:
// for a copy, which the service reads by itself.
std::string MakeReadSas(const AzureAccountKey& key, std::string_view container,
                        std::string_view blob, Timestamp expires);

// Whether header `a` stands before `b` in the signed text: .NET's en-US order, in which hyphens
// do not count, '_' comes before the digits and these before the letters. Names in lower case.
bool SharedKeyHeaderLess(std::string_view a, std::string_view b);

}  // namespace godwit

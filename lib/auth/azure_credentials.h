#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "godwit/result.h"
#include "godwit/secret.h"
#include "lib/auth/azure_shared_key.h"
#include "lib/auth/token_cache.h"
#include "lib/base/environment.h"
#include "lib/http/transport.h"

namespace godwit {

// How requests to an Azure account are authorised. Value type.
struct AzureCredential {
  enum class Kind : std::uint8_t {
    kAnonymous,
    kSharedKey,
    kSas,              // A shared access signature, appended to every URL.
    kClientSecret,     // Entra ID, an application's secret.
    kManagedIdentity,  // Entra ID, of the machine (instance metadata service).
  };
  Kind kind = Kind::kAnonymous;
  AzureAccountKey key;    // kSharedKey.
  Secret sas;             // kSas: the query without '?'.
  std::string authority;  // kClientSecret: "https://login.microsoftonline.com".
  std::string tenant;     // Likewise.
  std::string client_id;  // Likewise; kManagedIdentity: of a user-assigned identity, may be empty.
  Secret client_secret;
  std::string identity_endpoint;  // kManagedIdentity: "http://169.254.169.254".

  bool uses_tokens() const { return kind >= Kind::kClientSecret; }
};

// An account, where it answers, and what authorises.
struct AzureAccount {
  std::string name;
  std::string endpoint;  // Of its blobs, without a slash at its end.
  AzureCredential credential;
};

// What is known of the wanted account before anything is looked up. Empty: not said.
struct AzureAccountOptions {
  std::string account;
  std::string endpoint;
  bool anonymous = false;
  // Variables. If one is named, no other place is tried.
  std::string account_key_env;
  std::string sas_token_env;
  std::string connection_string_env;
};

// Resolves account and credential, in this order: the variables that `options` name;
// AZURE_STORAGE_CONNECTION_STRING; AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY,
// AZURE_STORAGE_SAS_TOKEN, AZURE_TENANT_ID with AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or else
// the identity of the machine. AZURE_BLOB_ENDPOINT includes the account path. A connection string
// or a key in the environment serves only the account that it belongs to. Sends nothing.
//
// Fails with kUnauthenticated, naming the variables, where something is missing, with
// kInvalidArgument where a value cannot be right (never repeating it), and with kUnsupported on
// kinds of credentials that are not built.
Result<AzureAccount> FindAzureAccount(const AzureAccountOptions& options,
                                      const Environment& environment);

// "DefaultEndpointsProtocol=https;AccountName=...;AccountKey=..." taken apart, also with
// SharedAccessSignature, BlobEndpoint, EndpointSuffix or UseDevelopmentStorage.
Result<AzureAccount> ParseAzureConnectionString(std::string_view text);

// The tokens of a credential that uses_tokens(), by requests over `transport`. Borrows it and the
// clock; `transport` must allow plain http for a managed identity.
std::shared_ptr<TokenCache> MakeAzureTokens(const AzureCredential& credential,
                                            HttpTransport& transport, const Clock& clock);

// A string that is equal for equal credentials and tells nothing about them.
std::string AzureCredentialSetId(const AzureCredential& credential);

}  // namespace godwit

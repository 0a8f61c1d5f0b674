#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "godwit/secret.h"
#include "lib/auth/aws_config.h"
#include "lib/base/environment.h"

namespace godwit {

// Who godwit is at Google: what a credentials file says, or that this machine's metadata server is
// to be asked. Value type.
struct GoogleAccount {
  enum class Kind : std::uint8_t { kServiceAccount, kAuthorizedUser, kMetadataServer };
  Kind kind = Kind::kMetadataServer;
  // Service account.
  std::string client_email;
  std::string private_key_id;
  Secret private_key;  // PEM.
  std::string project;
  // Authorized user.
  std::string client_id;
  Secret client_secret;
  Secret refresh_token;
  // Where tokens are made; of the metadata server, its origin ("http://metadata.google.internal").
  std::string token_url;
  std::string quota_project;    // Billed for the requests; empty: the account's own.
  std::string universe_domain;  // "googleapis.com" but for private clouds.
  std::string source;           // Where this was found, for messages.

  // Equal for equal accounts; no secret.
  std::string Identity() const;
};

// Parses a credentials file. Fails with kInvalidArgument, naming `path` and never quoting the
// file, if it is damaged or of an unknown type, and with kUnsupported for types that are not built:
// external_account, impersonated_service_account and their like.
Result<GoogleAccount> ParseGoogleCredentials(std::string_view text, const std::string& path);

// The application default credentials: `credentials_file` if that is not empty, the file of
// GOOGLE_APPLICATION_CREDENTIALS, gcloud's well-known file, the metadata server (unless
// NO_GCE_CHECK is true). Nothing is asked over a network. Fails with kUnauthenticated if there is
// nothing, or a named file is missing.
Result<GoogleAccount> FindGoogleAccount(const std::string& credentials_file,
                                        const Environment& environment,
                                        const FileReader& read_file);

// The signed assertion of a service account for the JWT-bearer grant: valid for an hour from `now`.
Result<std::string> MakeGoogleJwt(const GoogleAccount& account, std::string_view scope,
                                  Timestamp now);

}  // namespace godwit

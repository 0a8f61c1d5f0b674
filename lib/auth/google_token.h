#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "godwit/call_context.h"
#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "godwit/secret.h"
#include "lib/auth/google_account.h"
#include "lib/auth/token_cache.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/transport.h"

namespace godwit {

// Asks once for a token of `account`, by the grant of its kind. Fails with kUnauthenticated where
// Google, or the metadata server, refuses the account or is not there, and otherwise as the
// transport does. `transport` must be one that may speak plain http to the metadata server.
Result<AccessToken> FetchGoogleToken(const CallContext& context, const GoogleAccount& account,
                                     std::string_view scope, Timestamp now,
                                     HttpTransport& transport);

// The token of one account for all requests of a process (TokenCache). The account is looked up
// with the first request. Tokens are registered with the log as secrets.
//
// Safe from any thread. Borrows clock and log.
class GoogleTokenSource {
 public:
  struct Options {
    std::string credentials_file;  // Of the remote; empty: the application default credentials.
    std::string scope = "https://www.googleapis.com/auth/devstorage.full_control";
    Environment environment;
    FileReader read_file;
    std::unique_ptr<HttpTransport> transport;
  };
  GoogleTokenSource(Options options, const Clock& clock, Log& log);

  // A token to send now. `rejected`, if not null, is one that the service has answered 401 to: it
  // is not given again.
  Result<Secret> Token(const CallContext& context, const Secret* rejected);

  // Fails as Token would for an account that cannot be found or read.
  Result<GoogleAccount> Account();

 private:
  Result<AccessToken> Fetch(const CallContext& context);

  const Options options_;
  const Clock& clock_;
  Log& log_;
  std::mutex mutex_;  // Guards the account.
  std::optional<GoogleAccount> account_;
  TokenCache tokens_;
};

}  // namespace godwit

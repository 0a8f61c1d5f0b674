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
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/transport.h"

namespace godwit {

// One access token.
struct GoogleToken {
  Secret value;
  Timestamp expires{};
};

// Asks once for a token of `account`, by the grant of its kind. Fails with kUnauthenticated where
// Google, or the metadata server, refuses the account or is not there, and otherwise as the
// transport does. `transport` must be one that may speak plain http to the metadata server.
Result<GoogleToken> FetchGoogleToken(const CallContext& context, const GoogleAccount& account,
                                     std::string_view scope, Timestamp now,
                                     HttpTransport& transport);

// The token of one account for all requests of a process: kept, renewed some minutes before it
// ends, asked for by one thread at a time. The account is looked up with the first request. Tokens
// are registered with the log as secrets.
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
  std::optional<GoogleToken> Kept() const;

  const Options options_;
  const Clock& clock_;
  Log& log_;
  std::mutex fetching_;       // Held by the one who asks for a token.
  mutable std::mutex mutex_;  // Guards what follows.
  std::optional<GoogleAccount> account_;
  std::optional<GoogleToken> token_;
};

}  // namespace godwit

#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "godwit/call_context.h"
#include "godwit/object_meta.h"
#include "godwit/result.h"
#include "godwit/secret.h"
#include "lib/base/clock.h"

namespace godwit {

// A bearer token and how long it serves.
struct AccessToken {
  Secret token;
  Timestamp expires{};
  // From when on a new one should be asked for; none: four minutes before its end, or at half of a
  // short life.
  std::optional<Timestamp> refresh_from;
};

// Keeps one bearer token for many threads: it is fetched when it is first needed, before it ends,
// and when the service has refused it. One thread fetches at a time; the others go on with the old
// token while it lasts, or wait for the outcome, which is theirs too if it is a failure.
//
// Safe from any thread. Borrows the clock.
class TokenCache {
 public:
  using Fetch = std::function<Result<AccessToken>(const CallContext& context)>;
  TokenCache(Fetch fetch, const Clock& clock);

  // A token that is not known to have ended. Fails as the fetch did, or with kCancelled or
  // kTimeout when the context ends while another thread fetches.
  Result<Secret> Get(const CallContext& context);
  // Another token than `refused`: the one that has taken its place meanwhile, else a fresh one.
  Result<Secret> Replace(const CallContext& context, const Secret& refused);

 private:
  Result<Secret> Await(const CallContext& context, std::unique_lock<std::mutex>& lock);
  Result<Secret> FetchNow(const CallContext& context, std::unique_lock<std::mutex>& lock);

  const Fetch fetch_;
  const Clock& clock_;
  std::mutex mutex_;                  // Guards all below.
  std::condition_variable_any turn_;  // A fetch has ended.
  bool fetching_ = false;
  std::uint64_t fetches_ = 0;  // That have ended.
  std::optional<AccessToken> current_;
  Status failure_;  // Of the last fetch.
};

}  // namespace godwit

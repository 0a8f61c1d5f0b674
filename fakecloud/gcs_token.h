#pragma once

#include <mutex>
#include <set>
#include <string>

#include "fakecloud/gcs_call.h"

namespace fakecloud {

// Google's sign-in, as far as a client of storage needs it: the token endpoint (POST /token, for
// signed assertions and refresh tokens) and the metadata server of a machine. Safe from any thread.
class GcsTokens {
 public:
  explicit GcsTokens(const GcsOptions& options) : options_(options) {}
  // True if `path` belongs to it.
  static bool Serves(std::string_view path);
  Response Handle(GcsCall& call);
  bool Accepts(const std::string& token) const;
  void Reset();

 private:
  std::string Issue();
  Response Grant(const std::string& body, std::int64_t now);
  // Why an assertion is refused; empty if it is good.
  std::string JudgeAssertion(std::string_view assertion, std::int64_t now) const;

  const GcsOptions& options_;
  mutable std::mutex mutex_;  // Guards what follows.
  std::set<std::string> issued_;
};

}  // namespace fakecloud

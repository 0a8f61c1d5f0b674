#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fakecloud/http_message.h"
#include "godwit/result.h"

namespace fakecloud {

enum class FaultKind : std::uint8_t {
  kStatus,
  kLoseAnswer,
  kCutBody,
  kOkWithError,
  kWhitespace,
  kCorrupt,
  kStall,
  kSlow,
  kSwap,
  kListing,
  kExpireCredentials,
  kReplaceBody,
  kRedirect,
  kThrottle,
};

enum class FaultWhen : std::uint8_t { kBefore, kAfter };
// kRequest: bytes as they arrive, before they are verified. kStored: after that. kResponse: bytes
// as they leave.
enum class FaultSide : std::uint8_t { kRequest, kResponse, kStored };
enum class CorruptHow : std::uint8_t { kFlip, kZero, kDigestHeader, kLengthHeader };
enum class ListingHow : std::uint8_t { kUnordered, kRepeatedToken, kMissingEnd };

// One thing that goes wrong, with the parameters of its kind (README.md has them all); the others
// keep their defaults.
struct Fault {
  FaultKind kind = FaultKind::kStatus;
  FaultWhen when = FaultWhen::kBefore;
  FaultSide side = FaultSide::kResponse;
  int status = 0;
  std::string code;
  std::string message;
  std::optional<std::uint64_t> retry_after;
  std::uint64_t count = 0;             // Spaces; requests until the credentials expire.
  bool each = false;                   // Each credential expires after so many of its own.
  std::optional<std::uint64_t> after;  // Bytes.
  CutKind cut = CutKind::kFin;
  CorruptHow corrupt = CorruptHow::kFlip;
  std::int64_t offset = 0;  // Of the flipped byte; negative: from the end.
  bool offset_in_middle = false;
  unsigned char mask = 1;
  std::int64_t delta = 0;
  std::optional<std::chrono::milliseconds> duration;  // None: for ever.
  std::uint64_t bytes_per_second = 0;
  ListingHow listing = ListingHow::kUnordered;
  std::optional<std::string> text;
  std::string type;
  std::string keys = "*";  // Glob: which keys of a batch fail.
  std::string host, scheme, region;
  std::uint64_t requests_per_second = 0;
  std::uint64_t burst = 1;
};

// When a fault happens. Empty lists and globs of "*" match everything.
struct FaultRule {
  std::string service;
  std::vector<std::string> operations;  // Canonical names.
  std::string bucket = "*";
  std::string key = "*";
  int page = 0;  // Of a listing, from 1; 0: any.
  std::uint64_t nth = 1;
  std::uint64_t times = 1;  // 0: always.
  Fault fault;
};

// Reads a script: a JSON array of rules, or one rule. Names the rule and the field on failure.
godwit::Result<std::vector<FaultRule>> ParseFaultScript(std::string_view json);

// What the engine knows of a request when it decides.
struct RequestFacts {
  std::string_view service;
  std::string_view operation;
  std::string_view bucket;
  std::string_view key;
  int page = 0;  // Of a listing, from 1.
  bool has_range = false;
  std::string_view credential;  // Access key and session token.
};

struct FaultCount {
  std::uint64_t matched = 0;
  std::uint64_t fired = 0;
};

// Decides which faults a request meets, and counts. Safe from any thread.
class FaultEngine {
 public:
  // Replaces the script; all counts begin again.
  void Load(std::vector<FaultRule> rules);
  // The faults that fire for this request, in the order of the script.
  std::vector<Fault> Match(const RequestFacts& facts);
  // By index in the script.
  std::vector<FaultCount> Counts() const;

 private:
  struct State {
    FaultRule rule;
    FaultCount count;
    double tokens = 0;
    std::chrono::steady_clock::time_point refilled{};
    std::string expired;  // The credential that this rule has ended.
    std::map<std::string, std::uint64_t, std::less<>> uses;  // By credential.
  };
  static bool Matches(const FaultRule& rule, const RequestFacts& facts);
  static bool Fires(State& state, const RequestFacts& facts);
  static bool ThrottleFires(State& state);
  static bool ExpiryFires(State& state, std::string_view credential);

  std::atomic<bool> empty_{true};
  mutable std::mutex mutex_;  // Guards states_.
  std::vector<State> states_;
};

// Canonical names of an operation as a script may write it: S3's own name, "ListObjectsV2", or the
// name in the store contract ("PutPart"). Empty if it is unknown.
std::vector<std::string> OperationsNamed(std::string_view name);

}  // namespace fakecloud

#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "godwit/status.h"

// What a service's failures mean, as far as all services agree. Each one's codes, and where it
// departs from this, stand in its own mapping.

namespace godwit {

// One line of a service's table of error codes, which is sorted by code.
struct CodeKind {
  std::string_view code;
  ErrorKind kind;
};

constexpr bool IsSortedByCode(std::span<const CodeKind> table) {
  return std::is_sorted(table.begin(), table.end(),
                        [](const CodeKind& a, const CodeKind& b) { return a.code < b.code; });
}

// How often one request takes other credentials because the service says that its own have ended.
// More than once: others may use up new ones while it waits for its turn.
constexpr int kTokenRenewalsMax = 3;

// None: the code is not in the table.
std::optional<ErrorKind> KindOfCode(std::span<const CodeKind> table, std::string_view code);

// None: what the status means depends on the service, or on what was asked (404, 409, other 4xx,
// and whatever is no failure).
std::optional<ErrorKind> KindOfStatus(int status);

// Empty for kinds whose words depend on the service or on what was asked.
std::string_view MessageOfKind(ErrorKind kind);

// Words for a lost condition, of a request that changes something or not, and that had a condition
// on what it replaces or not.
std::string_view ChangedMessage(bool changes, bool conditional);

}  // namespace godwit

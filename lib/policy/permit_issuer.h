#pragma once

#include <string_view>

#include "godwit/write_permit.h"

namespace godwit {

// The one maker of write permits. Without a policy every write is allowed; residency rules will
// make Judge fail here and nowhere else. Safe from any thread.
class PermitIssuer {
 public:
  // Judges one write of `key`.
  WritePermit Judge(std::string_view key) const;
};

}  // namespace godwit

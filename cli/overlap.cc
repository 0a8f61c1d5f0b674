#include "cli/overlap.h"

#include "lib/base/text.h"

namespace godwit {

Status CheckOverlap(const Endpoint& a, const Endpoint& b) {
  // Identities end in '/', so that a prefix is a folder.
  const bool same = a.identity == b.identity;
  if (!same && !a.identity.starts_with(b.identity) && !b.identity.starts_with(a.identity)) {
    return Status::Ok();
  }
  const std::string relation = same ? "are the same place" : "lie one inside the other";
  return Status(ErrorKind::kInvalidArgument, "'" + EscapeForDisplay(a.url) + "' and '" +
                                                 EscapeForDisplay(b.url) + "' " + relation +
                                                 "; nothing was touched");
}

}  // namespace godwit

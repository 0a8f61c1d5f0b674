#pragma once

#include <optional>
#include <string>

#include "godwit/object_meta.h"
#include "godwit/result.h"

namespace godwit {

// A file beside the state of a (source, target) pair that says since when writes may be in no
// record of it: a run that is killed has written a little more than it could record, and the
// outcome of some writes is never known. It is there from before a run's first write until it
// succeeds; that of a run which did not stays until another one succeeds that compared every
// object. One run at a time.

// Since when, as runs before this one left it; none if the last one ended by itself. A mark that
// cannot be read counts as one from the beginning of time. Makes nothing.
std::optional<Timestamp> UnsettledSince(const std::string& folder);

// A run begins: keeps an earlier mark, else makes one with the time of now. Durable on return.
Status MarkUnsettled(const std::string& folder, Timestamp now);

// The state tells of all that was written.
Status RemoveUnsettledMark(const std::string& folder);

}  // namespace godwit

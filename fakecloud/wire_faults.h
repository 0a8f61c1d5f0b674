#pragma once

#include "fakecloud/fault.h"
#include "fakecloud/http_message.h"

namespace fakecloud {

// Does to an answer what a fault says of its bytes on the wire: lost, cut, stalled, slow, flipped,
// zeroed, of a wrong length. False for faults of other kinds, which each service knows itself.
bool ApplyWireFault(const Fault& fault, Response& response);

// A value that has the right form and the wrong content.
std::string DamagedValue(std::string value);

}  // namespace fakecloud

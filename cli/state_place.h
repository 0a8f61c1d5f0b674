#pragma once

#include <string>

#include "godwit/status.h"

namespace godwit {

// Fails with kInvalidArgument, naming both, if the local folder `root` is the state folder or lies
// in it, whatever their spelling: what is in there is never data.
Status CheckOutsideState(const std::string& state_dir, const std::string& root);

// Where the state folder lies beneath `root`, with a '/' at its end; empty if it does not. Also of
// a state folder that is not made yet.
std::string StateFolderBeneath(const std::string& state_dir, const std::string& root);

}  // namespace godwit

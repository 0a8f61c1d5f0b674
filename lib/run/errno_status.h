#pragma once

#include <string_view>

#include "godwit/status.h"

namespace godwit {

// The Status of a failed system call on one of godwit's own files (state, locks, spool).
Status ErrnoStatus(int error, std::string_view operation, std::string_view path);

}  // namespace godwit

#pragma once

#include <string_view>

#include "godwit/status.h"
#include "lib/base/errno_status.h"

namespace godwit {

// A file, folder, link or device where something else is needed.
Status BlockedStatus(std::string_view what, std::string_view operation, std::string_view object);

// The file is not, or no longer, the version that was asked for.
Status ChangedStatus(std::string_view operation, std::string_view object);

}  // namespace godwit

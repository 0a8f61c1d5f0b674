#pragma once

#include <string_view>

#include "godwit/status.h"

namespace godwit {

// The one place where an errno becomes a Status, as seen by someone who wants to do `operation`
// on the file `object`. The errno's name becomes the provider code.
Status ErrnoStatus(int error, std::string_view operation, std::string_view object);

}  // namespace godwit
